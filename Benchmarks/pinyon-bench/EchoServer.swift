import Foundation
import Transport

/// The floor to measure against: the same loops, sockets and TLS, and nothing done with the bytes but sending them back.
enum EchoServer {
    final class Echo: ChannelDelegate {
        func channelOpened(_ channel: Channel) {}

        func channel(_ channel: Channel, received bytes: Span<UInt8>) {
            channel.write { buffer in
                unsafe bytes.withUnsafeBufferPointer { unsafe buffer.append(contentsOf: $0) }
            }
        }

        func channelDrained(_ channel: Channel) {}
        func channelClosed(_ channel: Channel, reason: CloseReason) {}
    }

    static func run(_ options: Options) throws {
        let loops = EventLoopGroup(count: 2)
        let tls = try options["tls-cert"].map { try TLSServer(certificateFile: $0, keyFile: options["tls-key"] ?? "") }
        let listener = try Listener(address: Address("127.0.0.1:0"), group: loops, tls: tls, limits: ChannelLimits()) { _ in Echo() }
        try "\(listener.address.port)\n".write(toFile: options["port-file"] ?? "/dev/stdout", atomically: true, encoding: .utf8)
        withExtendedLifetime(listener) { dispatchMain() }
    }
}
