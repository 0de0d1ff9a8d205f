import Dispatch
import Embedding
import Records
import Synchronization
import Testing

@testable import Engine

@Suite("Texts of many requests share calls, in turn, within bounds, and are remembered for their own organization alone")
struct EmbeddingQueueTests {
    private static let house = Identifier(high: 1, low: 1)
    private static let other = Identifier(high: 1, low: 2)
    private static let space = Identifier(high: 2, low: 2)

    private func queue(_ embedder: FakeEmbedder, bytesMax: Int = 100_000, cacheBytesMax: Int = 1 << 20) -> EmbeddingQueue {
        EmbeddingQueue(embedder, cacheBytesMax: cacheBytesMax, bytesMax: bytesMax, log: .silent)
    }

    private func embed(
        _ queue: EmbeddingQueue, _ texts: [String], of organization: Identifier = house, _ urgency: EmbeddingQueue.Urgency = .request,
        isWanted: @escaping @Sendable () -> Bool = { true }
    ) async -> EmbeddingQueue.Answer {
        await withCheckedContinuation { continuation in
            queue.embed(texts, of: organization, in: EmbeddingQueueTests.space, urgency: urgency, isWanted: isWanted) { continuation.resume(returning: $0) }
        }
    }

    /// Until what the test has asked for stands in the queue or in the embedder.
    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<30_000 {
            if condition() { return }
            try await Task.sleep(for: .milliseconds(2))
        }
        Issue.record("it did not come to that")
    }

    @Test("an idle queue begins at once, and answers in the order of the texts")
    func order() async throws {
        let embedder = FakeEmbedder()
        let texts = (0..<100).map { "text number \($0)" }
        let answer = await embed(queue(embedder), texts)
        #expect(answer == .success(texts.map(FakeEmbedder.vector)))
        #expect(embedder.calls.allSatisfy { $0.count <= 16 } && embedder.texts.count == 100)
    }

    @Test("what waits of many requests shares a call, one text of each in turn, and a job comes after them")
    func fairness() async throws {
        let embedder = FakeEmbedder(callsMax: 1, textsMax: 8, isOpen: false)
        let queue = queue(embedder)
        async let first = embed(queue, ["opening"])
        try await until { embedder.calls.count == 1 }
        async let job = embed(queue, (0..<4).map { "job \($0)" }, .job)
        async let long = embed(queue, (0..<20).map { "long \($0)" })
        try await until { queue.waitingCount == 24 }
        async let short = embed(queue, ["short"])
        try await until { queue.waitingCount == 25 }
        for _ in 0..<10 { embedder.gate.signal() }
        _ = await (first, job, long, short)
        let calls = embedder.calls
        #expect(calls[1].contains("short") && calls[1].count == 8)
        #expect(calls.firstIndex { $0.contains("job 0") } == calls.count - 1)
        #expect(calls.flatMap { $0 }.count == 26)
    }

    @Test("a text that is refused fails its own request and no other")
    func poison() async throws {
        let embedder = FakeEmbedder(callsMax: 1, isOpen: false)
        let queue = queue(embedder)
        async let first = embed(queue, ["opening"])
        try await until { embedder.calls.count == 1 }
        async let bad = embed(queue, ["poison"], of: EmbeddingQueueTests.other)
        async let good = embed(queue, ["honey"])
        try await until { queue.waitingCount == 2 }
        for _ in 0..<10 { embedder.gate.signal() }
        #expect(await first == .success([FakeEmbedder.vector("opening")]))
        #expect(await bad == .failure(.embedding(.refused(endpoint: "http://127.0.0.1", why: "the text is not liked"))))
        #expect(await good == .success([FakeEmbedder.vector("honey")]))
    }

    @Test("a request that nobody waits for any more ends as cancelled, before its turn and within its call")
    func cancelled() async throws {
        let embedder = FakeEmbedder(callsMax: 1, isOpen: false)
        let queue = queue(embedder)
        let isWanted = Atomic<Bool>(true)
        let box = Box(isWanted)
        async let running = embed(queue, ["running"], isWanted: { box.isWanted.load(ordering: .relaxed) })
        try await until { embedder.calls.count == 1 }
        async let waiting = embed(queue, ["waiting"], isWanted: { box.isWanted.load(ordering: .relaxed) })
        try await until { queue.waitingCount == 1 }
        box.isWanted.store(false, ordering: .relaxed)
        #expect(await running == .failure(.embedding(.cancelled)))
        #expect(await waiting == .failure(.embedding(.cancelled)))
        #expect(!embedder.texts.contains("waiting"))
        embedder.gate.signal()
        #expect(await embed(queue, ["after"]) == .success([FakeEmbedder.vector("after")]))
    }

    @Test("who is not wanted any more is let go within a call that goes on for another")
    func cancelledWithinCall() async throws {
        let embedder = FakeEmbedder(callsMax: 1, isOpen: false)
        let queue = queue(embedder)
        async let first = embed(queue, ["opening"])
        try await until { embedder.calls.count == 1 }
        let box = Box(Atomic<Bool>(true))
        async let leaving = embed(queue, ["leaving"], isWanted: { box.isWanted.load(ordering: .relaxed) })
        async let staying = embed(queue, ["staying"])
        try await until { queue.waitingCount == 2 }
        embedder.gate.signal()
        #expect(await first == .success([FakeEmbedder.vector("opening")]))
        try await until { embedder.calls.count == 2 }
        box.isWanted.store(false, ordering: .relaxed)
        #expect(await leaving == .failure(.embedding(.cancelled)))
        embedder.gate.signal()
        #expect(await staying == .success([FakeEmbedder.vector("staying")]))
    }

    private final class Box: Sendable {
        let isWanted: Atomic<Bool>

        init(_ isWanted: consuming Atomic<Bool>) { self.isWanted = isWanted }
    }

    @Test("texts beyond the bound are refused at once, and room comes back with the answers")
    func full() async throws {
        let embedder = FakeEmbedder(callsMax: 1, isOpen: false)
        let queue = queue(embedder, bytesMax: 100)
        async let first = embed(queue, [String(repeating: "a", count: 60)])
        try await until { embedder.calls.count == 1 }
        #expect(await embed(queue, [String(repeating: "b", count: 60)]) == .failure(.full))
        embedder.gate.signal()
        _ = await first
        embedder.gate.signal()
        #expect(await embed(queue, [String(repeating: "b", count: 60)]) == .success([FakeEmbedder.vector(String(repeating: "b", count: 60))]))
    }

    @Test("a text is computed once for an organization, and once more for another")
    func cache() async throws {
        let embedder = FakeEmbedder()
        let queue = queue(embedder)
        for _ in 0..<3 { #expect(await embed(queue, ["same", "same too"]) == .success(["same", "same too"].map(FakeEmbedder.vector))) }
        #expect(embedder.texts.count == 2)
        _ = await embed(queue, ["same"], of: EmbeddingQueueTests.other)
        #expect(embedder.texts.count == 3)
        #expect(await embed(queue, ["new", "same"]) == .success(["new", "same"].map(FakeEmbedder.vector)))
        #expect(embedder.texts.last == "new" && queue.counts.cached == 5 && queue.counts.texts == 4)
    }

    @Test("the cache keeps within its bytes, and what is used stays")
    func budget() {
        let cache = VectorCache(bytesMax: 10 * (4 * 8 + 96))
        let vector = [Float](repeating: 1, count: 8)
        func key(_ text: String) -> VectorCache.Key { VectorCache.Key(text, of: EmbeddingQueueTests.house, in: EmbeddingQueueTests.space) }
        cache[key("used")] = vector
        for number in 0..<100 {
            cache[key("\(number)")] = vector
            #expect(cache[key("used")] == vector)
        }
        let kept = (0..<100).count { cache[key("\($0)")] != nil }
        #expect((1...10).contains(kept))
        cache[key("large")] = [Float](repeating: 1, count: 10_000)
        #expect(cache[key("large")] == nil)
    }

    @Test("an empty text and one that is too long are told by their place, and nothing is asked")
    func unfit() async {
        let embedder = FakeEmbedder()
        let queue = queue(embedder)
        #expect(await embed(queue, ["good", " \n"]) == .failure(.embedding(.emptyText(text: 1))))
        #expect(await embed(queue, [String(repeating: "a", count: 1_001)]) == .failure(.embedding(.textTooLong(text: 0, bytes: 1_001, bytesMax: 1_000))))
        #expect(embedder.calls.isEmpty)
    }

    @Test("after a failure the next request is asked again")
    func failure() async {
        let embedder = FakeEmbedder()
        let queue = queue(embedder)
        embedder.set(.away)
        guard case .failure(.embedding(.unavailable)) = await embed(queue, ["a"]) else {
            Issue.record("it did not fail")
            return
        }
        embedder.set(.well)
        #expect(await embed(queue, ["a"]) == .success([FakeEmbedder.vector("a")]))
        #expect(queue.counts.failures == 1)
    }
}
