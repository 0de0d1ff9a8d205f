import Foundation
import Synchronization
import Testing
@testable import Transport

/// Everything here shares sockets and descriptors of one process, so one test runs at a time.
@Suite("Transport", .serialized)
enum TransportTests {}

/// A listener on a free port, whose channels are given the owners that `make` makes, and clients for it.
final class Peer {
    let listener: Listener
    let loops: EventLoopGroup
    let certificate: Certificate?
    private let accepted: Accepted

    private final class Accepted: Sendable {
        struct State {
            var owners: [Recorder] = []
            var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?
        }
        let state = Mutex(State())

        func add(_ owner: Recorder) {
            let met = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.owners.append(owner)
                guard let waiting = state.waiting, state.owners.count >= waiting.count else { return nil }
                state.waiting = nil
                return waiting.continuation
            }
            met?.resume()
        }
    }

    init(
        tls: Bool = false, on address: String = "127.0.0.1:0", loopCount: Int = 2, limits: ChannelLimits = ChannelLimits(),
        make: @escaping @Sendable () -> Recorder = { Recorder.echo() }
    ) throws {
        let accepted = Accepted()
        self.accepted = accepted
        certificate = tls ? try Certificate() : nil
        loops = EventLoopGroup(count: loopCount)
        listener = try Listener(address: Address(address), group: loops, tls: certificate?.server(), limits: limits) { _ in
            let owner = make()
            accepted.add(owner)
            return owner
        }
    }

    /// Of the peer's own kind: with TLS where it has TLS.
    func connect(limits: ChannelLimits = ChannelLimits(), owner: Recorder = Recorder()) throws -> Recorder {
        try connect(tls: certificate?.client(), limits: limits, owner: owner)
    }

    func connect(
        tls: TLSClient?, host: String = "127.0.0.1", timeoutMilliseconds: Int = 30_000, limits: ChannelLimits = ChannelLimits(),
        owner: Recorder = Recorder()
    ) throws -> Recorder {
        let address = try Address(host: host, port: listener.address.port)
        Connector.connect(to: address, on: loops.next(), tls: tls, timeoutMilliseconds: timeoutMilliseconds, limits: limits, delegate: owner)
        return owner
    }

    /// The first owners of accepted channels, once there are so many.
    func accepted(_ count: Int) async -> [Recorder] {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            let isThere = accepted.state.withLock { state in
                if state.owners.count < count { state.waiting = (count, continuation) }
                return state.owners.count >= count
            }
            if isThere { continuation.resume() }
        }
        return accepted.state.withLock { Array($0.owners.prefix(count)) }
    }

    /// An open connection, seen from both ends.
    func pair(clientLimits: ChannelLimits = ChannelLimits(), owner: Recorder = Recorder()) async throws -> (client: Recorder, server: Recorder) {
        let client = try connect(limits: clientLimits, owner: owner)
        let server = try #require(await accepted(1).first)
        #expect(await client.wait { $0.isOpen })
        #expect(await server.wait { $0.isOpen })
        return (client, server)
    }

    deinit { listener.stop() }
}

/// A certificate and its key in a temporary folder.
final class Certificate {
    let folder: URL
    var certificate: String { folder.appendingPathComponent("server.crt").path }
    var key: String { folder.appendingPathComponent("server.key").path }

    init(names: [String] = ["127.0.0.1", "localhost"]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let pair = try SelfSigned.make(names: names, days: 2)
        try Data(pair.certificatePEM).write(to: URL(fileURLWithPath: certificate))
        try Data(pair.keyPEM).write(to: URL(fileURLWithPath: key))
    }

    func server() throws -> TLSServer { try TLSServer(certificateFile: certificate, keyFile: key) }

    func client(_ name: String = "127.0.0.1") throws -> TLSClient { try TLSClient(trust: .file(certificate), serverName: name) }

    deinit { try? FileManager.default.removeItem(at: folder) }
}

/// Bytes of which no part of 64 KiB repeats another shifted by less.
func pattern(_ count: Int) -> [UInt8] {
    let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    return (0..<(count / 65_536)).flatMap { _ in block } + block.prefix(count % 65_536)
}
