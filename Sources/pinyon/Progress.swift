internal import Dispatch
internal import Records
internal import Synchronization

/// How far something is: a bar on a terminal, a line now and then elsewhere. It goes to standard error, beside what a program reads.
final class Progress: Sendable {
    private struct State {
        /// When something was shown, or it began.
        var shownAt = Progress.milliseconds
        var hasBar = false
    }

    /// What is done sooner needs no bar.
    private static let firstMilliseconds: UInt64 = 1_000
    private static let barMilliseconds: UInt64 = 100
    private static let lineMilliseconds: UInt64 = 5_000
    private static let barWidth = 24

    private let isQuiet: Bool
    private let isTerminal = System.isErrorTerminal
    private let began = Progress.milliseconds
    private let state = Mutex(State())

    private static var milliseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

    init(isQuiet: Bool = false) { self.isQuiet = isQuiet }

    /// `share` from 0 to 1; nil where nobody knows.
    func show(_ text: String, share: Double?) {
        guard !isQuiet else { return }
        let now = Progress.milliseconds
        let isDue = state.withLock { state in
            guard now >= began + Progress.firstMilliseconds else { return false }
            guard now >= state.shownAt + (isTerminal ? Progress.barMilliseconds : Progress.lineMilliseconds) else { return false }
            state.shownAt = now
            state.hasBar = isTerminal
            return true
        }
        guard isDue else { return }
        let percent = share.map { "\(Int((min(1, max(0, $0)) * 100).rounded(.down))) %" } ?? ""
        guard isTerminal else { return System.printError([percent, text].filter { !$0.isEmpty }.joined(separator: ", ")) }
        let filled = share.map { Int((min(1, max(0, $0)) * Double(Progress.barWidth)).rounded(.down)) } ?? 0
        let bar = share == nil ? "" : "[\(String(repeating: "#", count: filled))\(String(repeating: ".", count: Progress.barWidth - filled))] \(percent.leftPadded(to: 5))  "
        System.writeError("\r\u{1B}[K" + (bar + text).line(of: Printing.width - 1))
    }

    func show(_ job: Record) {
        let done = (job.integer(.doneCount) ?? 0) + (job.integer(.failedCount) ?? 0)
        let share = job.integer(.totalCount).flatMap { $0 > 0 ? Double(done) / Double($0) : nil }
        show(Progress.text(done: done, failed: job.integer(.failedCount) ?? 0, rate: job.number(.rate) ?? 0), share: share)
    }

    /// A line that is to stay, above the bar.
    func say(_ line: String) {
        state.withLock { state in
            if state.hasBar { System.writeError("\r\u{1B}[K") }
            state.hasBar = false
        }
        System.printError(line.shown)
    }

    func end() {
        state.withLock { state in
            if state.hasBar { System.writeError("\r\u{1B}[K") }
            state.hasBar = false
        }
    }

    static func text(done: Int64, failed: Int64, rate: Double) -> String {
        let pace = rate >= 1 ? ", \(Int64(rate)) a second" : ""
        return "\(done) rows\(pace)\(failed > 0 ? ", \(failed) failed" : "")"
    }
}

extension String {
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
