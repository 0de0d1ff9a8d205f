import Foundation
import Records
import Storage
import Testing

/// Makes places in which one implementation of `Store` keeps its data; the contract's tests run on each.
protocol StoreMaker: Sendable, CustomTestStringConvertible {
    func makeHome() throws -> any StoreHome
}

/// One place: what a store kept there is there when it is opened again.
protocol StoreHome: Sendable {
    func open() throws -> any Store
}

let storeMakers: [any StoreMaker] = [SQLiteMaker()] + PostgresMaker.all + [PostgresMaker.pooled]

struct SQLiteMaker: StoreMaker {
    var testDescription: String { "SQLite" }

    func makeHome() throws -> any StoreHome { try TemporaryDirectory() }
}

/// A data directory that is removed with its last reference.
final class TemporaryDirectory: StoreHome {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    var databasePath: String { path + "/pinyon.db" }

    func open() throws -> any Store { try openSQLite() }

    func openSQLite(_ configuration: SQLiteConfiguration = SQLiteConfiguration()) throws -> SQLiteStore {
        try SQLiteStore.open(try DataDirectory.open(path, at: startTime), configuration: configuration)
    }

    /// The files as they are now, as a crash would leave them; without what SQLite makes anew.
    func copy() throws -> TemporaryDirectory {
        let other = try TemporaryDirectory()
        for name in ["pinyon.db", "pinyon.db-wal", "pinyon.acknowledged"] where FileManager.default.fileExists(atPath: path + "/" + name) {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: other.path + "/" + name)
        }
        return other
    }

    func bytes(_ name: String) throws -> [UInt8] {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path + "/" + name))
        defer { try? file.close() }
        return [UInt8](try file.readToEnd() ?? Data())
    }

    func write(_ bytes: [UInt8], to name: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name)) }

    /// Replaces one byte of a file.
    func flip(_ name: String, at offset: Int, with mask: UInt8) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path + "/" + name))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset))
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data([byte ^ mask]))
    }
}

let startTime = Timestamp(microseconds: 1_780_000_000_000_000)
