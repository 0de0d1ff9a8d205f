import Client
import Dispatch
import Foundation
import Records
import Synchronization
import Testing
import Transport
import Wire

/// A connection that says what it is told to say, frame or not, and collects the frames that come back.
final class RawConnection: ChannelDelegate {
    struct State {
        var channel: Channel?
        var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
        var frames: [Frame] = []
        var isClosed = false
        var waiting: [(@Sendable (State) -> Bool, DispatchSemaphore)] = []
    }

    let state = Mutex(State())
    private static let loops = EventLoopGroup(count: 2)

    init(_ address: Address, tls: TLSClient? = nil) {
        let loop = RawConnection.loops.next()
        loop.execute { Connector.connect(to: address, on: loop, tls: tls, timeoutMilliseconds: 10_000, delegate: self) }
    }

    private func note(_ change: (inout State) -> Void) {
        let met = state.withLock { state -> [DispatchSemaphore] in
            change(&state)
            let copy = state
            defer { state.waiting.removeAll { $0.0(copy) } }
            return state.waiting.filter { $0.0(copy) }.map(\.1)
        }
        for semaphore in met { semaphore.signal() }
    }

    func channelOpened(_ channel: Channel) { note { $0.channel = channel } }
    func channelDrained(_ channel: Channel) {}
    func channelClosed(_ channel: Channel, reason: CloseReason) { note { $0.isClosed = true } }

    func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        let copy = unsafe bytes.withUnsafeBufferPointer { unsafe Array($0) }
        note { state in
            state.decoder.append(copy.span)
            while case .frame(let frame)? = try? state.decoder.next() { state.frames.append(frame) }
        }
    }

    /// Whether it came about; the bound is there only so that a broken test ends.
    func wait(seconds: Double = 20, _ condition: @escaping @Sendable (State) -> Bool) async -> Bool {
        let semaphore = DispatchSemaphore(value: 0)
        let isMet = state.withLock { state in
            if condition(state) { return true }
            state.waiting.append((condition, semaphore))
            return false
        }
        if isMet { return true }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: semaphore.wait(timeout: .now() + seconds) == .success) }
        }
    }

    func send(_ bytes: [UInt8]) {
        guard let channel = state.withLock({ $0.channel }) else { return }
        channel.loop.execute {
            channel.write(bytes)
            channel.flush()
        }
    }

    func close() {
        guard let channel = state.withLock({ $0.channel }) else { return }
        channel.loop.execute { channel.close(.now) }
    }

    /// Through the handshake.
    func authenticate(_ key: String, streamCredit: UInt32 = 1 << 20) async -> Bool {
        guard await wait({ $0.frames.first?.header.type == .hello }) else { return false }
        var bytes: [UInt8] = []
        Authenticate(client: "raw", key: key, streamCredit: streamCredit).append(to: &bytes)
        send(bytes)
        return await wait { $0.frames.contains { $0.header.type == .welcome } }
    }

    func request(_ operation: Records.Operation, id: UInt64, envelope: Envelope = Envelope()) {
        var bytes: [UInt8] = []
        Request(envelope: envelope, operation: operation).append(id: id, to: &bytes)
        send(bytes)
    }

    /// The error for that request; nil when something else came.
    func fault(_ id: UInt64) async -> Fault? {
        guard await wait({ state in state.isClosed || state.frames.contains { $0.header.request == id && [.error, .reply, .end].contains($0.header.type) } })
        else { return nil }
        let frame = state.withLock { $0.frames.first { $0.header.request == id && $0.header.type == .error } }
        return frame.flatMap { try? Fault.read($0.body) }
    }
}

