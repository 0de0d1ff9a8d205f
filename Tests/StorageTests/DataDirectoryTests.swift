import Foundation
import Records
import Testing

@testable import Storage

@Suite struct DataDirectoryTests {
    @Test("a second opening is refused and told who came first; after closing it is free")
    func lock() async throws {
        let home = try TemporaryDirectory()
        let first = try DataDirectory.open(home.path, at: startTime)
        let error = await storageError { _ = try DataDirectory.open(home.path, at: startTime) }
        #expect(error == .locked(path: first.path, holder: "process \(ProcessInfo.processInfo.processIdentifier) since \(startTime)"))
        first.close()
        #expect(!first.isOpen)
        let second = try DataDirectory.open(home.path, at: startTime)
        #expect(await storageError { _ = try SQLiteStore.open(first) } == .closed)
        try SQLiteStore.open(second).close()
        try DataDirectory.open(home.path, at: startTime).close()
    }

    @Test("what is made is for this user alone")
    func permissions() throws {
        let home = try TemporaryDirectory()
        let path = home.path + "/a/b"
        let directory = try DataDirectory.open(path, at: startTime)
        let store = try SQLiteStore.open(directory)
        defer { store.close() }
        func mode(_ path: String) throws -> Int? { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }
        #expect(try mode(path) == 0o700)
        for name in ["pinyon.db", "pinyon.db-wal", "pinyon.lock", "pinyon.acknowledged"] { #expect(try mode(path + "/" + name) == 0o600) }
    }

    @Test("a path that is a file, or cannot be made, is refused")
    func notADirectory() async throws {
        let home = try TemporaryDirectory()
        try home.write([1], to: "file")
        for path in [home.path + "/file", home.path + "/file/below", "/proc/none/here"] {
            guard case .unavailable = await storageError({ _ = try DataDirectory.open(path, at: startTime) }) else {
                Issue.record("\(path) was opened")
                return
            }
        }
    }

    @Test("a damaged mark of the last acknowledged change is no mark")
    func acknowledged() throws {
        for number in [0, 1, 255, 65_536, Int64.max] {
            let bytes = AcknowledgedChange.bytes(number)
            #expect(AcknowledgedChange.number(bytes) == number)
            for index in bytes.indices {
                var damaged = bytes
                damaged[index] ^= 0x10
                #expect(AcknowledgedChange.number(damaged) == nil)
            }
        }
        #expect(AcknowledgedChange.number([]) == nil)
    }
}
