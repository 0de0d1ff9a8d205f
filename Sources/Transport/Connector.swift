internal import Dispatch

/// Makes connections. What comes of it is told to the delegate on the loop: opened, or closed with the reason.
public enum Connector {
    /// Looking a name up blocks. One at a time is enough for clients; each waits within its own time-out.
    private static let resolving = DispatchQueue(label: "pinyon.resolver", qos: .userInitiated)

    /// Tries each address of the host in turn. The time-out is for everything: the name, the connection and the TLS handshake.
    public static func connect(
        to address: Address, on loop: EventLoop, tls: TLSClient? = nil, timeoutMilliseconds: Int = 10_000, limits: ChannelLimits = ChannelLimits(),
        delegate: any ChannelDelegate
    ) {
        loop.execute {
            let attempt = ConnectionAttempt(address, loop, tls, limits, timeoutMilliseconds: timeoutMilliseconds, delegate)
            attempt.start { whenResolved in
                let lookUp: @Sendable () -> Void = {
                    let found = Result { () throws(TransportError) in try Socket.resolve(address) }
                    loop.execute { whenResolved(found) }
                }
                if Socket.isNumeric(address.host) { lookUp() } else { resolving.async(execute: lookUp) }
            }
        }
    }
}