@Suite("Nothing a client sends stops the server or touches another client", .serialized)
struct HostileTests {
    @Test("every broken frame gets the code that the golden file names, while another client goes on searching")
    func golden() async throws {
        let server = try ServerProcess()
        let client = server.client()
        let agent = try await client.ensureAgent("good").id
        _ = try await client.remember([MemoryDraft(agent: agent, content: "good", vector: [1, 0])])
        let url = Binary.checkout.appendingPathComponent("Tests/Golden/frames.jsonl")
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { try JSON(parsing: String($0)) }
        var tried = 0
        for line in lines {
            guard let name = line["name"]?.text, let error = line["error"]?.text, let hex = line["hex"]?.text, line["direction"]?.text != "server" else { continue }
            tried += 1
            let digits = Array(hex.utf8)
            let bytes = stride(from: 0, to: digits.count - 1, by: 2).compactMap { UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16) }
            let raw = RawConnection(server.address)
            defer { raw.close() }
            if line["stage"]?.text == "handshake" {
                #expect(await raw.wait { !$0.frames.isEmpty }, "\(name)")
            } else {
                #expect(await raw.authenticate(server.key), "\(name)")
            }
            raw.send(bytes)
            let endsConnection = line["ends_connection"]?.bool ?? false
            #expect(await raw.wait { state in state.isClosed || state.frames.contains { $0.header.type == .error } }, "\(name): no answer")
            let frame = raw.state.withLock { $0.frames.first { $0.header.type == .error } }
            let fault = frame.flatMap { try? Fault.read($0.body) }
            #expect(fault?.code.description == error, "\(name): \(fault?.description ?? "closed without a word")")
            if let field = line["field"]?.text { #expect(fault?.field == field, "\(name)") }
            if endsConnection {
                #expect(await raw.wait { $0.isClosed }, "\(name): not closed")
            } else {
                raw.request(.ping, id: 77_777)
                #expect(await raw.wait { $0.frames.contains { $0.header.request == 77_777 && $0.header.type == .reply } }, "\(name): the connection did not go on")
            }
            #expect(try await client.search(SearchRequest(query: .vector([1, 0]))).entries.count == 1)
        }
        #expect(tried >= 40, "\(tried) broken frames")
        #expect(server.stop() == 0)
    }

    @Test("fields that cannot be are refused by name, and the connection goes on")
    func fields() async throws {
        let server = try ServerProcess()
        let client = server.client()
        let agent = try await client.ensureAgent("a").id
        let id = try await client.remember([MemoryDraft(agent: agent, content: "c", vector: [1, 0])]).rows[0].id
        let absent = Identifier(high: 1, low: 1)
        let cases: [(Records.Operation, ErrorCode, String?)] = [
            (.remember([MemoryDraft(agent: agent, content: "c", vector: [.nan, 0])]), .invalidField, "memories[0].vector"),
            (.remember([MemoryDraft(agent: agent, content: "c", vector: [.infinity, 0])]), .invalidField, "memories[0].vector"),
            (.remember([MemoryDraft(agent: agent, content: "c", vector: [0, 0])]), .invalidField, "memories[0].vector"),
            (.remember([MemoryDraft(agent: agent, content: "c", vector: [1, 0, 0])]), .wrongDimension, "memories[0].vector"),
            (.remember([MemoryDraft(agent: agent, content: String(repeating: "a", count: Limits.contentBytesMax + 1))]), .invalidField, "memories[0].content"),
            (.remember([MemoryDraft(agent: agent, content: "a\u{0}b")]), .invalidField, "memories[0].content"),
            (.remember([MemoryDraft(agent: agent, content: "a", importance: 1.5)]), .invalidField, "memories[0].importance"),
            (.remember([]), .invalidField, "memories"),
            (.remember([MemoryDraft(agent: absent, content: "a")]), .invalidField, "agent"),
            (.remember([MemoryDraft(id: id, agent: agent, content: "a")]), .alreadyExists, "id"),
            (.search(SearchRequest(query: .vector([1, 0]), k: 0)), .invalidField, "k"),
            (.search(SearchRequest(query: .vector([1, 0]), k: Limits.kMax + 1)), .invalidField, "k"),
            (.search(SearchRequest(query: .vector([1]))), .wrongDimension, "vector"),
            (.search(SearchRequest(query: .text("hello"))), .noEmbedder, "text"),
            (.get([absent], withVectors: false), .notFound, "id"), (.update(MemoryPatch(id: absent, content: "x")), .notFound, "id"),
            (.delete([absent]), .notFound, "id"), (.update(MemoryPatch(id: id, ifVersion: 9, content: "x")), .versionMismatch, "if_version"),
            (.list(MemoryListing(limit: 0)), .invalidField, "limit"), (.ensureAgent(slug: "No Slug", name: "x"), .invalidField, "slug"),
        ]
        let raw = RawConnection(server.address)
        #expect(await raw.authenticate(server.key))
        for (number, (operation, code, field)) in cases.enumerated() {
            raw.request(operation, id: UInt64(number + 1))
            let fault = await raw.fault(UInt64(number + 1))
            #expect(fault?.code == code && fault?.field == field, "\(operation.name) \(number): \(fault?.description ?? "no error") \(fault?.field ?? "")")
        }
        #expect(try await client.memories([id]).map(\.content) == ["c"])
        let wrong = RawConnection(server.address)
        #expect(await wrong.wait { !$0.frames.isEmpty })
        var bytes: [UInt8] = []
        Authenticate(client: "raw", key: "pny_wrong").append(to: &bytes)
        wrong.send(bytes)
        #expect(await wrong.wait { $0.isClosed })
        #expect(wrong.state.withLock { $0.frames.last.flatMap { try? Fault.read($0.body) }?.code } == .unauthenticated)
    }

