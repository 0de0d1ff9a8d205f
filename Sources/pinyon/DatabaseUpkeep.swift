internal import Dispatch
internal import Records
internal import Storage

/// What is done now and then to a PostgreSQL database, beside its schema.
struct DatabaseUpkeep {
    private let configuration: PostgresConfiguration
    private let arguments: Arguments

    init(_ arguments: Arguments) throws {
        guard case .database(let configuration) = try StoreChoice(arguments) else {
            throw UsageError("\(arguments.words.first ?? "it") is for PostgreSQL; name the database with --store")
        }
        guard !configuration.isPooled else { throw UsageError("that takes the database's own address, without a pooler") }
        guard arguments["to"] == nil else { throw UsageError("--to goes with up, down and plan") }
        self.configuration = configuration
        self.arguments = arguments
    }

    func run(_ word: String) throws {
        if word == "months" { try months() } else { try indexVectors() }
    }

    // MARK: Months

    private func months() throws {
        if let text = arguments["drop-before"] {
            let month = try month(text)
            var dropped: [JSON] = []
            try PostgresStore.dropMonths(configuration, before: month) { month, messages in
                dropped.append(["month": .text(month), "messages": .integer(messages)])
                if !arguments.has("json") { print("  \(month)  dropped, with \(messages) messages") }
            }
            if arguments.has("json") { return print(["dropped": .list(dropped)] as JSON) }
            if dropped.isEmpty { print("no month before \(month) is past and there still") }
            return
        }
        let months = try PostgresStore.months(configuration)
        if arguments.has("json") {
            return print(["months": .list(months.map { ["month": .text($0.name), "rows": .integer($0.rows), "bytes": .integer($0.bytes)] })] as JSON)
        }
        for month in months { print("  \(month.name.padded(to: 7))  about \("\(month.rows)".leftPadded(to: 12)) messages  \("\(month.bytes / 1_048_576)".leftPadded(to: 9)) MiB") }
    }

    private func month(_ text: String) throws -> String {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2, let year = Int(parts[0]), let month = Int(parts[1]), year > 0, (1...12).contains(month) else {
            throw UsageError("--drop-before takes a month as 2026-11, not '\(text)'")
        }
        return text
    }

    // MARK: pgvector's indexes

    private func indexVectors() throws {
        var shown: [JSON] = []
        var began = DispatchTime.now().uptimeNanoseconds
        try PostgresStore.indexVectors(configuration) { index in
            let now = DispatchTime.now().uptimeNanoseconds
            let seconds = Double(now - began) / 1e9
            began = now
            shown.append(json(index, seconds))
            if !arguments.has("json") { print("  \(index.table): \(index.rows) rows of \(index.dimension) dimensions: \(text(index.state, seconds))") }
        }
        if arguments.has("json") { return print(["indexes": .list(shown)] as JSON) }
        if shown.isEmpty { print("no table holds a vector") }
    }

    private func text(_ state: PostgresStore.VectorIndex.State, _ seconds: Double) -> String {
        switch state {
        case .made(let name, let lists): "made \(name), lists: \(lists), seconds: \(Int(seconds.rounded(.up)))"
        case .kept(let name, let lists): "kept \(name), lists: \(lists)"
        case .tooFew: "none; SQL compares fewer than \(PostgresStore.indexedRowsMin) sooner without"
        case .tooWide: "none; pgvector indexes no vectors of more than \(PostgresStore.indexedDimensionsMax) dimensions, and SQL compares all"
        }
    }

    private func json(_ index: PostgresStore.VectorIndex, _ seconds: Double) -> JSON {
        var members: [JSON.Member] = [
            JSON.Member("table", .text(index.table)), JSON.Member("space", .text(index.space.description)), JSON.Member("dimension", .integer(Int64(index.dimension))),
            JSON.Member("rows", .integer(index.rows)),
        ]
        switch index.state {
        case .made(let name, let lists):
            members += [
                JSON.Member("state", .text("made")), JSON.Member("index", .text(name)), JSON.Member("lists", .integer(Int64(lists))), JSON.Member("seconds", .number(seconds)),
            ]
        case .kept(let name, let lists): members += [JSON.Member("state", .text("kept")), JSON.Member("index", .text(name)), JSON.Member("lists", .integer(Int64(lists)))]
        case .tooFew: members.append(JSON.Member("state", .text("too_few_rows")))
        case .tooWide: members.append(JSON.Member("state", .text("too_many_dimensions")))
        }
        return .object(members)
    }
}
