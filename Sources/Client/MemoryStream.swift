public import Records

/// Pages of memories as the server sends them. The server waits while nobody takes them: what was taken is granted again.
public struct MemoryStream: AsyncSequence, Sendable {
    public typealias Element = [Memory]
    public typealias Failure = ClientError

    let listing: MemoryListing
    let deadlineMilliseconds: UInt32
    let session: @Sendable () throws(ClientError) -> Session

    public func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let stream: MemoryStream
        private var running: (parts: AsyncStream<StreamPart>.Iterator, session: Session, untaken: Untaken)?
        private var isOver = false

        init(stream: MemoryStream) { self.stream = stream }

        public mutating func next() async throws(ClientError) -> [Memory]? { try await next(isolation: nil) }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(ClientError) -> [Memory]? {
            if isOver { return nil }
            if running == nil {
                let session = try stream.session()
                let untaken = Untaken(session)
                let parts = session.stream(stream.listing, withinMilliseconds: stream.deadlineMilliseconds, untaken: untaken)
                running = (parts.makeAsyncIterator(), session, untaken)
            }
            guard let part = await running?.parts.next(isolation: actor) else {
                isOver = true
                throw .cancelled
            }
            switch part {
            case .page(let page, let bytes):
                running?.untaken.take(bytes)
                running?.session.grant(bytes)
                return page.memories
            case .end:
                isOver = true
                return nil
            case .failed(let error):
                isOver = true
                throw error
            }
        }
    }
}
