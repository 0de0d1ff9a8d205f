import Embedding
import Foundation
import Synchronization
import Testing
import Transport

@Suite("An endpoint that fails")
struct EndpointFailureTests {
    private static let texts = ["one", "two"]
    private static let vectors = texts.map(Replies.vector)

    @Test("a failure that may pass is tried again after a pause", arguments: [408, 409, 429, 500, 502, 503, 504, 529])
    func passing(_ status: Int) throws {
        let fixture = try EndpointFixture([Replies.fails(status), Replies.fails(status), Replies.good])
        #expect(try fixture.embed(EndpointFailureTests.texts) == EndpointFailureTests.vectors)
        #expect(fixture.endpoint.requests.count == 3)
        // Half of half a second, and half of a second.
        #expect(abs(fixture.time.total - 0.75) < 1e-9)
    }

    @Test("one that does not pass is told when the retries are used up")
    func lasting() throws {
        let fixture = try EndpointFixture([Replies.fails(503)]) { $0.retriesMax = 2 }
        #expect(
            fixture.failure() == .unavailable(endpoint: fixture.endpoint.url + "/v1/embeddings", why: "it answers with status 503: out of order", retryAfter: nil))
        #expect(fixture.endpoint.requests.count == 3)
    }

    @Test("what the endpoint refuses is not asked again, and its reason is told", arguments: [400, 401, 403, 404, 413, 422])
    func refused(_ status: Int) throws {
        let fixture = try EndpointFixture([Replies.fails(status)])
        #expect(fixture.failure() == .refused(endpoint: fixture.endpoint.url + "/v1/embeddings", why: "it answers with status \(status): out of order"))
        #expect(fixture.endpoint.requests.count == 1)
    }

    @Test(
        "the endpoint's reason is found in every shape that is in use",
        arguments: [
            (#"{"error":{"message":"the reason"}}"#, ": the reason"), (#"{"error":"the reason","error_type":"Validation"}"#, ": the reason"),
            (#"{"object":"error","message":"the reason"}"#, ": the reason"), (#"{"detail":"the reason"}"#, ": the reason"),
            (#"{"detail":[1]}"#, ""), ("<html>the reason</html>", ""), ("", ""), (#"{"error":{"message":"a\nb\u0000\u001b[31mc\u202ed"}}"#, ": a b[31mcd"),
        ])
    func reasons(_ body: String, _ told: String) throws {
        let fixture = try EndpointFixture([Replies.fails(400, body)])
        #expect(fixture.failure() == .refused(endpoint: fixture.endpoint.url + "/v1/embeddings", why: "it answers with status 400" + told))
    }

    @Test("a long reason is cut between characters")
    func longReason() throws {
        let fixture = try EndpointFixture([Replies.fails(400, #"{"error":""# + String(repeating: "漢", count: 5_000) + #""}"#)])
        #expect(fixture.failure()?.description.hasSuffix("status 400: " + String(repeating: "漢", count: 100) + "…") == true)
    }

    @Test("a used-up quota is a refusal, though its status is the one of too many requests")
    func quota() throws {
        let fixture = try EndpointFixture([Replies.fails(429, #"{"error":{"message":"no money","code":"insufficient_quota"}}"#)])
        #expect(fixture.failure()?.isRefused == true)
        #expect(fixture.endpoint.requests.count == 1)
    }

    @Test("a redirect is not followed", arguments: [301, 302, 307, 308])
    func redirect(_ status: Int) throws {
        let elsewhere = try MisbehavingEndpoint(Replies.good)
        let fixture = try EndpointFixture([Replies.fails(status, "", headers: ["Location: " + elsewhere.url + "/v1/embeddings"])])
        let failure = try #require(fixture.failure())
        #expect(failure.isRefused && failure.description.contains("redirects are not followed"))
        #expect(elsewhere.connections == 0)
    }

    @Test(
        "the pause that the endpoint asks for is kept, in seconds or as a date",
        arguments: ["Retry-After: 7", "retry-after: 7", "Retry-After: Sun, 06 Nov 1994 08:49:44 GMT"])
    func retryAfter(_ header: String) throws {
        let fixture = try EndpointFixture([Replies.fails(429, headers: [header]), Replies.good])
        #expect(try fixture.embed(EndpointFailureTests.texts) == EndpointFailureTests.vectors)
        #expect(abs(fixture.time.total - 7) < 1e-6)
    }

    @Test("a pause that is too long is not waited for but told", arguments: ["Retry-After: 3600", "Retry-After: Sun, 06 Nov 1994 09:49:37 GMT"])
    func longRetryAfter(_ header: String) throws {
        let fixture = try EndpointFixture([Replies.fails(503, headers: [header])])
        #expect(fixture.failure()?.retryAfter == 3_600)
        #expect(fixture.time.total == 0)
        #expect(fixture.endpoint.requests.count == 1)
    }

    @Test("an endpoint that never answers is given up in time, and tried again")
    func timeout() throws {
        let fixture = try EndpointFixture([Replies.silent]) { ($0.requestTimeoutMilliseconds, $0.retriesMax) = (100, 1) }
        #expect(fixture.failure()?.isUnavailable == true)
        #expect(fixture.endpoint.requests.count == 2)
        let late = try EndpointFixture([Replies.silent, Replies.good]) { $0.requestTimeoutMilliseconds = 1_000 }
        #expect(try late.embed(EndpointFailureTests.texts) == EndpointFailureTests.vectors)
    }

    @Test("an answer that ends too early is no answer, and is asked for again")
    func cutOff() throws {
        let fixture = try EndpointFixture([{ _ in .cutOff(announced: 500, body: #"{"data":[{"index":0,"embedding":[1,2"#) }, Replies.good])
        #expect(try fixture.embed(EndpointFailureTests.texts) == EndpointFailureTests.vectors)
        #expect(fixture.endpoint.requests.count == 2)
    }

    @Test("an endpoint that closes instead of answering is tried again")
    func closes() throws {
        let hangingUp = try EndpointFixture([{ _ in .hangUp }, Replies.good])
        #expect(try hangingUp.embed(EndpointFailureTests.texts) == EndpointFailureTests.vectors)
        let closing = try EndpointFixture([Replies.good], closedAtAccept: 2)
        #expect(try closing.embed(EndpointFailureTests.texts) == EndpointFailureTests.vectors)
        #expect(closing.endpoint.connections == 3)
    }

    @Test("an endpoint that is not there is not available")
    func nobody() throws {
        let port = try MisbehavingEndpoint.freePort()
        let fixture = try EndpointFixture([Replies.good]) { $0.url = try EndpointURL("http://127.0.0.1:\(port)") }
        #expect(fixture.failure()?.isUnavailable == true)
        #expect(fixture.time.total > 0)
    }

    @Test("an endless reason of a refusal is read only as far as an answer may be long")
    func endlessRefusal() throws {
        let fixture = try EndpointFixture([{ _ in .endless(status: 401) }])
        #expect(fixture.failure()?.isRefused == true)
    }

    @Test("an endpoint whose certificate nobody vouches for is told no key")
    func untrusted() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-endpoint-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (certificate, key) = (folder.appendingPathComponent("server.crt"), folder.appendingPathComponent("server.key"))
        let pair = try SelfSigned.make(names: ["127.0.0.1"], days: 2)
        try Data(pair.certificatePEM).write(to: certificate)
        try Data(pair.keyPEM).write(to: key)
        let owner = Overhearing()
        let listener = try Listener(
            address: Address("127.0.0.1:0"), group: EventLoopGroup(count: 1), tls: TLSServer(certificateFile: certificate.path, keyFile: key.path)
        ) { _ in owner }
        defer { listener.stop() }
        let fixture = try EndpointFixture([Replies.good]) { $0.url = try EndpointURL("https://127.0.0.1:\(listener.address.port)") }
        let failure = try #require(fixture.failure())
        #expect(failure.isUnavailable && failure.description.contains("certificate"), "\(failure)")
        #expect(fixture.time.total == 0, "it was tried again")
        #expect(owner.bytes.withLock { $0 } == 0)
    }

    /// Counts what it is sent.
    private final class Overhearing: ChannelDelegate {
        let bytes = Mutex(0)

        func channelOpened(_: Channel) {}
        func channel(_: Channel, received bytes: Span<UInt8>) { self.bytes.withLock { $0 += bytes.count } }
        func channelDrained(_: Channel) {}
        func channelClosed(_: Channel, reason _: CloseReason) {}
    }
}
