import Foundation
import Testing
@testable import Transport

extension TransportTests {
    @Suite("A channel ends once, and says how")
    struct ClosingTests {
        @Test("closing after a flush sends what waits; the other side sees an orderly end", arguments: [false, true])
        func afterFlush(tls: Bool) async throws {
            let peer = try Peer(tls: tls)
            let (client, server) = try await peer.pair()
            let bytes = pattern(3 << 20)
            await server.onLoop { channel in
                channel.write(bytes)
                channel.close(.afterFlush)
                channel.close(.afterFlush)
                #expect(channel.write([1]) == .refused)
            }
            #expect(await client.closing() == .closedByPeer)
            #expect(await server.closing() == .closedHere)
            #expect(client.bytes == bytes)
            for owner in [client, server] {
                // Whatever was still under way on the loop has run by then.
                await owner.onLoop { $0.close(.now) }
                #expect(owner.read { $0.closed.count == 1 && $0.eventsAfterClose == 0 })
            }
        }

        @Test("what was sent before closing arrives although the peer's own bytes were never read", arguments: [false, true])
        func unreadBytes(tls: Bool) async throws {
            let peer = try Peer(tls: tls) { Recorder(onOpen: { $0.pauseReading() }) }
            let (client, server) = try await peer.pair()
            await client.send(pattern(8 << 20))
            let reply = pattern(100_000)
            await server.onLoop { channel in
                channel.write(reply)
                channel.close(.afterFlush)
            }
            #expect(await client.closing() == .closedByPeer)
            #expect(client.bytes == reply)
            #expect(await server.closing() == .closedHere)
            #expect(server.bytes.isEmpty)
        }

        @Test("the owner is not told from within its own call, and gives its own reason if it likes", arguments: [false, true])
        func now(tls: Bool) async throws {
            let peer = try Peer(tls: tls)
            let (client, server) = try await peer.pair()
            await client.onLoop { channel in
                channel.close(.now, reason: .handshakeTimeout)
                #expect(client.read { $0.closed.isEmpty })
                #expect(channel.write([1]) == .refused && channel.bytesWaiting == 0)
            }
            #expect(await client.closing() == .handshakeTimeout)
            #expect(await server.closing() == .closedByPeer)
        }

        @Test("a channel closed from within a delivery delivers nothing more", arguments: [false, true])
        func fromDelivery(tls: Bool) async throws {
            let peer = try Peer(tls: tls) { Recorder.receiving { channel, _ in channel.close(.now) } }
            let (client, server) = try await peer.pair()
            await client.send(pattern(2 << 20))
            #expect(await server.closing() == .closedHere)
            #expect(await client.closing() != nil)
            #expect(server.read { $0.eventsAfterClose } == 0)
        }

        @Test("a peer that ends only its own stream still gets what waits")
        func halfClosed() async throws {
            let reply = pattern(4 << 20)
            let peer = try Peer { Recorder.receiving { channel, _ in channel.write(reply) } }
            let (client, server) = try await peer.pair()
            await client.onLoop { channel in
                channel.write([1])
                channel.flush()
                Socket.endSending(channel.descriptor)
            }
            #expect(await client.wait { !$0.closed.isEmpty })
            #expect(client.bytes == reply)
            #expect(await server.closing() == .closedByPeer)
        }

        @Test("a connection that is cut is called reset")
        func reset() async throws {
            let peer = try Peer()
            let (client, server) = try await peer.pair()
            await client.onLoop { $0.pauseReading() }
            await client.send([1])
            #expect(await server.wait { $0.bytes == [1] })
            // The echo lies unread in the client's socket by the time that the server's loop has run once more.
            await server.onLoop { _ in }
            await client.close(.now)
            #expect(await server.closing() == .reset)
        }

        @Test("bytes that were followed by a cut are delivered, and the cut is noticed without anything being sent", arguments: [10, 300_000, 3 << 20])
        func resetBehindBytes(count: Int) async throws {
            let peer = try Peer(loopCount: 1) { Recorder() }
            let (client, server) = try await peer.pair()
            await client.onLoop { $0.pauseReading() }
            await server.onLoop { channel in
                channel.write([1])
                channel.flush()
            }
            // Both ends share a loop: it reads what the client sends only after the client has gone over an unread byte.
            await client.onLoop { channel in
                channel.write(pattern(count))
                channel.flush()
                channel.close(.now)
            }
            #expect(await client.closing() == .closedHere)
            #expect(await server.closing() == .reset)
            #expect(server.read { $0.eventsAfterClose } == 0)
        }

        @Test("a peer that takes nothing is given up when the closing has waited long enough", arguments: [false, true])
        func stuck(tls: Bool) async throws {
            let peer = try Peer(tls: tls, limits: ChannelLimits(closeTimeoutMilliseconds: 50))
            let (client, server) = try await peer.pair()
            await client.onLoop { $0.pauseReading() }
            await server.onLoop { channel in
                channel.write(pattern(32 << 20))
                channel.close(.afterFlush)
            }
            #expect(await server.closing() == .outgoingLimit)
        }

        @Test("a peer that never ends its side is given up too")
        func lingering() async throws {
            let peer = try Peer(limits: ChannelLimits(closeTimeoutMilliseconds: 50))
            let (client, server) = try await peer.pair()
            await client.onLoop { $0.pauseReading() }
            await server.close(.afterFlush)
            #expect(await server.closing() == .closedHere)
        }

        @Test("two hundred connections give their descriptors back, and their numbers serve again")
        func descriptors() async throws {
            func sockets() throws -> Set<String> {
                let folder = "/proc/self/fd"
                let names = try FileManager.default.contentsOfDirectory(atPath: folder)
                return Set(names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") })
            }
            let peer = try Peer()
            var numbers: [Int32] = []
            var mine: Set<String> = []
            for round in 1...4 {
                var clients: [Recorder] = []
                for _ in 0..<50 { clients.append(try peer.connect()) }
                let servers = await peer.accepted(round * 50).suffix(50)
                for owner in clients + servers {
                    #expect(await owner.wait { $0.isOpen })
                    let number = try #require(owner.read { $0.channel?.descriptor })
                    numbers.append(number)
                    mine.insert(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(number)"))
                }
                for client in clients { await client.send([1, 2, 3]) }
                for client in clients { #expect(await client.wait { $0.bytes == [1, 2, 3] }) }
                for client in clients { await client.close(.now) }
                for owner in clients + servers { #expect(await owner.wait { $0.closed.count == 1 }) }
                #expect(try sockets().isDisjoint(with: mine))
            }
            #expect(mine.count == 400)
            #expect(Set(numbers).count < numbers.count)
        }
    }
}
