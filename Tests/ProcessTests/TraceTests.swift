import Client
import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("No answer to a write leaves before its data is synced")
    struct TraceTests {
        private static let answersWanted = 50
        private static let calls = "trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg,recvfrom,read"

        private func strace() throws -> String {
            let found = ["/usr/bin/strace", "/usr/local/bin/strace", "/bin/strace"].first { FileManager.default.isExecutableFile(atPath: $0) }
            return try #require(found, "strace is needed: scripts/install test")
        }

        private func trace() async throws -> String {
            let folder = try Folder()
            let file = folder.path + "/trace"
            let tracer = [try strace(), "-f", "-y", "-xx", "-s", "48", "-e", TraceTests.calls, "-o", file]
            let server = try await RunningServer.start(in: folder, tracer: tracer)
            defer { server.child.kill() }
            let client = try server.client(retries: .none)
            defer { client.close() }
            let agent = try await client.ensureAgent("traced").id
            for number in 0..<TraceTests.answersWanted {
                let content = "traced memory \(number)"
                _ = try await client.remember([MemoryDraft(agent: agent, content: content, vector: vector(of: content))])
            }
            _ = kill(try server.holder(), SIGTERM)
            #expect(try await server.child.end()?.code == 0)
            return try String(contentsOfFile: file, encoding: .utf8)
        }

        @Test("a trace of the running server shows a sync of its own between each write and its answer; spoilt traces are refused", .timeLimit(.minutes(3)))
        func ordered() async throws {
            let text = try await trace()
            let trace = Trace(text)
            #expect(trace.answers == TraceTests.answersWanted)
            #expect(trace.violations == [])
            let lines = text.split(separator: "\n").map(String.init)

            // One sync made to fail, of those between two answers.
            let syncs = trace.lines.filter { $0.event == .logSync }
            let answers = trace.lines.filter { if case .answer = $0.event { true } else { false } }
            try #require(answers.count > 12)
            let between = syncs.filter { $0.began > answers[10].began && $0.returned < answers[11].began }
            #expect(!between.isEmpty)
            var failed = lines
            for sync in between { failed[sync.returned] = failed[sync.returned].replacingOccurrences(of: "= 0", with: "= -1 EIO (Input/output error)") }
            #expect(Trace(failed.joined(separator: "\n")).violations.count == 1)

            // All syncs gone.
            let without = lines.filter { !$0.contains("fdatasync") && !$0.contains("fsync") }
            #expect(Trace(without.joined(separator: "\n")).violations.count == TraceTests.answersWanted)

            // The syncs of one answer after it instead of before.
            var late = lines
            let moved = Set(between.flatMap { [$0.began, $0.returned] }).sorted()
            let taken = moved.map { late[$0] }
            late.insert(contentsOf: taken, at: answers[11].returned + 1)
            for index in moved.reversed() { late.remove(at: index) }
            #expect(!Trace(late.joined(separator: "\n")).violations.isEmpty)
        }
    }
}
