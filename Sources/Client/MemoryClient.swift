internal import Dispatch
internal import Synchronization
public import Records
public import Transport
internal import Wire

/// A client of one server. Any number of tasks may use it at once; their requests share one connection, which is made when it is needed and made again when it is lost.
///
/// A write carries an idempotency key of its own, so that sending it again after a lost connection does it once.
public final class MemoryClient: Sendable {
    let configuration: ClientConfiguration
    private let loops: EventLoopGroup
    private let current = Mutex<Current>(.none)

    private enum Current {
        case none
        case session(Session)
        case closed
    }

    public init(_ configuration: ClientConfiguration, loops: EventLoopGroup = EventLoopGroup(count: 1)) {
        self.configuration = configuration
        self.loops = loops
    }

    deinit { close() }

    /// Ends the connection. Requests under way fail; later ones fail at once.
    public func close() {
        let session = current.withLock { current -> Session? in
            defer { current = .closed }
            if case .session(let session) = current { return session }
            return nil
        }
        session?.close()
    }

    /// Sends an operation and waits for its answer, again where that is safe, until the deadline.
    public func perform(
        _ operation: Operation, deadlineMilliseconds: UInt32? = nil, idempotencyKey: Identifier? = nil
    ) async throws(ClientError) -> Outcome {
        let envelopeKey = operation.name.isWrite ? idempotencyKey ?? MemoryClient.randomKey() : nil
        let start = DispatchTime.now().uptimeNanoseconds
        let total = deadlineMilliseconds ?? configuration.deadlineMilliseconds
        var generator = SystemRandomNumberGenerator()
        func spentMilliseconds() -> UInt32 { UInt32(clamping: (DispatchTime.now().uptimeNanoseconds - start) / 1_000_000) }
        var attempt = 1
        while true {
            let spent = spentMilliseconds()
            guard spent < total else { throw .timedOut }
            let request = Request(envelope: Envelope(deadlineMilliseconds: total - spent, idempotencyKey: envelopeKey), operation: operation)
            do throws(ClientError) {
                return try await session().perform(request, withinMilliseconds: total - spent)
            } catch {
                guard attempt < configuration.retries.attemptsMax, error.mayBeRetried(isHarmless: true) else { throw error }
                let wait = configuration.retries.milliseconds(after: attempt, asked: error.retryAfterMilliseconds, using: &generator)
                guard UInt64(spentMilliseconds()) + UInt64(wait) < UInt64(total) else { throw error }
                do { try await Task.sleep(nanoseconds: UInt64(wait) * 1_000_000) } catch { throw .cancelled }
                attempt += 1
            }
        }
    }

    /// The memories of a listing, read as fast as they are taken. A stream that fails is not begun again by itself.
    public func stream(_ listing: MemoryListing) -> MemoryStream {
        MemoryStream(listing: listing, deadlineMilliseconds: configuration.deadlineMilliseconds) { [self] () throws(ClientError) in try session() }
    }

    /// The session in use, or a new one.
    private func session() throws(ClientError) -> Session {
        let found = current.withLock { current -> Session? in
            switch current {
            case .closed: return nil
            case .session(let session) where session.isUsable: return session
            case .session, .none:
                let session = Session(configuration)
                current = .session(session)
                session.start(on: loops.next())
                return session
            }
        }
        guard let found else { throw .closed }
        return found
    }

    private static func randomKey() -> Identifier {
        Identifier(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}
