import Foundation
import Synchronization
import Testing
import Transport

@Suite("Channels carry bytes both ways", .serialized)
struct ChannelTests {
    /// A pattern of 64 KiB that no shift by a part of it repeats, as often as it fits.
    private func payload(_ count: Int) -> [UInt8] {
        let pattern = (0..<min(count, 65_536)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        return Array(repeatElement(pattern, count: count / max(1, pattern.count)).joined()) + pattern.prefix(count % max(1, pattern.count))
    }

    private func parts(_ tls: Bool) throws -> (Peer, TLSClient?, Certificate?) {
        guard tls else { return (try Peer(), nil, nil) }
        let certificate = try Certificate()
        return (try Peer(tls: certificate.server()), try certificate.client(), certificate)
    }

    @Test("what is sent comes back, whole and byte by byte", arguments: [false, true])
    func echo(tls: Bool) async throws {
        let (peer, trust, certificate) = try parts(tls)
        let client = try peer.connect(tls: trust)
        #expect(await client.wait { $0.isOpen })
        let bytes = payload(500)
        client.send(bytes)
        #expect(await client.wait { $0.bytes.count >= 500 })
        for byte in bytes { client.send([byte]) }
        #expect(await client.wait { $0.bytes.count >= 1_000 })
        #expect(client.state.withLock { $0.bytes } == bytes + bytes)
        withExtendedLifetime(certificate) {}
    }

    @Test("ten megabytes pass both ways, more than any socket holds at once", arguments: [false, true])
    func large(tls: Bool) async throws {
        let (peer, trust, certificate) = try parts(tls)
        let client = try peer.connect(tls: trust)
        #expect(await client.wait { $0.isOpen })
        let bytes = payload(10 << 20)
        client.send(bytes)
        #expect(await client.wait { $0.bytes.count >= 10 << 20 })
        #expect(client.state.withLock { $0.bytes } == bytes)
        withExtendedLifetime(certificate) {}
    }

    @Test("closing after a flush sends what waits first; the other side hears of an orderly end, once", arguments: [false, true])
    func closing(tls: Bool) async throws {
        let (peer, trust, certificate) = try parts(tls)
        let client = try peer.connect(tls: trust)
        #expect(await client.wait { $0.isOpen })
        let server = try #require(await peer.nextAccepted())
        let bytes = payload(3 << 20)
        server.onLoop { channel in
            channel.write(bytes)
            channel.close(.afterFlush)
        }
        #expect(await client.wait { !$0.closed.isEmpty })
        #expect(client.state.withLock { $0.bytes.count } == bytes.count)
        #expect(client.state.withLock { $0.closed } == [.closedByPeer])
        #expect(await server.wait { !$0.closed.isEmpty })
        #expect(server.state.withLock { $0.closed } == [.closedHere])
        #expect(client.state.withLock { $0.eventsAfterClose } == 0 && server.state.withLock { $0.eventsAfterClose } == 0)
        withExtendedLifetime(certificate) {}
    }

    @Test("descriptors come back when channels have gone, and are used again without harm")
    func descriptors() async throws {
        func count() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }
        let peer = try Peer()
        let before = try count()
        for _ in 0..<4 {
            var clients: [Recorder] = []
            for _ in 0..<50 { clients.append(try peer.connect()) }
            for client in clients {
                #expect(await client.wait { $0.isOpen })
                client.send([1, 2, 3])
            }
            for client in clients { #expect(await client.wait { $0.bytes == [1, 2, 3] }) }
            for client in clients { client.onLoop { $0.close(.now) } }
            for client in clients { #expect(await client.wait { $0.closed == [.closedHere] }) }
        }
        for server in peer.all { #expect(await server.wait { $0.closed.count == 1 }) }
        // The descriptor is closed by the source's own end, a moment after the owner was told.
        for _ in 0..<200 where try count() > before + 20 { try await Task.sleep(nanoseconds: 10_000_000) }
        #expect(try count() <= before + 20)
    }

    @Test("a peer that does not read fills the limit, and twice the limit closes the channel")
    func outgoingLimit() async throws {
        let peer = try Peer(limits: ChannelLimits(bytesWaitingMax: 1 << 20, lowWaterBytes: 1 << 16)) { Recorder() }
        let client = try peer.connect()
        #expect(await client.wait { $0.isOpen })
        client.onLoop { $0.pauseReading() }
        let server = try #require(await peer.nextAccepted())
        let chunk = payload(1 << 20)
        for _ in 0..<64 { server.send(chunk) }
        #expect(await server.wait { $0.closed == [.outgoingLimit] })
    }

    @Test("a channel that was high says when it has drained, and a paused one reads nothing until it is resumed")
    func draining() async throws {
        let peer = try Peer(limits: ChannelLimits(bytesWaitingMax: 64 << 20, lowWaterBytes: 1 << 16)) { Recorder() }
        let client = try peer.connect()
        #expect(await client.wait { $0.isOpen })
        client.onLoop { $0.pauseReading() }
        let server = try #require(await peer.nextAccepted())
        server.send(payload(24 << 20))
        server.send([9])
        #expect(server.state.withLock { $0.drained } == 0)
        client.onLoop { $0.resumeReading() }
        #expect(await client.wait { $0.bytes.count == 24 << 20 + 1 })
        #expect(await server.wait { $0.drained >= 1 })
    }

    @Test("nobody listening, a name that is not there, and a peer that never answers are told apart")
    func unreachable() async throws {
        let loops = EventLoopGroup(count: 1)
        func reason(_ address: String) async throws -> String {
            let recorder = Recorder()
            Connector.connect(to: try Address(address), on: loops.next(), tls: nil, timeoutMilliseconds: 2_000, delegate: recorder)
            #expect(await recorder.wait { !$0.closed.isEmpty })
            #expect(!recorder.state.withLock { $0.isOpen })
            return recorder.state.withLock { $0.closed.first?.description ?? "" }
        }
        #expect(try await reason("127.0.0.1:1").contains("refused"), "nobody listens on the first port of all")
        #expect(try await reason("no-such-host.invalid:1").contains("cannot be resolved"))
    }

    @Test("addresses are read as they are written, and what is none is refused")
    func addresses() throws {
        for (text, host, port, isLoopback) in [
            ("127.0.0.1:7411", "127.0.0.1", 7411, true), ("[::1]:80", "::1", 80, true), ("localhost:0", "localhost", 0, true),
            (":5", "", 5, false), ("0.0.0.0:1", "0.0.0.0", 1, false), ("127.evil.example.com:1", "127.evil.example.com", 1, false),
            ("[2001:db8::1]:65535", "2001:db8::1", 65_535, false), ("example.com:443", "example.com", 443, false),
        ] {
            let address = try Address(text)
            #expect(address.host == host && address.port == port && address.isLoopback == isLoopback)
            #expect(address.description == text)
        }
        for text in ["", "localhost", "localhost:", "localhost:65536", "localhost:-1", "::1:80", "[::1:80", "[]:1", "[localhost]:1", "a b:1", "host\n:1"] {
            #expect(throws: TransportError.self, "\(text)") { try Address(text) }
        }
    }

    @Test("a port that is taken is refused with its address")
    func taken() throws {
        let peer = try Peer()
        #expect(throws: TransportError.self) {
            try Listener(address: peer.listener.address, group: peer.loops, tls: nil, limits: ChannelLimits()) { _ in Recorder() }
        }
    }

    @Test("a timer fires on its loop, and not after it was cancelled")
    func timers() async throws {
        let loop = EventLoopGroup(count: 1).next()
        let isOnLoop = await withCheckedContinuation { continuation in
            loop.execute { continuation.resume(returning: loop.isCurrent) }
        }
        #expect(isOnLoop && !loop.isCurrent)
        let timer = loop.schedule(afterMilliseconds: 1) { Issue.record("a cancelled timer fired") }
        timer.cancel()
        var later: LoopTimer?
        await withCheckedContinuation { continuation in
            later = loop.schedule(afterMilliseconds: 20) { continuation.resume() }
        }
        withExtendedLifetime(later) {}
    }
}
