import Client
import Records
import Synchronization
import Testing
import Wire

/// A memory as the last acknowledged write left it.
struct Kept: Hashable, Sendable {
    let id: Identifier
    var content: String
    var version: Int64
    var importance: Double
    /// Its vector follows from its content.
    var hasVector: Bool

    func agrees(with memory: Memory) -> Bool {
        memory.id == id && memory.content == content && memory.version == version && memory.importance == importance
            && memory.embedding?.vector == (hasVector ? vector(of: content) : nil)
    }
}

/// One write, with what it makes of the memories that it touches.
struct Write: Sendable {
    let operation: Operation
    let idempotencyKey: Identifier
    /// What was there; empty for a remember.
    let before: [Kept]
    /// What will be there, its identifiers still open where the server makes them; empty for a delete.
    let after: [Kept]
    /// Nothing of it has left the client.
    var wasNeverSent = false
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func add() { count.add(1, ordering: .relaxed) }
}

/// Writes one thing after the other until the connection ends, and remembers what was acknowledged.
struct Writer: Sendable {
    let name: String
    let agent: Identifier
    var live: [Kept]
    var generator: SeededGenerator
    var acknowledged = 0
    /// The write of which it is not known whether it was done.
    var open: Write?
    /// An answer that no kill explains.
    var failure: String?
    private var number = 0

    private static let liveMax = 400

    init(name: String, agent: Identifier, live: [Kept], generator: SeededGenerator) {
        self.name = name
        self.agent = agent
        self.live = live
        self.generator = generator
    }

    mutating func run(_ client: MemoryClient, _ counter: Counter) async {
        while true {
            var write = next()
            do throws(ClientError) {
                guard case .written(let receipt) = try await client.perform(write.operation, idempotencyKey: write.idempotencyKey) else {
                    failure = "another answer than a receipt"
                    return
                }
                if let why = take(write, receipt) {
                    failure = why
                    return
                }
                acknowledged += 1
                counter.add()
            } catch {
                switch error {
                case .unreachable:
                    write.wasNeverSent = true
                    open = write
                case .connectionLost: open = write
                case .notTrusted, .timedOut, .cancelled, .refused, .protocolViolation, .closed, .tooLarge: failure = error.description
                }
                return
            }
        }
    }

    private mutating func next() -> Write {
        let dice = live.count > Writer.liveMax ? 9 : live.isEmpty ? 0 : Int.random(in: 0...9, using: &generator)
        return switch dice {
        case 0...4: remember()
        case 5...7: update()
        default: delete()
        }
    }

    private mutating func content() -> String {
        number += 1
        let padding = String(repeating: "ä", count: Int.random(in: 0...200, using: &generator))
        return "memory \(number) of \(name) \(padding)"
    }

    private mutating func key() -> Identifier { Identifier(high: generator.next(), low: generator.next()) }

    private mutating func remember() -> Write {
        let count = Bool.random(using: &generator) ? 1 : Int.random(in: 1...20, using: &generator)
        let namesIt = Bool.random(using: &generator)
        var drafts: [MemoryDraft] = []
        var after: [Kept] = []
        for _ in 0..<count {
            let text = content()
            let id = namesIt ? key() : nil
            drafts.append(MemoryDraft(id: id, agent: agent, content: text, importance: 0.25, vector: vector(of: text)))
            after.append(Kept(id: id ?? Identifier(high: 0, low: 0), content: text, version: 1, importance: 0.25, hasVector: true))
        }
        return Write(operation: .remember(drafts), idempotencyKey: key(), before: [], after: after)
    }

    private mutating func update() -> Write {
        let before = live[Int.random(in: 0..<live.count, using: &generator)]
        var after = before
        var patch = MemoryPatch(id: before.id)
        after.version += 1
        switch Int.random(in: 0...3, using: &generator) {
        case 0:
            after.importance = Double(Int.random(in: 0...1_000, using: &generator)) / 1_000
            patch.importance = after.importance
        case 1:
            // New content without a vector clears the old one.
            after.content = content()
            after.hasVector = false
            patch.content = after.content
        default:
            after.content = content()
            after.hasVector = true
            patch.content = after.content
            patch.vector = .set(vector(of: after.content))
            patch.ifVersion = before.version
        }
        return Write(operation: .update(patch), idempotencyKey: key(), before: [before], after: [after])
    }

    private mutating func delete() -> Write {
        let count = min(live.count, Int.random(in: 1...(live.count > Writer.liveMax ? 200 : 5), using: &generator))
        let before = Array(live.shuffled(using: &generator).prefix(count))
        return Write(operation: .delete(before.map(\.id)), idempotencyKey: key(), before: before, after: [])
    }

    /// Takes an acknowledged write; what is wrong with its receipt, if something is.
    private mutating func take(_ write: Write, _ receipt: WriteReceipt) -> String? {
        switch Ledger.result(of: write, receipt) {
        case .failure(let wrong): return wrong.sentence
        case .success(let after):
            let gone = Set(write.before.map(\.id))
            live.removeAll { gone.contains($0.id) }
            live += after
            return nil
        }
    }
}

/// All that must be there.
struct Ledger {
    static let writers = 6

    struct Wrong: Error { let sentence: String }

    private(set) var live: [Identifier: Kept]
    private(set) var hasFailed = false

