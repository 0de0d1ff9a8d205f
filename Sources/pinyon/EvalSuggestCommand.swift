internal import Dispatch
internal import Records
internal import Terminology

enum EvalSuggestCommand {
    static let verb = Verb(
        name: "eval suggest", summary: "How good suggestions are for terms and typed beginnings with known answers", words: "", wordsMax: 0,
        options: [
            Option("docs", "FILE", "terms, one JSON object a line: id, scope, text"), Option("queries", "FILE", "what is typed: id, scope, text, relevant, category"),
            Option("k", "N", "suggestions for each", or: "10"),
            Option("run", "FILE", "writes the ids that each was answered with, as one JSON object"), Option("json", nil, "print one JSON object, for programs"),
        ],
        notes: """
            The terms of each scope are one dictionary in memory, apart from any server, of which nobody knows what is used how often. Shares of what was typed: whose first \
            suggestion is relevant, and that have a relevant one among all.
            """,
        run: run)

    private struct Share {
        var count = 0
        var first = 0
        var within = 0

        mutating func add(_ ids: [String], _ relevant: Set<String>) {
            count += 1
            if ids.first.map(relevant.contains) ?? false { first += 1 }
            if ids.contains(where: relevant.contains) { within += 1 }
        }
    }

    @Sendable private static func run(_ arguments: Arguments) async throws {
        let k = try arguments.integer("k", in: 1...Limits.suggestionsMax)
        guard let documents = arguments["docs"], let queries = arguments["queries"] else { throw UsageError("name the terms with --docs and what is typed with --queries") }
        let set = try RetrievalSet(documents: documents, queries: queries)
        try check(set)
        let user = Identifier(high: 0, low: 0)
        var (whole, categories, milliseconds, answers): (Share, [String: Share], [Double], [JSON.Member]) = (Share(), [:], [], [])
        for scope in Set(set.queries.map(\.scope)).sorted() {
            let (book, terms) = (TermBook(), set.documents[scope] ?? [])
            book.apply(terms.enumerated().map { .put(TermEntry(id: Identifier(high: 0, low: UInt64($0.offset)), owner: user, term: $0.element.text)) })
            for query in set.queries where query.scope == scope {
                let began = DispatchTime.now().uptimeNanoseconds
                let found = book.suggest(SuggestRequest(query.text, limit: k), to: user)
                milliseconds.append(Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6)
                let ids = found.map { terms[Int($0.id.low)].id }
                whole.add(ids, query.relevant)
                categories[query.category, default: Share()].add(ids, query.relevant)
                answers.append(JSON.Member(query.id, .list(ids.map { .text($0) })))
            }
        }
        if let path = arguments["run"] { try System.write(Array("\(JSON.object(answers))\n".utf8), file: path, mode: 0o644) }
        report(whole, categories, milliseconds.sorted(), k, set, arguments)
    }

    /// What a server would refuse.
    private static func check(_ set: RetrievalSet) throws {
        for document in set.documents.values.joined() {
            do throws(FieldError) {
                try Checks.text(document.text, "text", bytesMax: Limits.titleBytesMax)
                try Checks.term(document.text, "text")
            } catch { throw Failure("the term \(document.id.shown): \(error)") }
        }
        for query in set.queries { do throws(FieldError) { try SuggestRequest(query.text).check() } catch { throw Failure("what is typed in \(query.id.shown): \(error)") } }
    }

    private static func report(_ whole: Share, _ categories: [String: Share], _ times: [Double], _ k: Int, _ set: RetrievalSet, _ arguments: Arguments) {
        let (middle, late) = (EvalCommand.percentile(times, 0.5), EvalCommand.percentile(times, 0.99))
        let named = categories.count > 1 ? categories.sorted { $0.key < $1.key } : []
        guard !arguments.has("json") else {
            var members = object(whole)
            members.append(JSON.Member("by_category", .object(named.map { JSON.Member($0.key, .object(object($0.value))) })))
            members.append(JSON.Member("suggest_ms", ["p50": .number(middle), "p99": .number(late)]))
            return print(JSON.object(members))
        }
        print("\(whole.count) typed beginnings among \(set.documents.values.reduce(0) { $0 + $1.count }) terms")
        let rows = [("all", whole)] + named.map { ($0.key.isEmpty ? "no category" : $0.key, $0.value) }
        let width = max(8, rows.map(\.0.count).max() ?? 0)
        print("".padded(to: width) + ["first", "within \(k)", "count"].map { $0.leftPadded(to: 11) }.joined())
        for (name, share) in rows {
            let values = [share.first, share.within].map { (Double($0) / Double(max(1, share.count))).text(digits: 4) } + [String(share.count)]
            print(name.shown.padded(to: width) + values.map { $0.leftPadded(to: 11) }.joined())
        }
        print("suggest   p50 \(middle.text(digits: 3)) ms, p99 \(late.text(digits: 3)) ms")
    }

    private static func object(_ share: Share) -> [JSON.Member] {
        let count = Double(max(1, share.count))
        return [
            JSON.Member("queries", .integer(Int64(share.count))), JSON.Member("first", .number(Double(share.first) / count)), JSON.Member("within", .number(Double(share.within) / count)),
        ]
    }
}
