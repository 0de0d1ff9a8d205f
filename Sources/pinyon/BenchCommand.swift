internal import Client
internal import Dispatch
internal import Drawing
internal import Records

/// Recall and latency on the caller's own rows: some of them are asked for as if they were questions, each without itself.
enum BenchCommand {
    static let verb = Verb(
        name: "bench", summary: "Recall and latency of searches over your own rows", words: "", wordsMax: 0,
        options: [
            Option("kind", "KIND", "among what: \(Kind.searchable.map(\.name).joined(separator: ", "))", or: Kind.memory.name, choices: Kind.searchable.map(\.name)),
            Option("queries", "N", "how many rows are asked for", or: "200"), Option("k", "N", "how many neighbours", or: "10"),
            Option("filter", "JSON", "the same again with this filter, as {\"tags\": \"work\"}"),
            Option("plot", "FILE", "draw recall against searches a second there, as SVG"),
        ] + Connection.options,
        notes: "Questions are the vectors of stored rows, at random among the newest 10,000; the truth is the server's own exact search. One search at a time, with "
            + "the way to the server and back.",
        run: run)

    private static let queriesMax = 5_000
    private static let rowsRead = 10_000
    private static let recalls = [0.8, 0.9, 0.95, 0.99, 1]

    private struct Question {
        let id: Identifier
        let vector: [Float]
        let space: Identifier?
    }

    private struct Outcome {
        let name: String
        let target: Double
        let recall: Double
        let worst: Double
        let estimate: Double
        let p50: Double
        let p99: Double
        let rate: Double
        let lists: Double
    }

    @Sendable static func run(_ arguments: Arguments) async throws {
        let name = try arguments.required("kind")
        guard let kind = Kind.searchable.first(where: { $0.name == name }) else {
            throw UsageError("--kind is \(Kind.searchable.map(\.name).joined(separator: ", ")), not \"\(name)\"")
        }
        let count = try arguments.integer("queries", in: 1...queriesMax), k = try arguments.integer("k", in: 1...Limits.kMax - 1)
        var filter: Filter?
        if let text = arguments["filter"] {
            do { filter = try Filter(try JSON(parsing: text), on: kind) } catch { throw UsageError("--filter: \(error)") }
        }
        try System.requireAbsent(arguments["plot"])
        let asked = filter
        try await Connection.run(arguments) { client in
            let progress = Progress()
            defer { progress.end() }
            let questions = try await sample(kind, count, client, progress)
            guard !questions.isEmpty else { throw Failure("there is no \(kind.name) with a vector to ask for") }
            let runs: [(String, Filter?)] = [("no filter", nil)] + (asked.map { [("filter", $0)] } ?? [])
            var outcomes: [Outcome] = []
            for (place, run) in runs.enumerated() {
                outcomes += try await measure(run.0, run.1, kind, questions, k, client) { done in
                    progress.show("searching", share: (Double(place) + done) / Double(runs.count))
                }
            }
            progress.end()
            show(outcomes, questions.count, arguments)
            if let path = arguments["plot"] { try draw(outcomes, kind, path) }
        }
    }

    // MARK: Questions

    private static func sample(_ kind: Kind, _ count: Int, _ client: MemoryClient, _ progress: Progress) async throws -> [Question] {
        var rows: [Question] = []
        var memories = MemoryListing(limit: Limits.pageMax, withVectors: true)
        var records = RecordListing(kind, limit: Limits.pageMax, withVectors: true)
        var isMore = true
        while isMore, rows.count < rowsRead {
            progress.show("reading rows", share: Double(rows.count) / Double(rowsRead))
            if kind == .memory {
                let page = try await client.list(memories)
                rows += page.memories.compactMap { memory in memory.embedding.map { Question(id: memory.id, vector: $0.vector, space: $0.space) } }
                memories.after = page.next
                isMore = page.next != nil
            } else {
                let page = try await client.browse(records)
                rows += page.records.compactMap { record in record.embedding.map { Question(id: record.id, vector: $0.vector, space: $0.space) } }
                records.after = page.next
                isMore = page.next != nil
            }
        }
        return Array(rows.shuffled().prefix(count))
    }

    // MARK: Searches

