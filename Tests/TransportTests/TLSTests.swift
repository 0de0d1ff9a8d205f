import Foundation
import Testing
@testable import Transport

extension TransportTests {
    @Suite("TLS keeps others out")
    struct TLSTests {
        private func failure(_ owner: Recorder) async -> TransportError? {
            let reason = await owner.closing()
            #expect(!owner.read { $0.isOpen })
            guard case .failed(let error) = reason else { return nil }
            return error
        }

        @Test("a certificate for another name, or another address, is not accepted", arguments: ["example.com", "127.0.0.2", "::1", "org"])
        func wrongName(name: String) async throws {
            let peer = try Peer(tls: true)
            let client = try peer.connect(tls: peer.certificate?.client(name))
            #expect(await failure(client) == .nameMismatch(name: name))
            let server = try #require(await peer.accepted(1).first)
            #expect(await failure(server) != nil)
        }

        @Test("a certificate that is not among the trusted is refused, and the reason says self-signed")
        func untrusted() async throws {
            let peer = try Peer(tls: true)
            let client = try peer.connect(tls: Certificate().client())
            #expect(await failure(client) == .notTrusted(name: "127.0.0.1", reason: "self-signed"))
            #expect(client.read { $0.closed.first?.description } == "the certificate of 127.0.0.1 is not trusted: self-signed")
            let system = try peer.connect(tls: TLSClient(trust: .system, serverName: "localhost"))
            #expect(await failure(system) == .notTrusted(name: "localhost", reason: "self-signed"))
        }

        @Test("a name that is in the certificate is accepted, be it a host's name or a number")
        func rightName() async throws {
            let peer = try Peer(tls: true)
            for name in ["localhost", "127.0.0.1"] {
                let client = try peer.connect(tls: peer.certificate?.client(name))
                #expect(await client.wait { $0.isOpen })
            }
        }

        @Test("bytes that are no TLS close only their own channel")
        func garbage() async throws {
            let peer = try Peer(tls: true)
            let (good, _) = try await peer.pair()
            let plain = try peer.connect(tls: nil)
            #expect(await plain.wait { $0.isOpen })
            await plain.send(pattern(64))
            #expect(await plain.closing() != nil)
            let bad = try #require(await peer.accepted(2).last)
            guard case .handshake = await failure(bad) else {
                Issue.record("garbage is a failed handshake")
                return
            }
            await good.send([1])
            #expect(await good.wait { $0.bytes == [1] })
        }

        @Test("garbage after the handshake closes the channel with an error, and delivers nothing of it")
        func garbageLater() async throws {
            let peer = try Peer(tls: true)
            let (client, server) = try await peer.pair()
            await client.onLoop { channel in
                var queue = ByteQueue()
                queue.bytes = [0x17, 3, 3, 0, 32] + [UInt8](repeating: 7, count: 32)
                _ = Socket.send(channel.descriptor, queue)
            }
            guard case .failed(.tls) = await server.closing() else {
                Issue.record("a record that is not authentic is a failure of TLS")
                return
            }
            #expect(server.bytes.isEmpty)
        }

        @Test("a server that speaks no TLS is refused")
        func plainServer() async throws {
            let peer = try Peer()
            let client = try peer.connect(tls: Certificate().client())
            guard case .handshake = await failure(client) else {
                Issue.record("an echo of the client's hello is a failed handshake")
                return
            }
        }

        @Test("who does not finish the handshake in time is closed, whichever side he is on")
        func slow() async throws {
            let peer = try Peer(tls: true, limits: ChannelLimits(handshakeTimeoutMilliseconds: 50))
            let plain = try peer.connect(tls: nil)
            #expect(await plain.wait { $0.isOpen })
            await plain.send([0x16, 0x03])
            let server = try #require(await peer.accepted(1).first)
            #expect(await server.closing() == .handshakeTimeout)
            #expect(await plain.closing() == .closedByPeer)
            let silent = try Peer { Recorder() }
            let waiting = try silent.connect(tls: Certificate().client(), timeoutMilliseconds: 50)
            #expect(await waiting.closing() == .handshakeTimeout)
        }

        @Test("a connection that ends during the handshake says so")
        func endsEarly() async throws {
            let peer = try Peer(tls: true)
            let plain = try peer.connect(tls: nil)
            #expect(await plain.wait { $0.isOpen })
            await plain.close(.now)
            let server = try #require(await peer.accepted(1).first)
            #expect(await failure(server) == .handshake(reason: "the other side closed the connection"))
        }

        @Test("a stream that is cut without its closing record is called truncated")
        func truncation() async throws {
            let peer = try Peer(tls: true)
            let (client, server) = try await peer.pair()
            await client.onLoop { channel in
                channel.write([1])
                channel.close(.now)
            }
            #expect(await server.closing() == .truncated)
            #expect(await client.closing() == .closedHere)
            #expect(server.bytes.isEmpty)
        }

        @Test("files that are no certificate, no key, or no pair are named")
        func files() throws {
            let one = try Certificate()
            let other = try Certificate()
            let missing = one.folder.appendingPathComponent("missing").path
            func error(_ certificate: String, _ key: String) -> TransportError? {
                #expect(throws: TransportError.self) { try TLSServer(certificateFile: certificate, keyFile: key) } as TransportError?
            }
            #expect(error(missing, one.key) == .unreadable(path: missing, reason: "No such file or directory"))
            #expect(error(one.certificate, missing) == .unreadable(path: missing, reason: "No such file or directory"))
            #expect(error(one.certificate, other.key) == .keyMismatch(certificatePath: one.certificate, keyPath: other.key))
            guard case .badCertificate(one.key, _) = error(one.key, one.key), case .badKey(one.certificate, _) = error(one.certificate, one.certificate) else {
                Issue.record("a key is no certificate, and a certificate no key")
                return
            }
            let empty = one.folder.appendingPathComponent("empty").path
            try Data().write(to: URL(fileURLWithPath: empty))
            for path in [missing, empty, one.key] {
                let error = #expect(throws: TransportError.self) { try TLSClient(trust: .file(path), serverName: "localhost") }
                #expect(error?.description.hasPrefix(path) == true)
            }
        }

        @Test("names that are none get no certificate and are asked of none")
        func names() throws {
            let certificate = try Certificate()
            for name in ["", "a,DNS:b", "a b", "a\n", "ä.example", "a/b", String(repeating: "a", count: 300)] {
                let error = TransportError.badServerName(name: name)
                #expect(throws: error) { try SelfSigned.make(names: ["localhost", name], days: 1) }
                #expect(throws: error) { try certificate.client(name) }
            }
            #expect(throws: TransportError.badServerName(name: "")) { try SelfSigned.make(names: [], days: 1) }
            for days in [Int.min, 0, 36_501, Int.max] {
                #expect(throws: TransportError.badLifetime(days: days)) { try SelfSigned.make(names: ["localhost"], days: days) }
            }
        }

        @Test("no two certificates are the same, and a key is written as one")
        func fresh() throws {
            let one = try SelfSigned.make(names: ["localhost", "::1", "*.example.org"], days: 1)
            let other = try SelfSigned.make(names: ["localhost", "::1", "*.example.org"], days: 1)
            #expect(one.certificatePEM != other.certificatePEM && one.keyPEM != other.keyPEM)
            #expect(String(decoding: one.certificatePEM, as: UTF8.self).hasPrefix("-----BEGIN CERTIFICATE-----"))
            #expect(String(decoding: one.keyPEM, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----"))
        }
    }
}
