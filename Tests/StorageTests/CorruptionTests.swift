import Foundation
import Records
import Testing

@testable import Storage

/// Damaged files are refused, or what is read from them is right; nothing is ever answered from damage.
@Suite struct CorruptionTests {
    /// Everything that was written, and what came of reading it again.
    struct Truth {
        let organization: Identifier
        let tenancy: Tenancy
        let agents: [Agent]
        let memories: [Memory]
        let changes: [ChangeRecord]
        let counts: StoreCounts

        init(_ store: any Store, _ world: World, _ kept: [Memory]) async throws {
            organization = world.organization.id
            memories = kept
            tenancy = try store.reads.tenancy()
            agents = try await store.agents(of: organization)
            changes = try await store.changes()
            counts = try await store.counts(of: organization)
        }

        /// The number of reads that failed; records an issue for each that gave something else than the truth.
        func check(_ store: any Store, _ what: String) async -> Int {
            var failures = 0
            func expect(_ name: String, _ body: () async throws -> Bool) async {
                do {
                    let isRight = try await body()
                    #expect(isRight, "\(name) was answered wrongly: \(what)")
                } catch {
                    failures += 1
                }
            }
            for memory in memories {
                await expect("a memory") { try await store.memories([memory.id], of: organization) == [memory] }
            }
            let newest = Array(memories.reversed())
            await expect("a page") { try await store.page(MemoryListing(limit: 1_000, withVectors: true), of: organization).memories == newest }
            for agent in agents {
                await expect("an agent's page") {
                    let listing = MemoryListing(agent: agent.id, limit: 1_000, withVectors: true)
                    return try await store.page(listing, of: organization).memories == newest.filter { $0.agent == agent.id }
                }
                await expect("an agent") { try await store.agent(slug: agent.slug, of: organization) == agent }
            }
            await expect("a type's page") {
                let listing = MemoryListing(type: .fact, limit: 1_000, withVectors: true)
                return try await store.page(listing, of: organization).memories == newest.filter { $0.type == .fact }
            }
            await expect("agents") { try await store.agents(of: organization) == agents }
            await expect("changes") { try await store.changes() == changes }
            await expect("counts") { try await store.counts(of: organization) == counts }
            await expect("tenancy") { try store.reads.tenancy() == tenancy }
            await expect("load") {
                let (loaded, damaged, last) = try store.loaded()
                if !damaged.isEmpty { throw damaged[0] }
                return loaded == memories.filter { $0.embedding != nil } && last == changes.last?.position
            }
            return failures
        }
    }

    private func makeHome(count: Int) async throws -> (TemporaryDirectory, Truth) {
        let home = try TemporaryDirectory()
        var world = World(seed: 71)
        let store = try home.open()
        let kept = try await world.fill(store, count: count)
        let truth = try await Truth(store, world, kept)
        store.close()
        return (home, truth)
    }

    @Test("with a byte of the database changed, anywhere, opening is refused or each read is right or an error")
    func anywhere() async throws {
        let (home, truth) = try await makeHome(count: 40)
        let bytes = try home.bytes("pinyon.db")
        var generator = SeededGenerator(seed: 72)
        let header = Array(stride(from: 0, to: 100, by: 1))
        // The beginning of each page, and places at random.
        var pageHeads: [Int] = []
        for page in stride(from: SQLiteSchema.pageBytes, to: bytes.count, by: SQLiteSchema.pageBytes) {
            for offset in [0, 3, 4, 6, 9] { pageHeads.append(page + offset) }
        }
        let written = bytes.indices.filter { bytes[$0] != 0 }
        var random: [Int] = []
        for _ in 0..<300 { random.append(written.randomElement(using: &generator) ?? 0) }
        var refused = 0
        let directory = try TemporaryDirectory()
        for offset in header + pageHeads + random {
            var damaged = bytes
            damaged[offset] ^= UInt8.random(in: 1...255, using: &generator)
            for name in try FileManager.default.contentsOfDirectory(atPath: directory.path) {
                try FileManager.default.removeItem(atPath: directory.path + "/" + name)
            }
            try directory.write(damaged, to: "pinyon.db")
            do {
                let store = try directory.open()
                let failures = await truth.check(store, "byte \(offset)")
                store.close()
                if failures > 0 {
                    let isSound = try Verification.run(path: directory.path).isSound
                    #expect(!isSound, "byte \(offset) made \(failures) reads fail, but verification finds nothing")
                }
            } catch is StorageError {
                refused += 1
            }
        }
        #expect(refused > 100)
    }

