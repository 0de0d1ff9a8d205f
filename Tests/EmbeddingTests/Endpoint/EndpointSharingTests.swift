import Embedding
import Foundation
import Synchronization
import Testing

@Suite("Calls that share an endpoint")
struct EndpointSharingTests {
    @Test("a call that is not wanted any more ends while the endpoint is silent")
    func cancelledTransfer() throws {
        let fixture = try EndpointFixture([Replies.silent])
        let start = ContinuousClock.now
        #expect(throws: EmbeddingError.cancelled) {
            _ = try fixture.embedder.embed(["one"]) { fixture.endpoint.requests.isEmpty }
        }
        #expect(ContinuousClock.now - start < .seconds(20), "far below the timeout of a minute")
        #expect(fixture.endpoint.requests.count == 1)
    }

    @Test("a call that is not wanted any more ends in a pause between two tries")
    func cancelledPause() throws {
        let fixture = try EndpointFixture([Replies.fails(503, headers: ["Retry-After: 25"])])
        #expect(throws: EmbeddingError.cancelled) {
            _ = try fixture.embedder.embed(["one"]) { fixture.time.total < 5 }
        }
        #expect((5..<6).contains(fixture.time.total))
        #expect(fixture.endpoint.requests.count == 1)
    }

    @Test("a call that is not wanted any more ends while it waits for its turn")
    func cancelledTurn() throws {
        let fixture = try EndpointFixture([Replies.silent]) { $0.callsMax = 1 }
        let isWanted = Atomic(true)
        let first = Running { _ = try? fixture.embedder.embed(["one"]) { isWanted.load(ordering: .relaxed) } }
        while fixture.endpoint.requests.isEmpty { usleep(1_000) }
        let looks = Atomic(0)
        #expect(throws: EmbeddingError.cancelled) {
            _ = try fixture.embedder.embed(["two"]) { looks.add(1, ordering: .relaxed).newValue < 3 }
        }
        #expect(fixture.endpoint.requests.count == 1)
        isWanted.store(false, ordering: .relaxed)
        first.wait()
    }

    @Test("after a call was cancelled, the next one is served")
    func afterCancellation() throws {
        let fixture = try EndpointFixture([Replies.silent, Replies.good]) { $0.callsMax = 1 }
        #expect(throws: EmbeddingError.cancelled) { _ = try fixture.embedder.embed(["one"]) { fixture.endpoint.requests.isEmpty } }
        #expect(try fixture.embed(["two"]) == [Replies.vector("two")])
    }

    @Test("as many calls as may be are under way at once, and no more")
    func callsAtOnce() throws {
        let fixture = try EndpointFixture([
            { request in .together(count: 3, body: Replies.body(Replies.entries(request.texts, Replies.floats))) }
        ]) { $0.callsMax = 3 }
        let running = (0..<9).map { number in Running { #expect((try? fixture.embed(["text \(number)"])) == [Replies.vector("text \(number)")]) } }
        for call in running { call.wait() }
        #expect(fixture.endpoint.requests.count == 9)
        #expect(fixture.endpoint.atOnceMax == 3)
        #expect(fixture.endpoint.connections == 3)
    }

    @Test("a connection is kept alive between calls, and made again when the endpoint closed it")
    func keptAlive() throws {
        let good = Replies.good
        let fixture = try EndpointFixture([good, good, { _ in .hangUp }, good])
        for text in ["one", "two", "three"] { #expect(try fixture.embed([text]) == [Replies.vector(text)]) }
        #expect(Set(fixture.endpoint.requests.prefix(2).map(\.connection)) == [0])
        #expect(fixture.endpoint.connections == 2)
    }

    @Test("after failures in a row calls fail at once, until one finds the endpoint well again")
    func breaker() throws {
        let fails = Replies.fails(503)
        let fixture = try EndpointFixture([fails, fails, fails, fails, Replies.good]) {
            ($0.failuresMax, $0.coolingMilliseconds, $0.retriesMax) = (3, 10_000, 1)
        }
        #expect(fixture.failure()?.isUnavailable == true)
        #expect(fixture.endpoint.requests.count == 2)
        // The third failure opens it, so that this call's own retry is not made any more.
        #expect(fixture.failure()?.description.contains("status 503") == true)
        #expect(fixture.endpoint.requests.count == 3)
        let told = try #require(fixture.failure())
        #expect(told.description.contains("left alone"))
        #expect((9..<10).contains(try #require(told.retryAfter)))
        #expect(fixture.endpoint.requests.count == 3)
        fixture.time.advance(10)
        #expect(fixture.failure()?.description.contains("status 503") == true)
        #expect(fixture.endpoint.requests.count == 4)
        #expect(fixture.failure()?.description.contains("left alone") == true)
        fixture.time.advance(10)
        for _ in 0..<2 { #expect(try fixture.embed(["one"]) == [Replies.vector("one")]) }
        #expect(fixture.endpoint.requests.count == 6)
    }

    @Test("refusals and bad answers leave the breaker closed", arguments: [400, 200])
    func answersThatAreNoFailures(_ status: Int) throws {
        let fixture = try EndpointFixture([Replies.fails(status)]) { $0.failuresMax = 1 }
        for _ in 0..<3 { #expect(fixture.failure()?.isUnavailable == false) }
        #expect(fixture.endpoint.requests.count >= 3)
    }
}

/// Work on a thread of its own, which may block.
final class Running: Sendable {
    private let done = DispatchSemaphore(value: 0)

    init(_ work: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [done] in
            work()
            done.signal()
        }
    }

    func wait() { done.wait() }
}