    private static func measure(
        _ name: String, _ filter: Filter?, _ kind: Kind, _ questions: [Question], _ k: Int, _ client: MemoryClient, _ isAt: (Double) -> Void
    ) async throws -> [Outcome] {
        var truths: [[Hit]] = []
        var matching = 0
        var outcomes: [Outcome] = []
        // The exact answers come first, and are measured as the others are.
        for (step, target) in recalls.reversed().enumerated() {
            var (times, shares, estimates, lists) = ([Double](), [Double](), 0.0, 0.0)
            for (number, question) in questions.enumerated() {
                isAt((Double(step) + Double(number) / Double(questions.count)) / Double(recalls.count))
                let request = SearchRequest(
                    kind, query: .vector(question.vector), space: question.space, k: k + 1, filter: filter, exact: target == 1, recall: target, withContent: false)
                let began = DispatchTime.now().uptimeNanoseconds
                let answer = try await client.search(request)
                times.append(Double(DispatchTime.now().uptimeNanoseconds - began) / 1e6)
                let hits = Array(answer.entries.map(\.hit).filter { $0.id != question.id }.prefix(k))
                if target == 1 {
                    truths.append(hits)
                    matching = max(matching, answer.report.rowsMatching)
                }
                shares.append(share(of: truths[number], in: hits))
                estimates += answer.report.recallEstimate / Double(questions.count)
                lists += Double(answer.report.listsVisited) / Double(questions.count)
            }
            guard matching > 0 else { throw Failure("no \(kind.name) matches \(name), so there is no recall to measure") }
            times.sort()
            shares.sort()
            outcomes.append(
                Outcome(
                    name: name, target: target, recall: shares.reduce(0, +) / Double(shares.count), worst: shares[shares.count / 20], estimate: estimates,
                    p50: times[times.count / 2], p99: times[times.count * 99 / 100], rate: Double(times.count) / times.reduce(0, +) * 1_000, lists: lists))
        }
        return outcomes.reversed()
    }

    /// What ties with the last of the truth is as good as it.
    private static func share(of truth: [Hit], in hits: [Hit]) -> Double {
        guard let last = truth.last else { return 1 }
        return Double(hits.filter { $0.score >= last.score }.count) / Double(truth.count)
    }

    // MARK: What is shown

    private static func show(_ outcomes: [Outcome], _ queries: Int, _ arguments: Arguments) {
        if arguments.has("json") {
            let rows = outcomes.map { outcome in
                [
                    "filter": .bool(outcome.name != "no filter"), "wanted": .number(outcome.target), "recall": .number(outcome.recall),
                    "recall_p5": .number(outcome.worst), "recall_estimate": .number(outcome.estimate), "p50_ms": .number(outcome.p50), "p99_ms": .number(outcome.p99),
                    "searches_per_second": .number(outcome.rate), "lists_visited": .number(outcome.lists),
                ] as JSON
            }
            return print(["queries": .integer(Int64(queries)), "rows": .list(rows)] as JSON)
        }
        print("  \(queries) rows asked for, one after the other")
        print("             wanted   recall  worst 5 %  estimate   p50 ms   p99 ms   lists")
        for outcome in outcomes {
            let wanted = outcome.target == 1 ? "exact" : outcome.target.text(digits: 2)
            let cells = [
                (wanted, 7), (outcome.recall.text(digits: 4), 9), (outcome.worst.text(digits: 2), 11), (outcome.estimate.text(digits: 4), 10), (outcome.p50.text(digits: 2), 9),
                (outcome.p99.text(digits: 2), 9), (outcome.lists.text(digits: 1), 8),
            ]
            print("  " + outcome.name.padded(to: 10) + cells.map { String(repeating: " ", count: max(1, $0.1 - $0.0.count)) + $0.0 }.joined())
        }
    }

    private static func draw(_ outcomes: [Outcome], _ kind: Kind, _ path: String) throws {
        let points = outcomes.map { RecallPlot.Point(series: $0.name, recall: $0.recall, rate: $0.rate) }
        guard let plot = RecallPlot(title: "\(kind.plural): searches a second over one connection, by recall", points) else {
            throw Failure("no recall of 0.8 or more was reached, so there is nothing to draw")
        }
        try System.write(Array(plot.svg.utf8), file: path, mode: 0o644)
        System.printError("drawn to \(path)")
    }
}
