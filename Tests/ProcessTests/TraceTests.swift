import Client
import Foundation
import Records
import Testing

/// The order of system calls, as strace wrote it down.
struct Trace {
    enum Event: Equatable {
        case logWritten
        case logSynced
        case replySent
    }

    let events: [Event]

    /// Writes and syncs of the write-ahead log that succeeded, and sends on sockets, in the order in which they ended.
    init(_ text: String) {
        var unfinished: [Substring: Substring] = [:]
        var events: [Event] = []
        for line in text.split(separator: "\n") {
            guard let space = line.firstIndex(of: " ") else { continue }
            let thread = line[..<space]
            var call = line[space...].drop { $0 == " " }
            if call.hasSuffix("<unfinished ...>") {
                unfinished[thread] = call
                continue
            }
            if call.hasPrefix("<... "), let start = unfinished.removeValue(forKey: thread) { call = start + call }
            guard let result = call.range(of: ") = ", options: .backwards) ?? call.range(of: ")  = ", options: .backwards) ?? call.range(of: " = ", options: .backwards),
                !call[result.upperBound...].hasPrefix("-")
            else { continue }
            let name = call.prefix { $0 != "(" }
            let isLog = call.contains("pinyon.db-wal>")
            switch name {
            case "pwrite64", "write": if isLog { events.append(.logWritten) } else if call.contains("<socket:") || call.contains("<TCP:") { events.append(.replySent) }
            case "fsync", "fdatasync": if isLog { events.append(.logSynced) }
            case "sendto", "sendmsg": events.append(.replySent)
            default: break
            }
        }
        self.events = events
    }

    /// The number of replies each of which came after writes to the log that were all synced before it; nil if one came too early.
    var durableReplies: Int? {
        var count = 0
        var hasWrites = false
        var isSynced = true
        for event in events {
            switch event {
            case .logWritten:
                hasWrites = true
                isSynced = false
            case .logSynced: isSynced = true
            case .replySent:
                guard isSynced else { return nil }
                if hasWrites { count += 1 }
                hasWrites = false
            }
        }
        return count
    }
}

@Suite("What is acknowledged was synced before", .serialized)
struct TraceTests {
    private static let strace = ["/usr/bin/strace", "/bin/strace"].first { FileManager.default.isExecutableFile(atPath: $0) }

    @Test("each answer to a write leaves after its own sync of the log")
    func order() async throws {
        let strace = try #require(TraceTests.strace, "strace is needed: scripts/install test brings it")
        let folder = TemporaryFolder()
        let file = folder.path("trace")
        let writes = 20
        do {
            let server = try ServerProcess(
                in: folder, wrapper: [strace, "-f", "-y", "-e", "trace=fdatasync,fsync,pwrite64,write,sendto,sendmsg", "-o", file])
            let client = server.client()
            let agent = try await client.ensureAgent("traced").id
            for number in 0..<writes { _ = try await client.remember([MemoryDraft(agent: agent, content: "traced \(number)", vector: [1, Float(number)])]) }
            client.close()
            #expect(server.stop() == 0)
        }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let replies = try #require(Trace(text).durableReplies, "an answer left before the log was synced")
        #expect(replies >= writes, "\(replies) answers came after a sync of their own")

        let doctored = text.split(separator: "\n").filter { !($0.contains("fdatasync(") || $0.contains("fsync(") || $0.contains("fsync resumed") || $0.contains("fdatasync resumed")) }
        #expect(Trace(doctored.joined(separator: "\n")).durableReplies == nil, "a trace without syncs must not pass")
    }

    @Test("a trace in which the answer overtakes the sync does not pass")
    func overtaking() {
        let good = """
            1 pwrite64(7</d/pinyon.db-wal>, "x", 24, 0) = 24
            1 fdatasync(7</d/pinyon.db-wal> <unfinished ...>
            2 sendto(9<socket:[5]>, "a", 1, MSG_NOSIGNAL, NULL, 0 <unfinished ...>
            1 <... fdatasync resumed>) = 0
            2 <... sendto resumed>) = 1
            """
        #expect(Trace(good).durableReplies == 1)
        let early = good.replacingOccurrences(of: "fdatasync(7</d/pinyon.db-wal> <unfinished ...>", with: "getpid( <unfinished ...>")
        #expect(Trace(early).durableReplies == nil)
        let failed = good.replacingOccurrences(of: "fdatasync resumed>) = 0", with: "fdatasync resumed>) = -1 EIO (Input/output error)")
        #expect(Trace(failed).durableReplies == nil)
    }
}
