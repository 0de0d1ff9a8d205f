import Testing
@testable import Transport

extension TransportTests {
    @Suite("Nothing grows without bound")
    struct LimitTests {
        @Test("a peer that does not read trips the limit, and twice the limit closes the channel", arguments: [false, true])
        func outgoing(tls: Bool) async throws {
            let peer = try Peer(tls: tls, limits: ChannelLimits(bytesWaitingMax: 1 << 20, lowWaterBytes: 1 << 16)) { Recorder() }
            let (client, server) = try await peer.pair()
            await client.onLoop { $0.pauseReading() }
            let chunk = pattern(1 << 19)
            // More than any two socket buffers of this machine hold.
            for _ in 0..<128 { await server.send(chunk) }
            #expect(await server.closing() == .outgoingLimit)
            let outcomes = server.read { $0.outcomes }
            #expect(outcomes.first == .taken)
            #expect(outcomes.contains(.overLimit))
            #expect(outcomes.last == .refused)
        }

        @Test("a channel that was over its limit says when it has drained", arguments: [false, true])
        func draining(tls: Bool) async throws {
            let peer = try Peer(tls: tls, limits: ChannelLimits(bytesWaitingMax: 64 << 20, lowWaterBytes: 1 << 16)) { Recorder() }
            let (client, server) = try await peer.pair()
            await client.onLoop { $0.pauseReading() }
            await server.send(pattern(24 << 20))
            #expect(server.read { $0.drained } == 0)
            await client.onLoop { $0.resumeReading() }
            #expect(await server.wait { $0.drained == 1 })
            #expect(await client.wait { $0.bytes.count == 24 << 20 })
        }

        @Test("a burst of replies larger than the limit is offered to the socket before the channel judges")
        func burst() async throws {
            let reply = pattern(1 << 16)
            let peer = try Peer(limits: ChannelLimits(bytesWaitingMax: 1 << 17, lowWaterBytes: 1 << 16)) {
                Recorder.receiving { channel, bytes in for _ in bytes { channel.write(reply) } }
            }
            let (client, server) = try await peer.pair()
            for round in 1...20 {
                await client.send([1, 2, 3, 4])
                #expect(await client.wait { $0.bytes.count == round * 4 << 16 })
            }
            #expect(server.read { $0.closed } == [])
        }

        @Test("a paused channel delivers nothing until it is resumed", arguments: [false, true])
        func pausing(tls: Bool) async throws {
            let peer = try Peer(tls: tls, loopCount: 1) { Recorder(onOpen: { $0.pauseReading() }) }
            let (client, server) = try await peer.pair()
            let bytes = pattern(100_000)
            await client.send(bytes)
            // Another connection of the same loop goes there and back meanwhile.
            let other = try Peer()
            let (probe, _) = try await other.pair()
            for round in 1...20 {
                await probe.send([1])
                #expect(await probe.wait { $0.bytes.count == round })
                await server.onLoop { _ in }
            }
            #expect(server.bytes.isEmpty)
            await server.onLoop { $0.resumeReading() }
            #expect(await server.wait { $0.bytes.count == 100_000 })
            #expect(server.bytes == bytes)
        }

        @Test("an owner that pauses at every delivery is never overrun and misses nothing, not even the end", arguments: [false, true])
        func pausingOften(tls: Bool) async throws {
            let peer = try Peer(tls: tls) {
                Recorder.receiving { channel, _ in
                    channel.pauseReading()
                    channel.loop.execute { channel.resumeReading() }
                }
            }
            let (client, server) = try await peer.pair()
            let bytes = pattern(5 << 20)
            await client.onLoop { channel in
                channel.write(bytes)
                channel.close(.afterFlush)
            }
            #expect(await server.closing() == .closedByPeer)
            #expect(server.bytes == bytes)
            #expect(server.read { $0.receivedWhilePaused } == 0)
            #expect(await client.closing() == .closedHere)
        }
    }

    @Suite("A queue of bytes")
    struct ByteQueueTests {
        @Test("it gives what it was given, and keeps no room that has been taken")
        func model() {
            var random = SystemRandomNumberGenerator()
            var queue = ByteQueue()
            var model: [UInt8] = []
            var roomMax = 0
            for step in 0..<3_000 {
                let added = [UInt8](repeating: UInt8(truncatingIfNeeded: step), count: Int.random(in: 0...4_000, using: &random))
                queue.bytes += added
                model += added
                let taken = min(model.count, Int.random(in: 0...4_000, using: &random))
                queue.removeFirst(taken)
                model.removeFirst(taken)
                roomMax = max(roomMax, queue.bytes.count - 2 * model.count)
                #expect(queue.count == model.count && queue.isEmpty == model.isEmpty)
                if step % 100 == 0 { #expect(queue.bytes[queue.start...].elementsEqual(model)) }
            }
            #expect(roomMax <= 300_000)
            queue.removeFirst(.max - 10_000_000)
            #expect(queue.isEmpty && queue.start == 0)
        }
    }
}
