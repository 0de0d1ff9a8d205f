import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("Each kind has its verbs")
    struct RecordCommandTests {
        @Test("an organization whose keys are lost gets another one, and no key is written over another", .timeLimit(.minutes(1)))
        func rescue() async throws {
            let folder = try Folder()
            let first = try await RunningServer.start(in: folder)
            #expect(try await first.ask(["key", "create", "k", "--role", "reader", "--to-file", first.keyFile]).errors.contains("is there already"))
            let running = try await pinyon(["organization", "rescue", "default", "--data", "data"], in: folder)
            #expect(running.code == 1, "a server holds the directory")
            try await first.stop()
            #expect(try await pinyon(["organization", "rescue", "nobody", "--data", "data"], in: folder).errors.contains("there are default"))
            #expect(try await pinyon(["organization", "rescue", "default", "--data", "data", "--to-file", "again.key"], in: folder).code == 0)
            let second = try await RunningServer.start(in: folder)
            defer { second.child.kill() }
            #expect(try await second.ask(["key", "list"], keyFile: folder.path + "/again.key").code == 0)
        }

        @Test("a conversation is started, spoken in, listed, searched, ended, deleted and restored", .timeLimit(.minutes(1)))
        func conversation() async throws {
            try await withServer { server in
                let user = try await server.made(["user", "add", "Maya@Example.com", "--role", "admin"])
                let agent = try await server.made(["agent", "add", "planner", "--memory-type", "hybrid"])
                let id = try await server.made([
                    "conversation", "start", "maya@example.com", "--agent", "planner", "--title", "Oslo", "--tag", "travel", "--folder", "trips",
                    "--participant", "maya", "--context", "{\"city\": \"Oslo\"}", "--vector", "[1, 0]",
                ])
                let first = try await server.made(["message", "append", id, "When does the train leave?", "--vector", "[0, 1]"])
                _ = try await server.made(["message", "append", id, "At nine.", "--role", "assistant", "--model-used", "m", "--quality-score", "9.5", "--vector", "[0, 1]"])
                let opened = try await server.json(["conversation", "open", id])
                #expect(opened["conversation"]?["message_count"]?.integer == 2 && opened["conversation"]?["agent"]?.text == agent)
                #expect(opened["messages"]?.list?.compactMap { $0["content"]?.text } == ["When does the train leave?", "At nine."])
                #expect(try await server.ask(["conversation", "open", id]).output.contains("At nine."))
                for arguments in [["--user", "maya@example.com"], ["--agent", "planner"], ["--folder", "trips"], ["--status", "active"], ["--order", "last-activity-at"]] {
                    let page = try await server.json(["conversation", "list"] + arguments)
                    #expect(page["conversations"]?.list?.compactMap { $0["id"]?.text } == [id], "\(arguments)")
                }
                let hits = try await server.json(["search", "--kind", "message", "--vector", "[0, 1]", "--conversation", id, "--user", user])["hits"]?.list ?? []
                #expect(hits.count == 2 && hits.first?["message"]?["content"]?.text != nil)
                // The conversation's vector is the mean of three unit vectors, of which two are its messages'.
                let score = try await server.json(["search", "--kind", "conversation", "--vector", "[0, 1]"])["hits"]?.list?.first?["score"]?.number
                #expect(try abs(#require(score) - 2 / 5.0.squareRoot()) < 1e-5)
                _ = try await server.json(["message", "update", first, "--content", "When does the bus leave?"])
                #expect(try await server.json(["message", "get", first])["messages"]?.list?.first?["edited"] == .bool(true))
                _ = try await server.json(["message", "delete", first])
                #expect(try await server.json(["conversation", "get", id])["conversations"]?.list?.first?["message_count"]?.integer == 1)
                _ = try await server.json(["message", "restore", first])
                _ = try await server.json(["conversation", "end", id])
                #expect(try await server.ask(["message", "append", id, "too late"]).errors.contains("ended"))
                _ = try await server.json(["conversation", "delete", id])
                #expect(try await server.ask(["conversation", "get", id]).code == 1)
                #expect(try await server.json(["conversation", "list", "--deleted", "only"])["conversations"]?.list?.count == 1)
                _ = try await server.json(["conversation", "restore", id])
                #expect(try await server.json(["conversation", "open", id])["messages"]?.list?.count == 2)
            }
        }

        @Test("terms and patterns are added, used, changed, emptied and deleted", .timeLimit(.minutes(1)))
        func terms() async throws {
            try await withServer { server in
                _ = try await server.made(["user", "add", "maya@example.com"])
                let term = try await server.made([
                    "term", "add", "slot", "Free time.", "--user", "maya@example.com", "--example", "a", "--example", "b", "--related", "booking", "--context", "calendar",
                    "--public", "yes", "--vector", "[1, 0]",
                ])
                _ = try await server.json(["term", "use", term])
                _ = try await server.json(["term", "update", term, "--clear", "context", "--definition", "Time that can be booked.", "--vector", "[0, 1]"])
                let kept = try #require(try await server.json(["term", "get", term, "--with-vectors"])["terms"]?.list?.first)
                #expect(kept["frequency"]?.integer == 2 && kept["context"] == nil && kept["vector"]?.vector == [0, 1] && kept["usage_examples"] == ["a", "b"])
                #expect(try await server.json(["search", "--kind", "term", "--vector", "[0, 1]", "--filter", "{\"is_public\": true}"])["hits"]?.list?.count == 1)
                let pattern = try await server.made(["pattern", "add", "shortcut", "{\"from\": \"pls\"}", "--user", "maya@example.com", "--confidence", "0.5"])
                _ = try await server.json(["pattern", "use", pattern])
                #expect(try await server.json(["pattern", "get", pattern])["patterns"]?.list?.first?["occurrences"]?.integer == 2)
                let stale = try await server.ask(["term", "update", term, "--term", "x", "--if-version", "1"])
                #expect(stale.code == 1 && stale.errors.contains("version"))
                for (kind, id) in [("term", term), ("pattern", pattern)] {
                    _ = try await server.json([kind, "delete", id])
                    #expect(try await server.ask([kind, "get", id]).code == 1)
                }
            }
        }

        @Test("a list goes on where a page ended, in every order", .timeLimit(.minutes(1)))
        func pages() async throws {
            try await withServer { server in
                for number in 1...5 { _ = try await server.made(["user", "add", "u\(number)@example.com"]) }
                for order in [[], ["--order", "email"], ["--order", "email", "--ascending"]] {
                    var found: [String] = []
                    var after: [String] = []
                    repeat {
                        let page = try await server.json(["user", "list", "--limit", "2"] + order + after)
                        found += page["users"]?.list?.compactMap { $0["email"]?.text } ?? []
                        after = page["next"]?.text.map { ["--after", $0] } ?? []
                    } while !after.isEmpty
                    let names = (1...5).map { "u\($0)@example.com" }
                    #expect(found == (order.contains("--ascending") ? names : names.reversed()), "\(order)")
                }
                let all = try await server.ask(["user", "list", "--all", "--limit", "2"])
                #expect(all.output.split(separator: "\n").count == 5)
                for line in all.output.split(separator: "\n") { #expect(line.count <= 80) }
            }
        }

        @Test("a key of one user sees and writes nothing beyond; one that is revoked is refused", .timeLimit(.minutes(1)))
        func keys() async throws {
            try await withServer { server in
                let maya = try await server.made(["user", "add", "maya@example.com"])
                _ = try await server.made(["user", "add", "noor@example.com"])
                let foreign = try await server.made(["conversation", "start", "noor@example.com", "--title", "private"])
                let file = server.folder.path + "/maya.key"
                let made = try await server.json(["key", "create", "maya's", "--role", "writer", "--user", "maya@example.com", "--to-file", file])
                #expect(made["key"] == .null && made["record"]?["key_hash"] == nil)
                let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                #expect(try await server.json(["conversation", "list"], keyFile: file)["conversations"]?.list?.isEmpty == true)
                #expect(try await server.ask(["conversation", "open", foreign], keyFile: file).code == 1)
                let own = try await server.json(["conversation", "start", maya, "--title", "own"], keyFile: file)
                #expect(own["rows"]?.list?.count == 1)
                #expect(try await server.ask(["conversation", "start", "noor@example.com"], keyFile: file).code == 1)
                #expect(try await server.ask(["key", "list"], keyFile: file).errors.contains("admin:keys"))
                let id = try #require(made["record"]?["id"]?.text)
                let shown = try await server.ask(["key", "list"])
                #expect(shown.output.contains(made["record"]?["key_prefix"]?.text ?? "?"))
                let text = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(!shown.output.contains(text))
                let successor = try await server.json(["key", "rotate", id, "--overlap", "60"])
                try server.folder.write(try #require(successor["key"]?.text), to: "new.key")
                for name in ["maya.key", "new.key"] { #expect(try await server.ask(["conversation", "list"], keyFile: server.folder.path + "/" + name).code == 0) }
                _ = try await server.json(["key", "revoke", id])
                #expect(try await server.ask(["conversation", "list"], keyFile: file).code == 1)
                let last = try await server.json(["key", "list"])["keys"]?.list?.first { $0["name"]?.text == "admin" }?["id"]?.text
                #expect(try await server.ask(["key", "revoke", try #require(last)]).errors.contains("last key"))
            }
        }

        @Test("a mistake in a field is told by the field's name, with what would do", .timeLimit(.minutes(1)))
        func mistakes() async throws {
            try await withServer { server in
                _ = try await server.made(["user", "add", "maya@example.com"])
                for (arguments, code, words) in [
                    (["user", "add", "nobody"], 1, ["email", "maya@example.com"]), (["user", "add", "maya@example.com"], 1, ["there already"]),
                    (["user", "add", "a@b.c", "--role", "king"], 2, ["--role", "owner, admin, member, user, viewer"]),
                    (["agent", "add", "No Slug"], 1, ["slug"]), (["agent", "add", "a", "--temperature", "9"], 2, ["--temperature", "0"]),
                    (["conversation", "start", "stranger@example.com"], 1, ["there is no user", "pinyon user list"]),
                    (["conversation", "start", "maya@example.com", "--mode", "alone"], 2, ["--mode", "single, multi, collaborative"]),
                    (["conversation", "start", "maya@example.com", "--quality-threshold", "11"], 2, ["--quality-threshold"]),
                    (["conversation", "list", "--order", "title"], 2, ["--order", "last-activity-at"]),
                    (["message", "append", "x", "y"], 2, ["must be a UUID"]),
                    (["message", "append", "00000000-0000-7000-8000-000000000000", "y"], 1, ["conversation"]),
                    (["message", "list", "--role", "robot"], 2, ["user, assistant, system"]), (["term", "add", "slot"], 2, ["TERM DEFINITION"]),
                    (["term", "add", "slot", "d"], 1, ["user is missing"]), (["pattern", "add", "t", "[1]", "--user", "maya@example.com"], 2, ["JSON object"]),
                    (["key", "create", "k"], 2, ["--role"]), (["key", "create", "k", "--scope", "fly"], 2, ["memories:read"]),
                    (["organization", "update"], 2, ["changes nothing"]), (["conversation"], 2, ["start"]), (["conversation", "strat"], 2, ["start"]),
                    (["search", "--kind", "user", "--vector", "[1]"], 2, ["conversation"]), (["search", "--kind", "term", "--session", "x", "--vector", "[1]"], 2, ["has no session"]),
                    (["job", "watch", "00000000-0000-7000-8000-000000000000"], 1, ["there"]), (["job", "retention"], 1, ["data_retention_days"]),
                    (["migrate", "--data", "nowhere"], 1, ["nowhere"]), (["completion", "fish"], 2, ["bash or zsh"]),
                ] as [([String], Int32, [String])] {
                    let finished = try await server.ask(arguments)
                    #expect(finished.code == code, "\(arguments): \(finished.output) \(finished.errors)")
                    let said = finished.errors + finished.output
                    for word in words { #expect(said.contains(word), "\(arguments): \(said)") }
                }
            }
        }
    }
}
