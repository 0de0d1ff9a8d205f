/// What strace wrote about a server, as far as it matters to the order of syncs and answers.
struct Trace {
    enum Event: Equatable {
        case logWrite
        /// Of the log, and successful.
        case logSync
        /// The answer to a remember leaves.
        case answer(request: UInt64)
    }

    struct Line {
        let event: Event
        /// The lines of the file on which the call began and returned.
        let began: Int
        let returned: Int
    }

    let lines: [Line]

    /// Reads the output of `strace -f -y -xx -s 48`.
    init(_ text: String) {
        var found: [Line] = []
        var unfinished: [Substring: (text: Substring, began: Int)] = [:]
        for (number, line) in text.split(separator: "\n").enumerated() {
            let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard parts.count == 2 else { continue }
            let thread = parts[0]
            var call = parts[1].drop { $0 == " " }
            var began = number
            if call.hasSuffix("<unfinished ...>") {
                unfinished[thread] = (call.dropLast("<unfinished ...>".count), number)
                // What is sent has left with the beginning of the call; its return is not waited for.
                if case .answer(let request)? = Trace.event(call, hasReturned: false) {
                    found.append(Line(event: .answer(request: request), began: number, returned: number))
                    unfinished[thread] = nil
                }
                continue
            }
            if call.hasPrefix("<... ") {
                guard let first = unfinished.removeValue(forKey: thread), let end = Trace.offset(of: "resumed>", in: call) else { continue }
                call = Substring(String(first.text) + String(call[end...]))
                began = first.began
            }
            if let event = Trace.event(call, hasReturned: true) { found.append(Line(event: event, began: began, returned: number)) }
        }
        lines = found
    }

    private static func offset(of mark: String, in text: Substring) -> Substring.Index? {
        var start = text.startIndex
        while start < text.endIndex {
            if text[start...].hasPrefix(mark) { return text.index(start, offsetBy: mark.count) }
            start = text.index(after: start)
        }
        return nil
    }

    private static func event(_ call: Substring, hasReturned: Bool) -> Event? {
        let name = call.prefix { $0 != "(" }
        let isLog = call.contains("pinyon.db-wal>") || call.contains(Trace.hexadecimalLogName)
        switch name {
        case "pwrite64", "write":
            if isLog { return hasReturned && !call.contains("= -1") ? .logWrite : nil }
            return answer(call)
        case "fdatasync", "fsync": return isLog && hasReturned && call.hasSuffix("= 0") ? .logSync : nil
        case "sendto", "sendmsg", "writev": return hasReturned && call.contains("= -1") ? nil : answer(call)
        default: return nil
        }
    }

    private static let hexadecimalLogName = "pinyon.db-wal".utf8.map { "\\x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()

    /// A frame's header stands in the first 32 bytes that are sent: magic, type 5 at byte 5, request at 8, operation 32 at 16.
    private static func answer(_ call: Substring) -> Event? {
        guard call.contains("<socket:") || call.contains("<TCP:") || call.contains("<\\x"), let open = call.firstIndex(of: "\"") else { return nil }
        let quoted = call[call.index(after: open)...].prefix { $0 != "\"" }
        let bytes = quoted.split(separator: "\\x").compactMap { UInt8($0, radix: 16) }
        guard bytes.count >= 32, bytes.starts(with: "PNYN".utf8), bytes[5] == 5, bytes[16] == 32, bytes[17] == 0 else { return nil }
        return .answer(request: bytes[8..<16].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }

    var answers: Int { lines.count { if case .answer = $0.event { true } else { false } } }

    /// Each answer that was not preceded by a sync of its own write. The requests came one after the other, so each answer needs a write and a
    /// sync of the log since the answer before it, the sync begun when the last write had returned, and returned when the answer began.
    var violations: [String] {
        var result: [String] = []
        var previous = -1
        for (position, line) in lines.enumerated() {
            guard case .answer(let request) = line.event else { continue }
            defer { previous = line.began }
            let since = lines[..<position].filter { $0.began > previous }
            guard let lastWrite = since.filter({ $0.event == .logWrite }).max(by: { $0.began < $1.began }) else {
                result.append("nothing was written to the log before the answer to request \(request)")
                continue
            }
            guard since.contains(where: { $0.event == .logSync && $0.began > lastWrite.returned && $0.returned < line.began }) else {
                result.append("the log was not synced between its last write and the answer to request \(request)")
                continue
            }
        }
        return result
    }
}
