import Dispatch
import Synchronization
@testable import Transport

/// A channel's owner that writes down what happens, and can be awaited.
final class Recorder: ChannelDelegate {
    struct State {
        var channel: Channel?
        var isOpen = false
        var bytes: [UInt8] = []
        var receivedWhilePaused = 0
        var drained = 0
        var closed: [CloseReason] = []
        var eventsAfterClose = 0
        var outcomes: [WriteOutcome] = []
    }

    private struct Waiting {
        let condition: @Sendable (State) -> Bool
        let continuation: CheckedContinuation<Bool, Never>
    }

    let state = Mutex(State())
    private let waiting = Mutex<[Int: Waiting]>([:])
    private let waitings = Atomic<Int>(0)
    private let onOpen: @Sendable (Channel) -> Void
    private let onReceive: @Sendable (Channel, [UInt8]) -> Void
    private let onDrained: @Sendable (Channel) -> Void

    init(
        onOpen: @escaping @Sendable (Channel) -> Void = { _ in }, onDrained: @escaping @Sendable (Channel) -> Void = { _ in },
        onReceive: @escaping @Sendable (Channel, [UInt8]) -> Void = { _, _ in }
    ) {
        self.onOpen = onOpen
        self.onDrained = onDrained
        self.onReceive = onReceive
    }

    /// Sends back what comes, and reads no more while too much waits.
    static func echo() -> Recorder {
        Recorder(onDrained: { $0.resumeReading() }) { channel, bytes in
            if channel.write(bytes) == .overLimit { channel.pauseReading() }
        }
    }

    static func receiving(_ onReceive: @escaping @Sendable (Channel, [UInt8]) -> Void) -> Recorder { Recorder(onReceive: onReceive) }

    func read<Value>(_ body: (State) -> Value) -> Value { body(state.withLock { $0 }) }

    private func note(_ change: (inout State) -> Void) {
        let now = state.withLock { state in
            if !state.closed.isEmpty { state.eventsAfterClose += 1 }
            change(&state)
            return state
        }
        let met = waiting.withLock { waiting in
            let met = waiting.filter { $0.value.condition(now) }
            for number in met.keys { waiting[number] = nil }
            return met.values.map(\.continuation)
        }
        for continuation in met { continuation.resume(returning: true) }
    }

    func channelOpened(_ channel: Channel) {
        note { $0.channel = channel; $0.isOpen = true }
        onOpen(channel)
    }

    func channel(_ channel: Channel, received bytes: Span<UInt8>) {
        var copy: [UInt8] = []
        copy.append(copying: bytes)
        note { $0.bytes += copy; $0.receivedWhilePaused += channel.isPaused ? 1 : 0 }
        onReceive(channel, copy)
    }

    func channelDrained(_ channel: Channel) {
        note { $0.drained += 1 }
        onDrained(channel)
    }

    func channelClosed(_ channel: Channel, reason: CloseReason) { note { $0.closed.append(reason) } }

    /// Whether the condition came about; the bound is only there so that a broken test ends.
    func wait(_ condition: @escaping @Sendable (State) -> Bool) async -> Bool {
        let number = waitings.wrappingAdd(1, ordering: .relaxed).newValue
        return await withCheckedContinuation { continuation in
            waiting.withLock { $0[number] = Waiting(condition: condition, continuation: continuation) }
            DispatchQueue.global().asyncAfter(deadline: .now() + 60) { [weak self] in self?.give(number, false) }
            if state.withLock({ condition($0) }) { give(number, true) }
        }
    }

    private func give(_ number: Int, _ result: Bool) {
        waiting.withLock { $0.removeValue(forKey: number) }?.continuation.resume(returning: result)
    }

    func closing() async -> CloseReason? {
        guard await wait({ !$0.closed.isEmpty }) else { return nil }
        return state.withLock { $0.closed.first }
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }

    /// On the channel's loop, after which it returns. Does nothing before the channel is open.
    func onLoop(_ body: @escaping @Sendable (Channel) -> Void) async {
        guard let channel = state.withLock({ $0.channel }) else { return }
        await withCheckedContinuation { continuation in
            channel.loop.execute {
                body(channel)
                continuation.resume()
            }
        }
    }

    func send(_ bytes: [UInt8]) async {
        await onLoop { channel in
            let outcome = channel.write(bytes)
            self.state.withLock { $0.outcomes.append(outcome) }
            channel.flush()
        }
    }

    func close(_ manner: Channel.CloseManner) async { await onLoop { $0.close(manner) } }
}
