internal import Client
internal import Records
internal import Storage
internal import Transport

enum VerifyCommand {
    static let verb = Verb(
        name: "verify", summary: "Check what a store keeps, or that a server's indexes agree with it", words: "", wordsMax: 0,
        options: [
            StoreChoice.dataOption, StoreChoice.storeOption, StoreChoice.schemaOption, StoreChoice.pooledOption,
            Option("absent", "FILE", "look for texts that were erased, one a line (- reads standard input), in every file of the data directory or every column of the database"),
            Option("index", nil, "ask the server to compare its indexes with its store, and to mend what differs"),
        ] + Connection.options,
        notes: "Of a data directory each row is checked against its checksum, also while a server runs. Of a database rows are read and counted, and what is kept of their "
            + "number compared; the hash of each organization is that of `pinyon copy`. With --index the key's organization is read once more by the server and compared row "
            + "by row: vectors, columns, and that nothing else is found; raise --timeout for more than some million rows. With --absent nothing else is looked at; beyond its "
            + "reach are backups, and PostgreSQL's own log, replicas and rows not vacuumed yet.",
        run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        if arguments.has("index") { return try await index(arguments) }
        if let path = arguments["absent"] { return try absent(path, arguments) }
        guard arguments["store"] == nil else { return try database(arguments) }
        let folder = try arguments.required("data")
        guard System.exists(folder) else { throw Failure("there is no data directory \(folder); name it with --data") }
        let report: VerificationReport
        do { report = try Verification.run(path: folder) } catch { throw Failure(error.description) }
        print(arguments.has("json") ? report.json.description : report.description)
        guard report.isSound else { throw Failure("\(folder) is damaged; restore a backup, or erase the damaged rows") }
    }

    private static let textsMax = 10_000
    private static let textsBytesMax = 64 * 1_024 * 1_024

    private static func absent(_ path: String, _ arguments: Arguments) throws {
        let lines = try System.read(file: path, bytesMax: textsBytesMax).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let texts = lines.map { String(decoding: $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0, as: UTF8.self) }
        let wanted = texts.indices.filter { !texts[$0].isEmpty }
        guard !wanted.isEmpty else { throw Failure("\(path) holds no texts") }
        guard wanted.count <= textsMax else { throw Failure("\(path) holds \(wanted.count) texts; \(textsMax) at most are looked for at once") }
        for line in wanted where texts[line].utf8.count < Absence.textBytesMin { throw Failure("\(path), line \(line + 1): a text of \(Absence.textBytesMin) bytes at least is looked for") }
        let (findings, where_) = try find(wanted.map { texts[$0] }, arguments)
        let told = findings.map { (line: wanted[$0.text] + 1, place: $0.place) }.sorted { $0.line < $1.line }
        if arguments.has("json") {
            print(
                [
                    "store": .text(where_), "texts": .integer(Int64(wanted.count)), "absent": .bool(told.isEmpty),
                    "found": .list(told.map { ["line": .integer(Int64($0.line)), "place": .text($0.place)] }),
                ] as JSON)
        } else {
            for finding in told { print("  line \(finding.line) is in \(finding.place)") }
            if told.isEmpty { print("none of \(wanted.count) texts is in \(where_)") }
        }
        guard told.isEmpty else { throw Failure("\(Set(told.map(\.line)).count) of \(wanted.count) texts are still there") }
    }

    private static func find(_ texts: [String], _ arguments: Arguments) throws -> ([Absence.Finding], String) {
        guard arguments["store"] != nil else {
            let folder = try arguments.required("data")
            guard System.exists(folder) else { throw Failure("there is no data directory \(folder); name it with --data") }
            do throws(StorageError) { return (try Absence.run(folder: folder, texts: texts), folder) } catch { throw Failure(error.description) }
        }
        let choice = try StoreChoice(arguments)
        let store = try choice.openExisting()
        defer { store.close() }
        guard let database = store as? PostgresStore else { throw UsageError("--store is the address of a database; name a folder with --data") }
        do throws(StorageError) { return (try database.places(of: texts), choice.name) } catch { throw Failure(error.description) }
    }

    private static func index(_ arguments: Arguments) async throws {
        try await Connection.run(arguments) { client in
            let facts = try await client.verify()
            guard !arguments.has("json") else { return print(facts) }
            guard case .object(let kinds)? = facts["kinds"] else { throw Failure("the server answered without a comparison") }
            for kind in kinds {
                let counts = ["stored", "indexed", "differing", "mended"].map { kind.value[$0]?.integer ?? 0 }
                print("  \(kind.name.padded(to: 13))  \(counts[0]) stored with a vector, \(counts[1]) in the index, \(counts[2]) differed\(counts[2] > 0 ? ", \(counts[3]) of them mended" : "")")
                if let unusable = kind.value["unusable"]?.integer, unusable > 0 { throw Failure("\(unusable) \(kind.name) have a vector that is not of the organization's space; give them one, or none") }
                guard counts[2] == counts[3] else { throw Failure("\(counts[2] - counts[3]) \(kind.name) still differ; look at the server's log") }
            }
            print(facts["is_same"] == true ? "the indexes agree with the store" : "the indexes agree with the store now")
        }
    }

    private static func database(_ arguments: Arguments) throws {
        let choice = try StoreChoice(arguments)
        let store = try choice.openExisting()
        defer { store.close() }
        var reports: [StoreCheck.Report] = []
        do throws(StorageError) { try StoreCheck.run(store) { reports.append($0) } } catch { throw Failure(error.description) }
        let isSound = reports.allSatisfy(\.findings.isEmpty)
        if arguments.has("json") {
            print(
                [
                    "store": .text(choice.name), "sound": .bool(isSound),
                    "organizations": .list(
                        reports.map {
                            [
                                "slug": .text($0.organization.slug), "hash": .text($0.digest.text), "rows": $0.digest.counts,
                                "findings": .list($0.findings.map { .text($0) }),
                            ]
                        }),
                ] as JSON)
        } else {
            for report in reports {
                print("  \(report.organization.slug): \(report.digest.summary), hash \(report.digest.text)")
                for finding in report.findings { print("    \(finding)") }
            }
            if isSound { print("\(choice.name) is sound") }
        }
        guard isSound else { throw Failure("\(choice.name) does not agree with itself; what is kept of numbers is wrong, the rows are as they are") }
    }
}

extension VerificationReport {
    fileprivate var json: JSON {
        func texts(_ values: [String]) -> JSON { .list(values.map { .text($0) }) }
        return [
            "path": .text(path), "sound": .bool(isSound), "rows": .integer(rowCount), "last_change": .integer(lastChange),
            "schema_version": schemaVersion.map { .integer(Int64($0)) } ?? .null,
            "tables": .list(tables.map { ["table": .text($0.table), "rows": .integer($0.rows), "damaged": .integer($0.damaged)] }),
            "structure": texts(structure), "missing_references": texts(missingReferences), "damaged_rows": texts(damagedRows),
            "counters": texts(counters), "changes": texts(changes), "problems": texts(problems), "notes": texts(notes),
        ]
    }
}