    init(_ live: [Kept] = []) { self.live = Dictionary(live.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }) }

    func shares(_ count: Int) -> [[Kept]] {
        var shares = [[Kept]](repeating: [], count: count)
        for (position, kept) in live.values.sorted(by: { $0.id < $1.id }).enumerated() { shares[position % count].append(kept) }
        return shares
    }

    mutating func take(_ writers: [Writer]) {
        live = [:]
        for writer in writers {
            for kept in writer.live { live[kept.id] = kept }
            if let failure = writer.failure { fail("\(writer.name): \(failure)") }
        }
    }

    private mutating func fail(_ sentence: String) {
        hasFailed = true
        Issue.record("\(sentence)")
    }

    /// What a write has left, by its receipt.
    static func result(of write: Write, _ receipt: WriteReceipt) -> Result<[Kept], Wrong> {
        let wanted = write.after.isEmpty ? write.before : write.after
        guard receipt.rows.count == wanted.count else { return .failure(Wrong(sentence: "\(receipt.rows.count) rows in a receipt for \(wanted.count)")) }
        for (row, kept) in zip(receipt.rows, wanted) {
            let idIsOpen = kept.id == Identifier(high: 0, low: 0)
            guard row.version == kept.version, idIsOpen || row.id == kept.id else { return .failure(Wrong(sentence: "a receipt with \(row) for \(kept)")) }
        }
        return .success(zip(receipt.rows, write.after).map { row, kept in
            Kept(id: row.id, content: kept.content, version: kept.version, importance: kept.importance, hasVector: kept.hasVector)
        })
    }

    private static func everything(_ client: MemoryClient) async throws -> [Memory] {
        var all: [Memory] = []
        for try await page in client.stream(MemoryListing(withVectors: true)) { all += page }
        return all
    }

    /// Looks at the writes that were not acknowledged, each of which is wholly there or not at all, then sends them again under their keys.
    mutating func settle(_ writes: [Write], _ client: MemoryClient) async throws {
        let stored = try await Ledger.everything(client)
        let byContent = Dictionary(grouping: stored, by: \.content)
        let byId = Dictionary(stored.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for write in writes {
            let done: Int
            switch write.operation {
            case .remember:
                done = write.after.count { kept in
                    guard let found = byContent[kept.content]?.first else { return false }
                    var expected = Kept(id: found.id, content: kept.content, version: 1, importance: kept.importance, hasVector: true)
                    if kept.id != Identifier(high: 0, low: 0) { expected = kept }
                    if !expected.agrees(with: found) { fail("an unacknowledged memory is half there: \(found)") }
                    return true
                }
                if done != 0, done != write.after.count { fail("\(done) of a batch of \(write.after.count) are there") }
            case .update:
                guard let before = write.before.first, let after = write.after.first else { continue }
                guard let found = byId[before.id] else {
                    fail("an updated memory is gone: \(before)")
                    continue
                }
                done = after.agrees(with: found) ? 1 : 0
                if done == 0, !before.agrees(with: found) { fail("an update is half there: \(found)") }
            default:
                done = write.before.count { byId[$0.id] == nil }
                for kept in write.before {
                    if let found = byId[kept.id], !kept.agrees(with: found) { fail("a memory that was to be deleted has changed: \(found)") }
                }
                if done != 0, done != write.before.count { fail("\(done) of \(write.before.count) are deleted") }
            }
            if write.wasNeverSent, done != 0 { fail("a write that was said not to be sent was done") }
            try await again(write, client)
        }
    }

    private mutating func again(_ write: Write, _ client: MemoryClient) async throws {
        var receipts: [WriteReceipt] = []
        for _ in 1...2 {
            guard case .written(let receipt) = try await client.perform(write.operation, idempotencyKey: write.idempotencyKey) else { return }
            receipts.append(receipt)
        }
        if receipts[0] != receipts[1] { fail("the same key got two receipts: \(receipts)") }
        switch Ledger.result(of: write, receipts[0]) {
        case .failure(let wrong): fail("sent again: \(wrong.sentence)")
        case .success(let after):
            for kept in write.before { live[kept.id] = nil }
            for kept in after { live[kept.id] = kept }
        }
    }

    /// What the server has is what must be there, no more, no less; each is found by its own vector; the counts agree.
    mutating func compare(_ client: MemoryClient, using generator: inout SeededGenerator) async throws {
        let stored = try await Ledger.everything(client)
        if Set(stored.map(\.id)).count != stored.count { fail("a memory came twice in a stream") }
        if Set(stored.map(\.content)).count != stored.count { fail("a write was done twice") }
        let byId = Dictionary(stored.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for kept in live.values {
            guard let found = byId[kept.id] else {
                fail("an acknowledged memory is gone: \(kept)")
                continue
            }
            if !kept.agrees(with: found) { fail("an acknowledged memory is \(found), not \(kept)") }
        }
        for memory in stored where live[memory.id] == nil { fail("a memory is there that is deleted or was never written: \(memory)") }
        let withVectors = live.values.filter(\.hasVector).sorted { $0.id < $1.id }
        for kept in withVectors.shuffled(using: &generator).prefix(60) {
            let answer = try await client.search(SearchRequest(query: .vector(vector(of: kept.content)), k: 1))
            guard let first = answer.entries.first, first.hit.id == kept.id, first.hit.score >= 0.9999, first.memory?.content == kept.content else {
                fail("a search for the vector of \(kept) found \(answer.entries)")
                continue
            }
        }
        let status = try await client.status()
        let counts = [
            status["organization"]?["memories"]?.integer, status["organization"]?["memories_with_vector"]?.integer, status["indexes"]?["memories"]?["rows"]?.integer,
        ]
        let expected = [stored.count, withVectors.count, withVectors.count].map { Int64($0) }
        if counts != expected.map(Optional.some) { fail("status counts \(counts), and there are \(expected)") }
    }
}