    @Test("garbage, half a frame and silence each end that connection alone")
    func garbage() async throws {
        let server = try ServerProcess(arguments: ["--handshake-seconds", "1"])
        let client = server.client()
        try await client.ping()
        var generator = KillTests.Generator(state: 7)
        for _ in 0..<50 {
            let raw = RawConnection(server.address)
            #expect(await raw.wait { !$0.frames.isEmpty })
            raw.send((0..<Int.random(in: 32...4_000, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) })
            #expect(await raw.wait { $0.isClosed })
        }
        let half = RawConnection(server.address)
        #expect(await half.wait { !$0.frames.isEmpty })
        var hello: [UInt8] = []
        Authenticate(client: "raw", key: "k").append(to: &hello)
        half.send(Array(hello.prefix(40)))
        let silent = (0..<50).map { _ in RawConnection(server.address) }
        for raw in silent + [half] {
            #expect(await raw.wait { $0.isClosed })
            #expect(raw.state.withLock { $0.frames.last.flatMap { try? Fault.read($0.body) }?.code } == .handshakeTimeout)
        }
        try await client.ping()
        #expect(server.stop() == 0)
    }

    @Test("2,000 idle connections cost little and are all answered")
    func idleConnections() async throws {
        let server = try ServerProcess()
        let client = server.client()
        func resident() async throws -> Int64 { try await client.status()["server"]?["resident_bytes"]?.integer ?? 0 }
        let before = try await resident()
        var idle: [RawConnection] = []
        for _ in 0..<2_000 {
            idle.append(RawConnection(server.address))
            if idle.count % 200 == 0 { for raw in idle.suffix(200) { #expect(await raw.authenticate(server.key)) } }
        }
        let after = try await resident()
        print("2,000 idle connections: \((after - before) / 1_024 / 1_024) MB, \((after - before) / 2_000) bytes each")
        #expect(after - before < 100 << 20)
        #expect(try await client.status()["connections"]?["open"] == 2_001)
        for (number, raw) in idle.enumerated() { raw.request(.ping, id: UInt64(number + 1)) }
        for (number, raw) in idle.enumerated() {
            #expect(await raw.wait { $0.frames.contains { $0.header.type == .reply && $0.header.request == UInt64(number + 1) } })
        }
        for raw in idle { raw.close() }
        #expect(server.stop() == 0)
    }

    @Test("halves of large frames count, and beyond the limit only those who send them are ended")
    func halves() async throws {
        let server = try ServerProcess()
        let client = server.client()
        try await client.ping()
        // The announced body is as large as a frame may be, and most of it is sent, but not the end.
        var frame: [UInt8] = []
        Request(
            envelope: Envelope(),
            operation: .remember((0..<60).map { _ in MemoryDraft(agent: Identifier(high: 1, low: 1), content: String(repeating: "h", count: Limits.contentBytesMax)) })
        ).append(id: 1, to: &frame)
        let half = Array(frame.dropLast(8))
        let raws = (0..<20).map { _ in RawConnection(server.address) }
        for raw in raws { #expect(await raw.authenticate(server.key)) }
        for raw in raws { raw.send(half) }
        var ended = 0
        for _ in 0..<1_000 where ended == 0 {
            ended = raws.count { $0.state.withLock(\.isClosed) }
            if ended == 0 { try await Task.sleep(nanoseconds: 20_000_000) }
        }
        #expect(ended >= 1 && ended < 20, "\(ended) of 20 were ended")
        for raw in raws { raw.close() }
        try await client.ping()
        let facts = try await client.status()
        #expect(facts["server"]?["resident_bytes"]?.integer ?? .max < 1_000 << 20)
        #expect(server.stop() == 0)
    }
}
