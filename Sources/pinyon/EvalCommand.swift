internal import Dispatch
internal import Embedding
internal import Engine
internal import Recall
internal import Records

enum EvalCommand {
    static let verb = Verb(
        name: "eval retrieval", summary: "How good searches are on documents and questions with known answers", words: "", wordsMax: 0,
        options: [
            Option("config", "FILE", "the file of settings; /etc/pinyon.conf if that is there", isSetting: true),
            Option("docs", "FILE", "documents, one JSON object a line: id, scope, text, metadata"), Option("queries", "FILE", "questions: id, scope, text, relevant, category"),
            Option("mode", "MODE", "by what is searched: vector, lexical or hybrid", or: "hybrid"),
            Option("k", "N", "answers to each question", or: "50"),
            Option("exact", nil, "compare every document, whatever the index could skip"),
            Option("run", "FILE", "writes the ids that each question was answered with, as one JSON object"),
            Option("json", nil, "print one JSON object, for programs"),
        ] + EmbedderSettings.options,
        notes: """
            Each question is asked among the documents of its scope, which lie in memory as long as it takes, apart from any server. Scope and category may be \
            missing; metadata may have conversation, sequence, time and speaker, by which documents are searched as messages are. Means over the questions: the share of the relevant documents among the first so many (recall), of questions with all of them among the \
            first ten (all@10), of the inverse place of the first of them (mrr), and the discounted gain of the first ten (ndcg@10).
            """,
        run: run)

    private struct Answered {
        let query: RetrievalSet.Query
        let ids: [String]
        let milliseconds: Double
    }

    @Sendable private static func run(_ arguments: Arguments) async throws {
        guard let mode = SearchMode(name: try arguments.required("mode")) else {
            throw UsageError("\(arguments.label("mode")) is \(SearchMode.allCases.map(\.name).joined(separator: ", ")), not \"\(arguments["mode"] ?? "")\"")
        }
        let k = try arguments.integer("k", in: 1...Limits.kMax)
        guard let documents = arguments["docs"], let queries = arguments["queries"] else { throw UsageError("name the documents with --docs and the questions with --queries") }
        // Words need no vectors.
        let embedder = mode == .lexical ? nil : try EmbedderSettings.embedder(arguments)
        guard mode == .lexical || embedder != nil else { throw UsageError("the embedder none makes no vectors: --mode lexical needs none") }
        let set = try RetrievalSet(documents: documents, queries: queries)
        let progress = Progress(isQuiet: arguments.has("json"))
        defer { progress.end() }
        var (answered, asking): ([Answered], [Double]) = ([], [])
        let total = set.documents.values.reduce(0) { $0 + $1.count }
        var done = 0
        for scope in Set(set.queries.map(\.scope)).sorted() {
            let questions = set.queries.filter { $0.scope == scope }
            guard !questions.isEmpty else { continue }
            let documents = set.documents[scope] ?? []
            let trial = try load(documents, embedder) { loaded in progress.show("documents", share: Double(done + loaded) / Double(max(1, total))) }
            done += documents.count
            for query in questions {
                let began = DispatchTime.now().uptimeNanoseconds
                let vector = try embedder?.vectors(of: [(embedder?.model.queryPrefix ?? "") + trial.meaning(of: query.text, mode)]) { _ in "the question \(query.id)" }[0] ?? []
                let embedded = DispatchTime.now().uptimeNanoseconds
                let found = trial.ask(query.text, vector, mode, k: k, isExact: arguments.has("exact"))
                answered.append(Answered(query: query, ids: found.map { documents[$0].id }, milliseconds: Double(DispatchTime.now().uptimeNanoseconds - embedded) / 1e6))
                asking.append(Double(embedded - began) / 1e6)
            }
        }
        progress.end()
        if let path = arguments["run"] {
            let object = JSON.object(answered.map { JSON.Member($0.query.id, .list($0.ids.map { .text($0) })) })
            try System.write(Array("\(object)\n".utf8), file: path, mode: 0o644)
        }
        report(answered, asking, total, set.emptyCount, arguments)
    }

    private static let documentsAtOnce = 256

    private static func load(_ documents: [RetrievalSet.Document], _ embedder: (any Embedder)?, _ loaded: (Int) -> Void) throws -> RetrievalTrial {
        let trial = RetrievalTrial(dimension: embedder?.model.dimension ?? 1, hasConversations: documents.contains { $0.place.conversation != nil })
        for start in stride(from: 0, to: documents.count, by: documentsAtOnce) {
            let part = documents[start..<min(start + documentsAtOnce, documents.count)]
            let vectors = try embedder.map { embedder in try embedder.vectors(of: part.map { embedder.model.passagePrefix + $0.text }) { "the document \(documents[start + $0].id)" } }
            guard trial.add(part.enumerated().map { ($1.text, $1.place, vectors?[$0]) }) else { throw Failure("a document from \(documents[start].id) on got a vector without a direction") }
            loaded(start + part.count)
        }
        trial.finish()
        return trial
    }

    private static func report(_ answered: [Answered], _ asking: [Double], _ documents: Int, _ emptyCount: Int, _ arguments: Arguments) {
        var (whole, categories) = (RetrievalMeasures(), [String: RetrievalMeasures]())
        for answer in answered {
            whole.add(answer.ids, relevant: answer.query.relevant)
            categories[answer.query.category, default: RetrievalMeasures()].add(answer.ids, relevant: answer.query.relevant)
        }
        let (embedding, searching) = (asking.sorted(), answered.map(\.milliseconds).sorted())
        guard !arguments.has("json") else {
            var members = object(whole)
            members.append(JSON.Member("by_category", .object(categories.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .object(object($0.value))) })))
            for (name, times) in [("embedding", embedding), ("search", searching)] {
                members.append(JSON.Member("\(name)_ms", ["p50": .number(percentile(times, 0.5)), "p95": .number(percentile(times, 0.95))]))
            }
            return print(JSON.object(members))
        }
        print("\(answered.count) questions among \(documents) documents\(emptyCount > 0 ? ", \(emptyCount) more are empty" : "")")
        let rows = [("all", whole)] + (categories.count > 1 ? categories.sorted { $0.key < $1.key }.map { ($0.key.isEmpty ? "no category" : $0.key, $0.value) } : [])
        let width = max(8, rows.map(\.0.count).max() ?? 0)
        let names = RetrievalMeasures.depths.map { "recall@\($0)" } + ["all@10", "mrr", "ndcg@10"]
        print("".padded(to: width) + names.map { $0.leftPadded(to: 10) }.joined())
        for (name, measures) in rows { print(name.shown.padded(to: width) + values(measures).map { $0.text(digits: 4).leftPadded(to: 10) }.joined()) }
        for (name, times) in [("embedding", embedding), ("search", searching)] {
            print("\(name.padded(to: 9))  p50 \(percentile(times, 0.5).text(digits: 2)) ms, p95 \(percentile(times, 0.95).text(digits: 2)) ms")
        }
    }

    private static func values(_ measures: RetrievalMeasures) -> [Double] { measures.recall + [measures.allFoundAtTen, measures.reciprocalRank, measures.gainAtTen] }

    private static func object(_ measures: RetrievalMeasures) -> [JSON.Member] {
        let names = RetrievalMeasures.depths.map { "recall@\($0)" } + ["all@10", "mrr", "ndcg@10"]
        return [JSON.Member("queries", .integer(Int64(measures.count)))] + zip(names, values(measures)).map { JSON.Member($0, .number($1)) }
    }

    static func percentile(_ sorted: [Double], _ share: Double) -> Double { sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] }
}
