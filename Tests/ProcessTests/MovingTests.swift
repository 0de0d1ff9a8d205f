import Client
import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("Everything can be moved out and in, and a move that was cut off goes on")
    struct MovingTests {
        /// Some of every kind, changed, used and deleted ones among them.
        private func fill(_ server: RunningServer) async throws {
            _ = try await server.made(["user", "add", "maya@example.com", "--role", "admin", "--preferences", "{\"a\": [1, 2.5, null]}"])
            _ = try await server.made(["agent", "add", "planner", "--memory-type", "hybrid", "--temperature", "0.7"])
            let ids = try await [
                server.made(["conversation", "start", "maya@example.com", "--agent", "planner", "--title", "Ünïcode \"x\"\n", "--vector", "[1, 0.1]"]),
                server.made(["conversation", "start", "maya@example.com", "--title", "deleted"]), server.made(["conversation", "start", "maya@example.com", "--title", "ended"]),
            ]
            for (number, id) in ids.enumerated() {
                for content in ["first", "second", "third"] { _ = try await server.made(["message", "append", id, "\(content) \(number)", "--vector", "[0.3, \(number + 1)]"]) }
            }
            let messages = try await server.json(["message", "list", "--conversation", ids[0]])["messages"]?.list?.compactMap { $0["id"]?.text } ?? []
            _ = try await server.json(["message", "update", messages[0], "--content", "changed"])
            _ = try await server.json(["message", "delete", messages[1]])
            _ = try await server.json(["conversation", "delete", ids[1]])
            _ = try await server.json(["conversation", "end", ids[2]])
            for text in ["one", "two"] { _ = try await server.ask(["remember", "--agent", "planner", text, "--tag", "t", "--vector", "[0.1, 0.7]", "--importance", "0.123456789"]) }
            let term = try await server.made(["term", "add", "slot", "Free time.", "--user", "maya@example.com", "--public", "yes", "--vector", "[-1, 3e-5]"])
            _ = try await server.json(["term", "use", term])
            _ = try await server.made(["pattern", "add", "shortcut", "{\"deep\": {\"er\": [true]}}", "--user", "maya@example.com"])
        }

        private func counts(_ server: RunningServer) async throws -> [String: Int64] {
            guard case .object(let members)? = try await server.json(["status"])["organization"] else { return [:] }
            return Dictionary(members.compactMap { member in member.value.integer.map { (member.name, $0) } }, uniquingKeysWith: { $1 })
        }

        @Test("what is exported and imported elsewhere has the same rows, counts and bytes", .timeLimit(.minutes(2)))
        func roundTrip() async throws {
            try await withServer { server in
                try await fill(server)
                let done = try await server.json(["export", "out.jsonl"])
                let out = try String(contentsOfFile: server.folder.path + "/out.jsonl", encoding: .utf8)
                #expect(done["exported"]?.integer == Int64(out.split(separator: "\n").count) && out.split(separator: "\n").count == 18)
                #expect(try await server.ask(["export", "out.jsonl"]).errors.contains("is there already"))
                #expect(try await server.ask(["export", "-", "--kind", "term"]).output.split(separator: "\n").count == 1)
                try await withServer { other in
                    let path = server.folder.path + "/out.jsonl"
                    let imported = try await other.json(["import", path])
                    #expect(imported["imported"]?.integer == 18 && imported["failed"]?.integer == 0)
                    _ = try await other.json(["export", "again.jsonl"])
                    #expect(try String(contentsOfFile: other.folder.path + "/again.jsonl", encoding: .utf8) == out)
                    #expect(try await counts(server) == counts(other))
                    // The indexes have it too, conversations' vectors by what they follow from.
                    for kind in ["memory", "message", "conversation", "term"] {
                        let search = ["search", "--kind", kind, "--vector", "[0.2, 1]", "--json"]
                        #expect(try await other.ask(search).output == server.ask(search).output, "\(kind)")
                    }
                    let repeated = try await other.ask(["import", path])
                    #expect(repeated.code == 0 && repeated.errors.contains("imported already"), "\(repeated.errors)")
                    let again = try await other.ask(["import", path, "--new"])
                    #expect(again.code == 1 && again.errors.contains("line 1: ") && again.errors.contains("18 lines were not imported"))
                    #expect(try await counts(server) == counts(other))
                    #expect(try await pinyon(["verify", "--data", other.dataPath], in: other.folder).code == 0)
                }
            }
        }

        @Test("bad lines are told by their numbers, and all others are there", .timeLimit(.minutes(1)))
        func badLines() async throws {
            try await withServer { server in
                let good = { (text: String) in "{\"agent\": \"a\", \"content\": \"\(text)\", \"vector\": [1, 2]}" }
                let lines = [
                    "{\"kind\": \"user\", \"email\": \"maya@example.com\", \"name\": \"Maya\"}", good("one"), "no JSON", "", good("two"), "[1]",
                    "{\"kind\": \"key\"}", "{\"kind\": \"term\", \"user\": \"nobody@example.com\", \"term\": \"x\", \"definition\": \"y\"}",
                    "{\"agent\": \"a\", \"content\": \"x\", \"colour\": 1}", "{\"agent\": \"a\", \"content\": \"x\", \"vector\": [1, 2, 3]}", good("three"),
                    "{\"agent\": \"a\"}", "{\"kind\": \"conversation\", \"user\": \"maya@example.com\", \"status\": \"odd\"}",
                    "{\"kind\": \"conversation\", \"user\": \"maya@example.com\", \"title\": \"fine\"}",
                ]
                let path = try server.folder.write(lines.joined(separator: "\n"), to: "lines.jsonl")
                let finished = try await server.ask(["import", path])
                #expect(finished.code == 1)
                for (line, word) in [(3, "JSON"), (6, "object"), (7, "kind"), (8, "nobody@example.com"), (9, "colour"), (10, "vector"), (12, "content"), (13, "status")] {
                    let told = finished.errors.split(separator: "\n").contains { $0.contains("line \(line):") && $0.contains(word) }
                    #expect(told, "line \(line): \(finished.errors)")
                }
                #expect(finished.errors.contains("8 lines were not imported"))
                let there = try await counts(server)
                #expect(there["memories"] == 3 && there["users"] == 1 && there["conversations"] == 1)
                let stopped = try await server.ask(["import", path, "--new", "--errors", "2"])
                #expect(stopped.code == 1 && stopped.errors.contains("more than 2 bad lines"))
            }
        }

        @Test("a pipe, a line that is too long, a byte order mark and a file that has changed are met", .timeLimit(.minutes(1)))
        func oddFiles() async throws {
            try await withServer { server in
                let line = { (text: String) in "{\"agent\": \"a\", \"content\": \"\(text)\"}" }
                let command = "'\(try Checkout.binary())' import"
                let environment = ["PINYON_SERVER": server.address, "PINYON_KEY_FILE": server.keyFile]
                for script in ["\(command) <(echo '\(line("one"))')", "echo '\(line("two"))' | \(command) -", "mkfifo f; (echo '\(line("three"))' > f &); \(command) f"] {
                    let finished = try await run(["/bin/bash", "-c", script], in: server.folder, environment: environment)
                    #expect(finished.code == 0 && finished.output.contains("1 rows: 1 memory"), "\(script): \(finished.output) \(finished.errors)")
                }
                let long = String(repeating: "y", count: 17 * 1_024 * 1_024)
                let path = try server.folder.write("\u{FEFF}\(line("four"))\r\n\(long)\n\(line("five"))", to: "odd.jsonl")
                let odd = try await server.ask(["import", path])
                #expect(odd.code == 1 && odd.errors.contains("line 2: longer than") && odd.output.contains("2 memories"), "\(odd.output) \(odd.errors)")
                // One that stopped, and is something else by now.
                try server.folder.write("no JSON\n\(line("six"))", to: "changing.jsonl")
                #expect(try await server.ask(["import", "changing.jsonl", "--errors", "0"]).code == 1)
                let jobs = try await server.json(["job", "list", "--state", "paused"])["jobs"]?.list ?? []
                #expect(jobs.count == 1 && jobs.first?["last_error"]?.text?.contains("bad lines") == true)
                try server.folder.write("\(line("six"))\n\(line("seven"))", to: "changing.jsonl")
                #expect(try await server.ask(["import", "changing.jsonl"]).errors.contains("is not what it was"))
                #expect(try await server.ask(["import", "changing.jsonl", "--new"]).code == 0)
                #expect(try await server.json(["job", "list", "--state", "running"])["jobs"]?.list?.isEmpty == true)
                #expect(try await counts(server)["memories"] == 7)
            }
        }

        @Test("a command that waits for input ends when it is asked to", .timeLimit(.minutes(1)))
        func waiting() async throws {
            try await withServer { server in
                let code = unsafe mkfifo(server.folder.path + "/pipe", 0o600)
                try #require(code == 0)
                let child = try start(server, ["import", "pipe"])
                defer { child.kill() }
                let client = try server.client()
                defer { client.close() }
                #expect(try await becomesTrue { try await client.browse(RecordListing(.job, [.state: .text("running")])).records.count == 1 })
                child.send(SIGINT)
                #expect(try await child.end()?.code == 1, "\(child.errors)")
                #expect(try await client.browse(RecordListing(.job)).records.first?.jobState != .running)
            }
        }

        /// Lines without identifiers, so that one that is imported twice is there twice.
        private func many(_ folder: Folder, _ count: Int) throws -> String {
            try folder.write((0..<count).map { "{\"agent\": \"a\", \"content\": \"number \($0)\"}" }.joined(separator: "\n"), to: "many.jsonl")
        }

        private func start(_ server: RunningServer, _ arguments: [String]) throws -> Child {
            let environment = Checkout.environment.merging(["PINYON_SERVER": server.address, "PINYON_KEY_FILE": server.keyFile]) { $1 }
            return try Child([Checkout.binary()] + arguments, environment: environment, folder: server.folder.path, output: server.folder)
        }

        /// Waits until a job of that type has done something, and makes the server stand still so that nothing more is done.
        private func freezeMidway(_ server: RunningServer, _ type: JobType) async throws {
            let client = try server.client()
            defer { client.close() }
            let isUnderWay = try await becomesTrue {
                let job = try await client.browse(RecordListing(.job, [.type: .text(type.rawValue)], limit: 1)).records.first
                return (job?.integer(.doneCount) ?? 0) > 0
            }
            #expect(isUnderWay)
            try await server.freeze()
        }

        @Test("an import that is asked to stop, and one that is killed, go on where they were and write nothing twice", .timeLimit(.minutes(5)))
        func resumedImport() async throws {
            let count = 60_000
            for signal in [SIGINT, SIGKILL] {
                try await withServer { server in
                    let path = try many(server.folder, count)
                    let child = try start(server, ["import", path])
                    defer { child.kill() }
                    try await freezeMidway(server, .importing)
                    child.send(signal)
                    if signal == SIGKILL { _ = try await child.end() }
                    server.child.send(SIGCONT)
                    let ended = try #require(try await child.end())
                    #expect(signal == SIGKILL ? ended.signal == SIGKILL : ended.code == 1 && child.errors.contains("the same command goes on"), "\(child.errors)")
                    let before = try #require(try await counts(server)["memories"])
                    #expect(before > 0 && before < count, "the signal came too late: \(before)")
                    // A killed worker is taken for dead when it has been silent for the length of a lease.
                    let again = try await pinyon(
                        ["import", path], in: server.folder, environment: ["PINYON_SERVER": server.address, "PINYON_KEY_FILE": server.keyFile], withinSeconds: 120)
                    #expect(again.code == 0 && again.errors.contains("going on after line"), "\(again.errors)")
                    #expect(try await counts(server)["memories"] == Int64(count))
                    let contents = try await server.ask(["list", "--all", "--json"]).output.split(separator: "\n").map { line in
                        try JSON(parsing: Array(line.utf8))["content"]?.text
                    }
                    #expect(contents.count == count && Set(contents) == Set((0..<count).map { "number \($0)" }))
                    let jobs = try await server.json(["job", "list"])["jobs"]?.list ?? []
                    #expect(jobs.count == 1 && jobs.first?["done_count"]?.integer == Int64(count) && jobs.first?["state"]?.text == "succeeded")
                }
            }
        }

        @Test("an export that is asked to stop goes on into the same file", .timeLimit(.minutes(2)))
        func resumedExport() async throws {
            let count = 60_000
            try await withServer { server in
                #expect(try await server.ask(["import", try many(server.folder, count)]).code == 0)
                let child = try start(server, ["export", "out.jsonl"])
                defer { child.kill() }
                try await freezeMidway(server, .exporting)
                child.send(SIGINT)
                server.child.send(SIGCONT)
                #expect(try await child.end()?.code == 1, "\(child.errors)")
                // What was half written is cut off again.
                let handle = try #require(FileHandle(forWritingAtPath: server.folder.path + "/out.jsonl"))
                try handle.seekToEnd()
                handle.write(Data("{\"kind\": \"half".utf8))
                try handle.close()
                let again = try await server.ask(["export", "out.jsonl"])
                #expect(again.code == 0 && again.errors.contains("going on after"), "\(again.errors)")
                #expect(try await server.ask(["export", "whole.jsonl"]).code == 0)
                let files = try ["out.jsonl", "whole.jsonl"].map { try String(contentsOfFile: server.folder.path + "/" + $0, encoding: .utf8) }
                #expect(files[0] == files[1] && files[0].split(separator: "\n").count == count + 1)
            }
        }
    }
}
