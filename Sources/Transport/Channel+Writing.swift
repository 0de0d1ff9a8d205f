extension Channel {
    /// Plaintext not encrypted yet, and what the socket has not taken yet.
    public var bytesWaiting: Int { plaintext.count + outgoing.count }

    public var isOverLimit: Bool { bytesWaiting > limits.bytesWaitingMax }

    /// The most that is encrypted ahead of what the socket takes.
    private static let sealedBytesMax = 262_144

    @discardableResult
    public func write(_ bytes: [UInt8]) -> WriteOutcome { write { $0 += bytes } }

    @discardableResult
    public func write(_ bytes: Span<UInt8>) -> WriteOutcome { write { $0.append(copying: bytes) } }

    /// Lets `fill` append to what waits, without an array between. It must only append, and use no verb of the channel.
    @discardableResult
    public func write(_ fill: (inout [UInt8]) -> Void) -> WriteOutcome {
        guard phase == .open else { return .refused }
        if tls == nil { fill(&outgoing.bytes) } else { fill(&plaintext.bytes) }
        return isOverLimit ? relieve() : .taken
    }

    /// Sends what waits, in one send where the socket takes it.
    public func flush() {
        guard !isReading else { return }
        sendWaiting()
    }

    /// The limit is for what the socket does not take, and not for what it was not yet offered.
    private func relieve() -> WriteOutcome {
        sendWaiting()
        guard phase == .open else { return .refused }
        if bytesWaiting > 2 * limits.bytesWaitingMax {
            finish(.outgoingLimit)
            return .refused
        }
        return isOverLimit ? .overLimit : .taken
    }

    func sendWaiting() {
        guard !isWaitingToWrite else { return noteDrained() }
        writable()
    }

    func writable() {
        guard phase != .closed, phase != .lingering else { return noteDrained() }
        while true {
            guard seal() else { return }
            if outgoing.isEmpty { break }
            switch Socket.send(descriptor, outgoing) {
            case .bytes(let count):
                outgoing.removeFirst(count)
                // A send that takes only a part has filled the socket.
                if !outgoing.isEmpty { return stall() }
            case .wouldBlock: return stall()
            case .end: return finish(.reset)
            case .failed(let number): return sendFailed(number)
            }
        }
        isWaitingToWrite = false
        if phase == .flushing { return flushed() }
        noteDrained()
    }

    private func stall() {
        if bytesWaiting > limits.lowWaterBytes { owesDrained = true }
        isWaitingToWrite = true
        noteDrained()
    }

    private func sendFailed(_ number: Int32) {
        // Whoever has ended his stream may have gone altogether; that is no worse an end.
        finish(phase == .flushing && reason == .closedByPeer ? reason : Socket.closeReason("send", number))
    }

    /// Encrypts some of what waits. False when the session broke, and the channel with it.
    private func seal() -> Bool {
        guard let tls else { return true }
        do throws(TransportError) {
            if !plaintext.isEmpty, outgoing.count < Channel.sealedBytesMax {
                try tls.seal(&plaintext, limit: Channel.sealedBytesMax, into: &outgoing.bytes)
            }
        } catch {
            finish(.failed(error))
            return false
        }
        if phase == .flushing, plaintext.isEmpty, !hasSaidGoodbye {
            hasSaidGoodbye = true
            tls.sayGoodbye(into: &outgoing.bytes)
        }
        return true
    }

    /// From the loop and not from within the owner's own verb.
    private func noteDrained() {
        guard owesDrained, phase == .open, bytesWaiting <= limits.lowWaterBytes else { return }
        owesDrained = false
        loop.execute { [self] in
            guard phase == .open else { return }
            delegate?.channelDrained(self)
            flush()
        }
    }
}
