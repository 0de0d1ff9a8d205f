internal import Dispatch
internal import Embedding
internal import Engine
internal import Records

enum EvalRelatedCommand {
    static let verb = Verb(
        name: "eval related", summary: "How good related terms are in a dictionary whose definitions link to others", words: "", wordsMax: 0,
        options: [
            Option("config", "FILE", "the file of settings; /etc/pinyon.conf if that is there", isSetting: true),
            Option("docs", "FILE", "terms, one JSON object a line: id, text, definition, links"), Option("k", "N", "related terms of each", or: "10"),
            Option("run", "FILE", "writes the ids that each was answered with, as one JSON object"), Option("json", nil, "print one JSON object, for programs"),
        ] + EmbedderSettings.options,
        notes: """
            All terms are one dictionary in memory, apart from any server, which knows the definitions and not the links. Of each term that has links, the share of them \
            among the related terms (recall). The embedder none leaves out those that are near in meaning.
            """,
        run: run)

    private struct Term {
        let id: String
        let entry: RelatedTrial.Entry
        let links: Set<String>
    }

    @Sendable private static func run(_ arguments: Arguments) async throws {
        let k = try arguments.integer("k", in: 1...Limits.suggestionsMax)
        guard let path = arguments["docs"] else { throw UsageError("name the terms with --docs") }
        let embedder = try EmbedderSettings.embedder(arguments)
        let terms = try read(path)
        let progress = Progress(isQuiet: arguments.has("json"))
        defer { progress.end() }
        let trial = try load(terms, embedder) { progress.show("terms", share: Double($0) / Double(terms.count)) }
        progress.end()
        var (recall, perfect, count, milliseconds, answers): (Double, Double, Int, [Double], [JSON.Member]) = (0, 0, 0, [], [])
        for (number, term) in terms.enumerated() where !term.links.isEmpty {
            let began = DispatchTime.now().uptimeNanoseconds
            let found = trial.related(to: number, limit: k).map { terms[$0].id }
            milliseconds.append(Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6)
            recall += Double(term.links.intersection(found).count) / Double(term.links.count)
            perfect += Double(min(k, term.links.count)) / Double(term.links.count)
            count += 1
            answers.append(JSON.Member(term.id, .list(found.map { .text($0) })))
        }
        guard count > 0 else { throw Failure("\(path) has no term with links to another") }
        if let path = arguments["run"] { try System.write(Array("\(JSON.object(answers))\n".utf8), file: path, mode: 0o644) }
        report(recall / Double(count), perfect / Double(count), count, terms.count, k, milliseconds.sorted(), arguments)
    }

    private static func read(_ path: String) throws -> [Term] {
        var (terms, ids): ([Term], Set<String>) = ([], [])
        try RetrievalSet.read(path) { object, place in
            let (id, text, definition) = (try object.required("id", place), try object.required("text", place), try object.required("definition", place))
            let links = try object["links"].map { links throws -> [String] in
                guard let list = links.list?.map(\.text), !list.contains(nil) else { throw Failure("\(place): links is to be a list of terms' ids") }
                return list.compactMap(\.self)
            } ?? []
            do throws(FieldError) {
                try Checks.text(text, "text", bytesMax: Limits.titleBytesMax)
                try Checks.term(text, "text")
                try Checks.text(definition, "definition", bytesMax: Limits.metadataBytesMax)
            } catch { throw Failure("\(place): \(error)") }
            guard ids.insert(id).inserted else { throw Failure("\(place): there is a term \(id.shown) already") }
            terms.append(Term(id: id, entry: RelatedTrial.Entry(term: text, definition: definition), links: Set(links).subtracting([id])))
        }
        for term in terms { if let unknown = term.links.sorted().first(where: { !ids.contains($0) }) { throw Failure("the term \(term.id.shown) links to \(unknown.shown), which is not there") } }
        return terms
    }

    private static let termsAtOnce = 256

    private static func load(_ terms: [Term], _ embedder: (any Embedder)?, _ loaded: (Int) -> Void) throws -> RelatedTrial {
        let trial = RelatedTrial(dimension: embedder?.model.dimension ?? 1)
        for start in stride(from: 0, to: terms.count, by: termsAtOnce) {
            let part = terms[start..<min(start + termsAtOnce, terms.count)]
            let vectors = try embedder.map { embedder in try embedder.vectors(of: part.map { embedder.model.passagePrefix + $0.entry.text }) { "the term \(terms[start + $0].id)" } }
            guard trial.add(part.enumerated().map { ($1.entry, vectors?[$0]) }) else { throw Failure("a term from \(terms[start].id) on got a vector without a direction") }
            loaded(start + part.count)
        }
        trial.finish()
        return trial
    }

    private static func report(_ recall: Double, _ perfect: Double, _ count: Int, _ terms: Int, _ k: Int, _ times: [Double], _ arguments: Arguments) {
        let (middle, late) = (EvalCommand.percentile(times, 0.5), EvalCommand.percentile(times, 0.99))
        guard !arguments.has("json") else {
            let members = [
                JSON.Member("terms", .integer(Int64(count))), JSON.Member("recall", .number(recall)), JSON.Member("most", .number(perfect)),
                JSON.Member("related_ms", ["p50": .number(middle), "p99": .number(late)]),
            ]
            return print(JSON.object(members))
        }
        print("\(count) terms with links, of \(terms)")
        print("recall@\(k)  \(recall.text(digits: 4)), of \(perfect.text(digits: 4)) that so many can have")
        print("related    p50 \(middle.text(digits: 3)) ms, p99 \(late.text(digits: 3)) ms")
    }
}
