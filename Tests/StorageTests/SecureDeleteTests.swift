import Foundation
import Records
import Storage
import Testing

@Suite struct SecureDeleteTests {
    @Test("nothing of a deleted or replaced text is left in the files, after a checkpoint and after closing")
    func bytesAreGone() async throws {
        let home = try TemporaryDirectory()
        let store = try home.openSQLite()
        var world = World(seed: 61)
        try await world.create(in: store)
        var contents: [Identifier: String] = [:]
        var gone: [String] = []
        func secret() -> String {
            "secret-\(UInt64.random(in: 0...UInt64.max, using: &world.generator))-"
                + String(repeating: "s", count: Int.random(in: 1...3_000, using: &world.generator))
        }
        for round in 0..<12 {
            var batch: [Memory] = []
            for _ in 0..<40 {
                let memory = world.memory(secret())
                contents[memory.id] = memory.content
                batch.append(memory)
            }
            _ = try await store.write(world.request(.remember(batch)))
            for id in contents.keys.sorted().shuffled(using: &world.generator).prefix(25) {
                let old = try #require(contents[id])
                gone.append(String(old.prefix(28)))
                if Bool.random(using: &world.generator) {
                    _ = try await store.write(world.request(.delete([id])))
                    contents[id] = nil
                } else {
                    let new = secret()
                    _ = try await store.write(world.request(.update(MemoryPatch(id: id, content: new), space: nil)))
                    contents[id] = new
                }
            }
            if round == 8 {
                try store.checkpoint()
                try expectAbsent(gone, in: home)
            }
        }
        store.close()
        try expectAbsent(gone, in: home)
        let all = Data(try home.bytes("pinyon.db"))
        for content in contents.values { #expect(all.range(of: Data(content.prefix(20).utf8)) != nil) }
    }

    private func expectAbsent(_ texts: [String], in home: TemporaryDirectory) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: home.path) {
            let data = Data(try home.bytes(name))
            for text in texts {
                #expect(data.range(of: Data(text.utf8)) == nil, "\(text) is still in \(name)")
            }
        }
    }
}