    @Test("every changed byte in a row's stored columns is noticed by verification, and the row is not answered")
    func rowBytes() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 73)
        var store = try home.open()
        try await world.create(in: store)
        var memory = world.memory("A text that stands in the file once: hippopotamus.")
        memory.tags = ["tag-with-name"]
        memory.metadata = ["member": "value of metadata"]
        memory.user = world.id()
        _ = try await store.write(world.request(.remember([world.memory(), memory, world.memory()])))
        store.close()
        let bytes = try home.bytes("pinyon.db")
        let vector = try #require(memory.embedding).vector.flatMap { bigEndian($0.bitPattern) }
        let times = bigEndian(memory.createdAt.microseconds)
        let columns: [[UInt8]] = [
            Array(memory.content.utf8), Array(memory.metadata.description.utf8), Array("[\"tag-with-name\"]".utf8), vector,
            try #require(memory.user).bytes, times, memory.id.bytes, world.agent.id.bytes, Array(world.agent.name.utf8), world.key.hash,
        ]
        var count = 0
        for column in columns {
            let places = ranges(of: column, in: bytes)
            #expect(!places.isEmpty)
            for place in places {
                for offset in place {
                    count += 1
                    try home.flip("pinyon.db", at: offset, with: 1 << UInt8(count % 8))
                    #expect(try !Verification.run(path: home.path).isSound, "byte \(offset) of \(column)")
                    try home.flip("pinyon.db", at: offset, with: 1 << UInt8(count % 8))
                }
            }
        }
        #expect(try Verification.run(path: home.path).isSound)

        let place = try #require(ranges(of: columns[0], in: bytes).first)
        try home.flip("pinyon.db", at: place.lowerBound, with: 0x20)
        let report = try Verification.run(path: home.path)
        #expect(report.damagedRows == ["agent_memories \(world.organization.id)/\(memory.id)"])
        #expect(report.tables.first { $0.table == "agent_memories" } == .init(table: "agent_memories", rows: 3, damaged: 1))
        store = try home.open()
        let expected = StorageError.corruptRow(table: "agent_memories", place: "\(world.organization.id)/\(memory.id)")
        #expect(await storageError { _ = try await store.memories([memory.id], of: world.organization.id, withVectors: false) } == expected)
        #expect(await storageError { _ = try await store.page(MemoryListing(), of: world.organization.id) } == expected)
        #expect(await storageError { _ = try await store.write(world.request(.update(MemoryPatch(id: memory.id), space: nil))) } == expected)
        let (loaded, failures, _) = try store.loaded()
        #expect(loaded.count == 2)
        #expect(failures == [expected])
        // What is not damaged goes on.
        _ = try await store.write(world.request(.remember([world.memory()])))
        store.close()
    }

    private func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        stride(from: value.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    private func ranges(of part: [UInt8], in bytes: [UInt8]) -> [Range<Int>] {
        let data = Data(bytes)
        var found: [Range<Int>] = []
        while let next = data.range(of: Data(part), in: (found.last?.upperBound ?? 0)..<data.count) { found.append(next) }
        return found
    }

    @Test("with a byte of the write-ahead log changed, opening is refused or all that was acknowledged is there")
    func log() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 74)
        let store = try home.open()
        let kept = try await world.fill(store, count: 10)
        let truth = try await Truth(store, world, kept)
        let crashed = try home.copy()
        store.close()
        let log = try crashed.bytes("pinyon.db-wal")
        var generator = SeededGenerator(seed: 75)
        #expect(log.count > 10 * SQLiteSchema.pageBytes)
        var refused = 0
        var offsets = Array(0..<64)
        for step in 0..<100 { offsets.append(log.count - 1 - step * (SQLiteSchema.pageBytes + 24) / 50) }
        for _ in 0..<150 { offsets.append(Int.random(in: 0..<log.count, using: &generator)) }
        for offset in offsets {
            let copy = try crashed.copy()
            try copy.flip("pinyon.db-wal", at: offset, with: UInt8.random(in: 1...255, using: &generator))
            let isReportedSound = try Verification.run(path: copy.path).isSound
            do {
                let store = try copy.open()
                #expect(await truth.check(store, "byte \(offset) of the log") == 0)
                store.close()
            } catch is StorageError {
                refused += 1
                #expect(!isReportedSound, "opening refuses byte \(offset) of the log, but verification finds nothing")
            }
        }
        #expect(refused > 250)
        // Undamaged, the copy is what it was.
        let again = try crashed.open()
        #expect(await truth.check(again, "the log as it was") == 0)
        again.close()
    }

    @Test("a log cut off in its last commit is told as torn when nothing of it was acknowledged, and refused when it was")
    func tornLog() async throws {
        let home = try TemporaryDirectory()
        var world = World(seed: 76)
        let store = try home.openSQLite()
        try await world.create(in: store)
        _ = try await store.write(world.request(.remember([world.memory()])))
        let before = try home.copy()
        let committed = try home.bytes("pinyon.db-wal").count
        _ = try await store.write(world.request(.remember([world.memory()])))
        let after = try home.copy()
        store.close()
        let whole = try after.bytes("pinyon.db-wal")
        #expect(whole.count > committed + SQLiteSchema.pageBytes)
        for cut in [committed + 10, committed + SQLiteSchema.pageBytes + 24, whole.count - 1] {
            try before.write(Array(whole[..<cut]), to: "pinyon.db-wal")
            let copy = try before.copy()
            let store = try copy.openSQLite()
            #expect(store.notes.count == (cut >= committed + SQLiteSchema.pageBytes + 24 ? 1 : 0))
            #expect(try await store.counts(of: world.organization.id)[.memory].rows == 1)
            store.close()
            try after.write(Array(whole[..<cut]), to: "pinyon.db-wal")
            let acknowledged = try after.copy()
            guard case .corruptFile = await storageError({ _ = try acknowledged.open() }) else {
                Issue.record("an acknowledged change is gone, and the database was opened")
                return
            }
        }
    }

    @Test("garbage, a cut file and an empty file are reported by verification and never crash it")
    func garbage() async throws {
        let (home, _) = try await makeHome(count: 30)
        let bytes = try home.bytes("pinyon.db")
        var generator = SeededGenerator(seed: 77)
        for round in 0..<40 {
            var damaged = bytes
            for _ in 0..<(1 << (round % 12)) {
                damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if round % 4 == 3 { damaged.removeLast(Int.random(in: 1..<damaged.count, using: &generator)) }
            if round % 10 == 9 { damaged = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) } }
            let copy = try TemporaryDirectory()
            try copy.write(damaged, to: "pinyon.db")
            let isSound = try Verification.run(path: copy.path).isSound
            if round % 12 > 6 { #expect(!isSound) }
            if let store = try? copy.open() { store.close() }
        }
        let empty = try TemporaryDirectory()
        #expect(throws: StorageError.self) { try Verification.run(path: empty.path) }
        try empty.write([], to: "pinyon.db")
        #expect(try !Verification.run(path: empty.path).isSound)
    }
}
