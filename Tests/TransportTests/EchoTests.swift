import Testing
@testable import Transport

extension TransportTests {
    @Suite("Bytes pass both ways")
    struct EchoTests {
        @Test("what is sent comes back, whole and byte by byte", arguments: [false, true])
        func echo(tls: Bool) async throws {
            let peer = try Peer(tls: tls)
            let (client, _) = try await peer.pair()
            let bytes = pattern(500)
            await client.send(bytes)
            #expect(await client.wait { $0.bytes.count >= 500 })
            for byte in bytes { await client.send([byte]) }
            #expect(await client.wait { $0.bytes.count >= 1_000 })
            #expect(client.bytes == bytes + bytes)
        }

        @Test("ten megabytes pass both ways while the side that echoes stops reading whenever too much waits", arguments: [false, true])
        func large(tls: Bool) async throws {
            let peer = try Peer(tls: tls, limits: ChannelLimits(bytesWaitingMax: 600_000, lowWaterBytes: 65_536))
            let (client, server) = try await peer.pair()
            let bytes = pattern(10 << 20)
            // The client takes nothing until the server has stopped, so that the limit is really met.
            await client.onLoop { $0.pauseReading() }
            await client.send(bytes)
            #expect(await client.wait { $0.drained > 0 || $0.closed.isEmpty })
            await client.onLoop { $0.resumeReading() }
            #expect(await client.wait { $0.bytes.count >= 10 << 20 })
            #expect(client.bytes == bytes)
            #expect(server.bytes == bytes)
            #expect(server.read { $0.closed } == [])
        }

        @Test("many writes and one flush arrive in order, written as array, as span and in place", arguments: [false, true])
        func writing(tls: Bool) async throws {
            let peer = try Peer(tls: tls)
            let (client, server) = try await peer.pair()
            await client.onLoop { channel in
                let two: [UInt8] = [2]
                channel.write([1])
                channel.write(two.span)
                channel.write { $0.append(3) }
                #expect(channel.bytesWaiting == 3 && !channel.isOverLimit)
                channel.flush()
                #expect(channel.bytesWaiting == 0)
            }
            #expect(await client.wait { $0.bytes.count >= 3 })
            #expect(client.bytes == [1, 2, 3])
            #expect(server.bytes == [1, 2, 3])
        }

        @Test("what the owner writes as the channel opens arrives without a flush", arguments: [false, true])
        func greeting(tls: Bool) async throws {
            let peer = try Peer(tls: tls) { Recorder(onOpen: { $0.write([42]) }) }
            let client = try peer.connect()
            #expect(await client.wait { $0.bytes == [42] })
        }

        @Test("a listener on every address is reached over IPv4 and names its peers by numbers")
        func everyAddress() async throws {
            let peer = try Peer(on: ":0")
            let (client, server) = try await peer.pair()
            #expect(peer.listener.address.host.isEmpty && peer.listener.address.port > 0)
            let name = try #require(server.read { $0.channel?.peerAddress })
            #expect(name.hasPrefix("127.0.0.1:"))
            await client.send([1])
            #expect(await client.wait { $0.bytes == [1] })
        }

        @Test("a name with several addresses is tried until one answers")
        func name() async throws {
            let peer = try Peer()
            let client = try peer.connect(tls: nil, host: "localhost")
            #expect(await client.wait { $0.isOpen })
        }
    }
}
