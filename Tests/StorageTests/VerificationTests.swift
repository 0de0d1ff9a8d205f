import Records
import Testing

@testable import Storage

@Suite struct VerificationTests {
    @Test("a sound database is reported with its rows and its last change, while a store is open on it and after")
    func sound() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 81)
        let store = try home.open()
        let kept = try await world.fill(store)
        for _ in 0..<2 {
            var progress: [Verification.Progress] = []
            let report = try Verification.run(path: home.path) { progress.append($0) }
            #expect(report.isSound, "\(report)")
            #expect(report.lastChange == 3 + 20 + 2)
            #expect(report.schemaVersion == 9)
            #expect(report.tables.first { $0.table == "agent_memories" }?.rows == Int64(kept.count))
            #expect(report.tables.first { $0.table == "idempotency_keys" }?.rows == 20)
            #expect(progress.map(\.table) == Table.allCases.map(\.name))
            #expect(report.description.hasSuffix("is sound: \(report.rowCount) rows up to change 25"))
            store.close()
        }
    }

    @Test("a counter, a change or a reference that is wrong is reported, even under a right checksum", arguments: [
        "UPDATE counters SET rows = rows + 1 WHERE kind = 1", "DELETE FROM changes WHERE number = 5", "DELETE FROM agents",
        "UPDATE sqlite_sequence SET seq = 99", "DELETE FROM counters", "UPDATE agents SET name = 'Other'", "DELETE FROM agent_memories",
        "DELETE FROM changes WHERE number > 10",
    ])
    func wrong(sql: String) async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 82)
        let store = try home.open()
        _ = try await world.fill(store)
        store.close()
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        try connection.execute("PRAGMA foreign_keys = OFF; \(sql)")
        let report = try Verification.run(path: home.path)
        #expect(!report.isSound, "\(report)")
        #expect(report.structure.isEmpty)
        #expect(report.description.hasSuffix("is damaged"))
    }
}
