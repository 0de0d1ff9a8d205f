extension Channel {
    public enum CloseManner: Hashable, Sendable {
        /// Drops what waits. A TLS peer then sees a stream that was cut, unless nothing waited.
        case now
        /// Sends what waits, then ends in order. A peer that takes nothing for `closeTimeoutMilliseconds` is given up.
        case afterFlush
    }

    /// `channelClosed` follows with this reason, unless something worse happens first. Nothing is delivered any more, and nothing more is taken.
    public func close(_ manner: CloseManner, reason: CloseReason = .closedHere) {
        switch manner {
        case .now:
            if phase == .open, let tls, bytesWaiting == 0 {
                tls.sayGoodbye(into: &outgoing.bytes)
                _ = Socket.send(descriptor, outgoing)
            }
            finish(reason)
        case .afterFlush:
            guard phase == .open else { return phase == .opening ? finish(reason) : () }
            // What still comes is read and dropped, so that a peer who writes first gets round to reading.
            beginClosing(reason)
            if isPaused {
                isPaused = false
                readLater()
            }
            flush()
        }
    }

    func beginClosing(_ reason: CloseReason) {
        phase = .flushing
        self.reason = reason
        bytesWaitingBefore = bytesWaiting
        timer = loop.every(milliseconds: limits.closeTimeoutMilliseconds) { [weak self] in
            self?.closingLasts()
        }
    }

    private func closingLasts() {
        guard phase == .flushing else { return finish(reason) }
        guard bytesWaiting < bytesWaitingBefore else { return finish(.outgoingLimit) }
        bytesWaitingBefore = bytesWaiting
    }

    /// All is sent.
    func flushed() {
        guard !peerHasEnded else { return finish(reason) }
        phase = .lingering
        Socket.endSending(descriptor)
    }
}
