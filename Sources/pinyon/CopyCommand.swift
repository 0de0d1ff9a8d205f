internal import Records
internal import Storage

/// From one store to another, where the data is: no key reaches more than its organization.
enum CopyCommand {
    static let verb = Verb(
        name: "copy", summary: "Bring all organizations of one store to another", words: "FROM TO", wordsMax: 2,
        options: [
            Option("from-schema", "NAME", "the schema of FROM, where that is a database", or: PostgresConfiguration.defaultSchema),
            Option("to-schema", "NAME", "the schema of TO, where that is a database", or: PostgresConfiguration.defaultSchema),
            Option("json", nil, "print one JSON object, for programs"),
        ],
        notes: "FROM and TO are data directories or addresses of PostgreSQL databases, postgres://USER@HOST/DATABASE. Everything goes along: rows of every kind, "
            + "hidden ones too, vectors, spaces, keys, jobs, the audit, what waits. Each organization comes in one transaction, and is then read again and compared, counts and a hash "
            + "of all rows; the same command goes on after an interruption, and leaves what is there already. No server may write to either meanwhile. Keys stay "
            + "valid; the file admin.key is not part of a store."
    ) { arguments in
        guard arguments.words.count == 2 else { throw UsageError("say from where and to where") }
        let (from, to) = (
            try StoreChoice(arguments.words[0], named: "FROM", arguments, schema: "from-schema"), try StoreChoice(arguments.words[1], named: "TO", arguments, schema: "to-schema")
        )
        let isSame = arguments.words[0] == arguments.words[1] && arguments["from-schema"] == arguments["to-schema"]
        guard !isSame else { throw UsageError("FROM and TO are the same store") }
        if case .folder(let folder) = from {
            do throws(StorageError) { _ = try SQLiteStore.schemaVersion(in: folder) } catch { throw Failure(error.description) }
        }
        let source = try from.openExisting()
        defer { source.close() }
        let target = try to.open()
        defer { target.close() }
        let bar = Progress(isQuiet: arguments.has("json") && !System.isErrorTerminal)
        defer { bar.end() }
        var reports: [StoreCopy.Report] = []
        do throws(StorageError) {
            try StoreCopy.run(from: source, to: target) { step in
                bar.show("\(step.slug): \(step.rows) of \(step.rowsTotal) rows", share: step.rowsTotal == 0 ? nil : Double(step.rows) / Double(step.rowsTotal))
            } done: { report in
                reports.append(report)
                guard !arguments.has("json") else { return }
                bar.end()
                print("  \(report.organization.slug): \(report.digest.summary), hash \(report.digest.text)\(report.wasThere ? ", there already" : "")")
            }
        } catch {
            bar.end()
            throw Failure(error.description)
        }
        if arguments.has("json") { return print(["organizations": .list(reports.map(json))] as JSON) }
        if reports.isEmpty { print("there is no organization in \(from.name)") }
    }

    private static func json(_ report: StoreCopy.Report) -> JSON {
        return [
            "slug": .text(report.organization.slug), "id": .text(report.organization.id.description), "was_there": .bool(report.wasThere), "hash": .text(report.digest.text),
            "rows": report.digest.counts,
        ]
    }
}

extension StoreDigest {
    var counts: JSON { .object(parts.sorted { $0.key.rawValue < $1.key.rawValue }.map { JSON.Member($0.key.plural, .integer($0.value.count)) }) }

    var summary: String {
        let counts = parts.filter { $0.key != .organization }.sorted { $0.key.rawValue < $1.key.rawValue }
        return counts.map { "\($0.value.count) \($0.value.count == 1 ? $0.key.name : $0.key.plural)" }.joined(separator: ", ")
    }
}
