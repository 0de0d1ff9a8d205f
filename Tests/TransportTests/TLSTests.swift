import Foundation
import Synchronization
import Testing
import Transport

@Suite("TLS keeps others out", .serialized)
struct TLSTests {
    private func closing(_ recorder: Recorder) async -> String {
        #expect(await recorder.wait { !$0.closed.isEmpty })
        #expect(!recorder.state.withLock { $0.isOpen })
        return recorder.state.withLock { $0.closed.first?.description ?? "" }
    }

    @Test("a certificate for another name, or another address, is not accepted")
    func wrongName() async throws {
        let certificate = try Certificate(names: ["example.org"])
        let peer = try Peer(tls: certificate.server())
        #expect(await closing(try peer.connect(tls: certificate.client("example.com"))).contains("mismatch"))
        #expect(await closing(try peer.connect(tls: certificate.client("127.0.0.1"))).contains("mismatch"))
        let right = try peer.connect(tls: certificate.client("example.org"))
        #expect(await right.wait { $0.isOpen })
    }

    @Test("a certificate that nobody vouches for is not accepted")
    func untrusted() async throws {
        let certificate = try Certificate()
        let other = try Certificate()
        let peer = try Peer(tls: certificate.server())
        #expect(await closing(try peer.connect(tls: other.client())).contains("not accepted"))
        #expect(await closing(try peer.connect(tls: TLSClient(trust: .system, serverName: "127.0.0.1"))).contains("not accepted"))
    }

    @Test("a plain client to a TLS port, and a TLS client to a plain port, fail and harm no other channel")
    func mixedUp() async throws {
        let certificate = try Certificate()
        let peer = try Peer(tls: certificate.server())
        let good = try peer.connect(tls: certificate.client())
        #expect(await good.wait { $0.isOpen })
        let plain = try peer.connect()
        #expect(await plain.wait { $0.isOpen })
        plain.send([UInt8](repeating: 0x41, count: 64))
        #expect(await plain.wait { !$0.closed.isEmpty })
        good.send([1])
        #expect(await good.wait { $0.bytes == [1] })
        let plainPeer = try Peer()
        #expect(await !closing(try plainPeer.connect(tls: certificate.client())).isEmpty)
    }

    @Test("who does not finish the handshake in time is closed")
    func slowHandshake() async throws {
        let certificate = try Certificate()
        let peer = try Peer(tls: certificate.server(), limits: ChannelLimits(handshakeTimeoutMilliseconds: 100))
        let plain = try peer.connect()
        #expect(await plain.wait { $0.isOpen })
        plain.send([0x16, 0x03])
        #expect(await plain.wait { !$0.closed.isEmpty })
        let silent = try Peer { Recorder() }
        #expect(await closing(try silent.connect(tls: certificate.client(), timeoutMilliseconds: 100)).contains("in time"))
    }

    @Test("a stream that is cut without its closing record is called cut")
    func truncation() async throws {
        let certificate = try Certificate()
        let peer = try Peer(tls: certificate.server())
        let client = try peer.connect(tls: certificate.client())
        #expect(await client.wait { $0.isOpen })
        // Bytes that are no record end the session on the other side, without its closing record.
        let raw = try peer.connect()
        #expect(await raw.wait { $0.isOpen })
        raw.onLoop { $0.close(.now) }
        let server = try #require(await peer.nextAccepted(1) ?? peer.all.last)
        #expect(await server.wait { !$0.closed.isEmpty })
        #expect(peer.all.contains { $0.state.withLock { $0.closed == [.truncated] } })
    }

    @Test("files that are no certificate, no key, or not a pair are named")
    func files() throws {
        let certificate = try Certificate()
        let other = try Certificate()
        let missing = certificate.folder.appendingPathComponent("missing").path
        for (file, key, named) in [
            (missing, certificate.key, missing), (certificate.certificate, missing, missing), (certificate.key, certificate.key, certificate.key),
            (certificate.certificate, other.key, other.key),
        ] {
            let error = #expect(throws: TransportError.self) { try TLSServer(certificateFile: file, keyFile: key) }
            #expect(error?.description.contains(named) == true)
        }
        #expect(throws: TransportError.self) { try TLSClient(trust: .file(missing), serverName: "localhost") }
    }

    @Test("names that are none get no certificate")
    func badNames() {
        for names in [[], [""], ["a,DNS:b"], ["a b"], [String(repeating: "a", count: 300)]] as [[String]] {
            #expect(throws: TransportError.self) { try SelfSigned.make(names: names, days: 1) }
        }
    }
}
