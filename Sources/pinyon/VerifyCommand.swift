internal import Records
internal import Storage
internal import Transport

enum VerifyCommand {
    static let verb = Verb(
        name: "verify", summary: "Check every row of a data directory against its checksum", words: "", wordsMax: 0,
        options: [
            StoreChoice.dataOption, Option("json", nil, "print one JSON object, for programs"),
        ], run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let folder = try arguments.required("data")
        guard System.exists(folder) else { throw Failure("there is no data directory \(folder); name it with --data") }
        let report: VerificationReport
        do { report = try Verification.run(path: folder) } catch { throw Failure(error.description) }
        print(arguments.has("json") ? report.json.description : report.description)
        guard report.isSound else { throw Failure("\(folder) is damaged; restore a backup, or delete the damaged rows") }
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
