import Testing
@testable import Transport

extension TransportTests {
    @Suite("Connecting and listening")
    struct ConnectingTests {
        @Test("a port on which nobody listens any more refuses")
        func refused() async throws {
            let peer = try Peer()
            peer.listener.stop()
            peer.listener.stop()
            let client = try peer.connect()
            let address = peer.listener.address.description
            #expect(await client.closing() == .failed(.cannotConnect(address: address, reason: "Connection refused")))
            #expect(client.read { !$0.isOpen && $0.closed.count == 1 && $0.eventsAfterClose == 0 })
        }

        @Test("connections that were accepted outlive their listener")
        func stopped() async throws {
            let peer = try Peer()
            let (client, _) = try await peer.pair()
            peer.listener.stop()
            await client.send([7])
            #expect(await client.wait { $0.bytes == [7] })
        }

        @Test("a name that is not there cannot be resolved")
        func unresolved() async throws {
            let client = Recorder()
            let loop = EventLoopGroup(count: 1).next()
            Connector.connect(to: try Address("no-such-host.invalid:1"), on: loop, timeoutMilliseconds: 30_000, delegate: client)
            guard case .failed(.cannotResolve(host: "no-such-host.invalid", _)) = await client.closing() else {
                Issue.record("\(client.read { $0.closed })")
                return
            }
        }

        @Test("a port that is taken, and an address of another machine, are refused with their reasons")
        func taken() throws {
            let peer = try Peer()
            let address = peer.listener.address
            #expect(throws: TransportError.cannotListen(address: address.description, reason: "Address already in use")) {
                try Listener(address: address, group: peer.loops) { _ in Recorder() }
            }
            #expect(throws: TransportError.cannotListen(address: "192.0.2.1:0", reason: "Cannot assign requested address")) {
                try Listener(address: Address("192.0.2.1:0"), group: peer.loops) { _ in Recorder() }
            }
        }

        @Test(
            "addresses are read and shown as they are written",
            arguments: [
                ("127.0.0.1:7411", "127.0.0.1", 7_411, true), ("[::1]:80", "::1", 80, true), ("localhost:0", "localhost", 0, true),
                ("LocalHost:1", "LocalHost", 1, true), (":0", "", 0, false), ("0.0.0.0:1", "0.0.0.0", 1, false), ("[::]:1", "::", 1, false),
                ("127.evil.example.com:1", "127.evil.example.com", 1, false), ("127.9.9.9:1", "127.9.9.9", 1, true),
                ("[2001:db8::1]:65535", "2001:db8::1", 65_535, false), ("example.com:443", "example.com", 443, false),
                ("[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true),
            ])
        func addresses(text: String, host: String, port: Int, isLoopback: Bool) throws {
            let address = try Address(text)
            #expect(address.host == host && address.port == port && address.isLoopback == isLoopback)
            #expect(address.description == text)
            #expect(try Address(host: host, port: port) == address)
        }

        @Test(
            "what is no address is refused",
            arguments: [
                "", "localhost", "localhost:", "localhost:65536", "localhost:-1", "localhost:+1", "localhost:1 ", "::1:80", "[::1:80", "::1]:80", "[]:1",
                "[localhost]:1", "[::1]", "[:::1]:1", "a b:1", "host\n:1", "ä:1", "a/b:1", "http://a:1", "[[::1]]:1", String(repeating: "a", count: 254) + ":1",
            ])
        func noAddresses(text: String) throws {
            let error = #expect(throws: TransportError.self) { try Address(text) }
            guard case .invalidAddress(text, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }

        @Test("a host and port are checked like their text")
        func parts() {
            for (host, port) in [("a", -1), ("a", 65_536), ("a:b", 1), ("[::1]", 1), ("a b", 1)] {
                #expect(throws: TransportError.self) { try Address(host: host, port: port) }
            }
        }
    }

    @Suite("Loops")
    struct EventLoopTests {
        @Test("a loop knows its own, and a group hands its loops out in turn")
        func loops() async {
            let group = EventLoopGroup(count: 3)
            let given = (0..<6).map { _ in ObjectIdentifier(group.next()) }
            #expect(Set(given.prefix(3)).count == 3 && given.prefix(3) == given.suffix(3))
            #expect(EventLoopGroup(count: 0).loops.count == 1)
            let (loop, other) = (group.loops[0], group.loops[1])
            let isCurrent = await withCheckedContinuation { continuation in
                loop.execute { continuation.resume(returning: (loop.isCurrent, other.isCurrent)) }
            }
            #expect(isCurrent == (true, false) && !loop.isCurrent)
        }

        @Test("a timer fires once, a beat again and again, and neither when it was cancelled or let go")
        func timers() async {
            let loop = EventLoopGroup(count: 1).next()
            // On the loop itself, where neither can fire before it is cancelled.
            loop.execute {
                loop.schedule(afterMilliseconds: 1) { Issue.record("a cancelled timer fired") }.cancel()
                _ = loop.schedule(afterMilliseconds: 1) { Issue.record("a timer that was let go fired") }
            }
            let owner = Recorder()
            let beat = loop.every(milliseconds: 2) { owner.channelDrained(Channel(descriptor: -1, loop: loop, limits: ChannelLimits(), peerAddress: "")) }
            #expect(await owner.wait { $0.drained >= 5 })
            beat.cancel()
            var once: LoopTimer?
            await withCheckedContinuation { continuation in
                once = loop.schedule(afterMilliseconds: 20) { continuation.resume() }
            }
            withExtendedLifetime(once) {}
        }
    }
}
