extension Channel {
    private static let readsPerEvent = 4

    /// Nothing is delivered until `resumeReading`, not even what was read already. If something waits to be sent, its draining will be told.
    public func pauseReading() {
        guard !isPaused, phase == .open else { return }
        isPaused = true
        if bytesWaiting > 0 { owesDrained = true }
        readIsSuspended = true
    }

    public func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        guard phase == .open else { return }
        readLater()
    }

    /// Reads although no event asks for it.
    func readLater() {
        loop.execute { [self] in
            guard phase != .closed, !isPaused else { return }
            readIsSuspended = false
            // What was kept comes before what the socket has, and before the end of the stream.
            if hasLeftover {
                hasLeftover = false
                duringRead { decrypt() }
            }
            readable()
        }
    }

    /// What is left comes with the next event, after the others of the loop.
    func readable() {
        for _ in 0..<Channel.readsPerEvent {
            guard phase != .closed, !isPaused, !readIsSuspended else { return }
            var hasMore = false
            duringRead { hasMore = readOnce() }
            guard hasMore else { return }
        }
    }

    /// What is written meanwhile leaves at the end.
    private func duringRead(_ body: () -> Void) {
        isReading = true
        body()
        isReading = false
        sendWaiting()
    }

    /// Whether there may be more: all room was filled.
    private func readOnce() -> Bool {
        let buffer = loop.incoming
        switch Socket.receive(descriptor, into: buffer) {
        case .bytes(let count):
            deliver(buffer, count)
            return count == buffer.capacity
        case .wouldBlock: break
        case .end: streamEnded()
        case .failed(let number): finish(phase == .lingering ? reason : Socket.closeReason("recv", number))
        }
        return false
    }

    private func deliver(_ buffer: ReadBuffer, _ count: Int) {
        switch phase {
        case .opening, .open:
            guard let tls else { return lend(buffer, count) }
            do throws(TransportError) { try tls.feed(buffer, count) } catch { return finish(.failed(error)) }
            if phase == .opening { shakeHands() }
            decrypt()
        case .flushing, .lingering, .closed: return
        }
    }

    func shakeHands() {
        guard let tls else { return }
        do throws(TransportError) {
            let isDone = try tls.shakeHands()
            tls.drain(into: &outgoing.bytes)
            if isDone { opened() }
        } catch {
            fail(error)
        }
    }

    private func decrypt() {
        guard let tls else { return }
        let buffer = loop.plaintext
        do throws(TransportError) {
            while phase == .open {
                guard !isPaused else { return hasLeftover = true }
                switch try tls.open(into: buffer) {
                case .more(let count): lend(buffer, count)
                case .all(let count):
                    tls.drain(into: &outgoing.bytes)
                    return lend(buffer, count)
                case .end(let count):
                    lend(buffer, count)
                    return peerEnded()
                }
            }
        } catch {
            fail(error)
        }
    }

    private func lend(_ buffer: ReadBuffer, _ count: Int) {
        guard count > 0 else { return }
        buffer.lend(count) { delegate?.channel(self, received: $0) }
    }

    /// The alert that tells the peer why is sent if the socket takes it.
    private func fail(_ error: TransportError) {
        guard phase != .closed else { return }
        tls?.drain(into: &outgoing.bytes)
        if !isWaitingToWrite { _ = Socket.send(descriptor, outgoing) }
        finish(.failed(error))
    }

    private func streamEnded() {
        switch phase {
        case .opening: finish(tls == nil ? .closedByPeer : .failed(.handshake(reason: "the other side closed the connection")))
        case .open:
            guard tls?.peerHasEnded ?? true else { return finish(.truncated) }
            peerEnded()
        case .flushing:
            // The socket would announce the end without end.
            readIsSuspended = true
            peerHasEnded = true
        case .lingering: finish(reason)
        case .closed: return
        }
    }

    /// What waits is still sent.
    private func peerEnded() {
        guard phase == .open else { return }
        peerHasEnded = true
        readIsSuspended = true
        beginClosing(.closedByPeer)
    }
}
