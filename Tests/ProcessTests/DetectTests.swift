import Foundation
import Testing

extension RealBinary {
    @Suite("Terms are found in texts, and beside each other, on the command line")
    struct DetectTests {
        private static let maya = ["--user", "maya@example.com"]

        private func add(_ server: RunningServer, _ lines: [[String]]) async throws {
            for email in ["maya@example.com", "omar@example.com"] { #expect(try await server.ask(["user", "add", email]).code == 0) }
            for line in lines {
                let added = try await server.ask(["term", "add"] + line)
                #expect(added.code == 0, "\(added.errors)")
            }
        }

        @Test("each place is told by line and letter, for people and for programs, and what is found can count as used", .timeLimit(.minutes(1)))
        func detect() async throws {
            try await withServer { server in
                try await add(
                    server,
                    [
                        ["kernel", "The core.", "--context", "technical", "--language", "en"] + Self.maya, ["kern crash", "d", "--status", "deprecated", "--preferred-term", "kernel panic"] + Self.maya,
                        ["größe", "d", "--user", "omar@example.com", "--public", "yes"],
                    ])
                let text = "Ärger: kernels\nund die GRÖSSE, kern-crash.\n"
                let plain = try await server.ask(["detect", text] + Self.maya)
                #expect(
                    plain.output
                        == "1:8  kernels  (kernel, inflected, technical, own)\n2:9  GRÖSSE  (größe, public)\n2:17  kern-crash  (kern crash, deprecated: say kernel panic, own)\n",
                    "\(plain)")
                let folder = try Folder()
                try folder.write(text, to: "text")
                let json = try await server.ask(["detect", "--file", folder.path + "/text", "--json", "--use"] + Self.maya)
                let first = json.output.split(separator: "\n").first.map { String($0) } ?? ""
                for part in ["\"start\":8,\"end\":15,\"text\":\"kernels\"", "\"term\":\"kernel\",\"inflected\":true,\"context\":\"technical\""] { #expect(first.contains(part), "\(json)") }
                let listed = try await server.ask(["term", "list", "--json"] + Self.maya)
                #expect(listed.output.components(separatedBy: "\"frequency\":2").count == 3, "\(listed.output)")
                for verb in [["detect", "nothing"], ["suggest", "zzz"]] {
                    #expect(try await server.ask(verb + Self.maya).output == "  nothing matches\n")
                    #expect(try await server.ask(verb + Self.maya + ["--json"]).output.isEmpty)
                }
            }
        }

        @Test("a text of any length is looked through in parts, and no place is lost or moved", .timeLimit(.minutes(1)))
        func long() async throws {
            try await withServer { server in
                try await add(server, [["needle", "d"] + Self.maya, ["x", "d"] + Self.maya])
                let folder = try Folder()
                // Beyond one request, and with more places than one answer names.
                let filler = String(repeating: String(repeating: "hay ", count: 15) + "é\n", count: 20_000)
                let text = "needle\n" + filler + "\nneedle\n" + String(repeating: "x ", count: 250_002) + filler + "needle"
                try folder.write(text, to: "text")
                let found = try await server.ask(["detect", "--file", folder.path + "/text", "--json"] + Self.maya)
                let starts = found.output.split(separator: "\n").filter { $0.contains("\"needle\"") }.compactMap { line in
                    line.split(separator: ",").first.flatMap { Int($0.drop { !$0.isNumber }) }
                }
                #expect(starts == [0, 7 + filler.utf8.count + 1, text.utf8.count - 6], "\(starts)")
                #expect(found.output.split(separator: "\n").count == 3 + 250_002)
            }
        }

        @Test("related terms say why, and may be asked for by how they are written", .timeLimit(.minutes(1)))
        func related() async throws {
            try await withServer { server in
                try await add(
                    server,
                    [
                        ["kernel panic", "The kernel stops.", "--related", "oops"] + Self.maya, ["kernel", "The core.", "--context", "technical"] + Self.maya,
                        ["oops", "d", "--user", "omar@example.com", "--public", "yes"],
                    ])
                let plain = try await server.ask(["related", "Kernel", "Panic"] + Self.maya)
                #expect(plain.output == "oops  (named, public)\nkernel  (in the definition, technical)\n", "\(plain)")
                let json = try await server.ask(["related", "kernel-panic", "--limit", "1", "--json"] + Self.maya)
                #expect(json.output.contains("\"term\":\"oops\",\"own\":false,\"named\":true,\"mentions\":0}"), "\(json)")
            }
        }

        @Test("what is rejected twice sinks, what is written often is proposed, and both can be forgotten", .timeLimit(.minutes(1)))
        func learn() async throws {
            try await withServer { server in
                try await add(server, [["kernel", "d", "--frequency", "9"] + Self.maya, ["kernel panic", "d"] + Self.maya])
                for _ in 0..<2 { #expect(try await server.ask(["learn", "rejected", "Kernel", "--context", "business"] + Self.maya).code == 0) }
                let business = ["suggest", "ker", "--context", "business"] + Self.maya
                #expect(try await server.ask(business).output == "kernel panic  (prefix)\nkernel  (prefix, rejected before)\n")
                let folder = try Folder()
                try folder.write("restart it with kubectl\nkubectl again\n\nKubectl and the kernel\n", to: "typed")
                #expect(try await server.ask(["learn", "typed", "--file", folder.path + "/typed"] + Self.maya).code == 0)
                let learned = try await server.ask(["learned"] + Self.maya)
                let lines = learned.output.split(separator: "\n").map { String($0) }
                #expect(lines.count == 2 && lines[0].hasSuffix("  kernel  (rejected 2, confidence 0.25, in business, suggested last)") && lines[1] == "kubectl  (in 3 texts, no term)", "\(learned)")
                #expect(try await server.ask(["learned", "--remove", String(lines[0].prefix(36))] + Self.maya).code == 0)
                #expect(try await server.ask(business).output.hasPrefix("kernel  (prefix)\n"))
                // A word that is a term now is proposed no more.
                #expect(try await server.ask(["term", "add", "kubectl", "d"] + Self.maya).code == 0)
                #expect(try await server.ask(["learned", "--min", "1"] + Self.maya).output == "restart  (in 1 text, no term)\n")
                #expect(try await server.ask(["learned", "--remove", "restart"] + Self.maya).code == 0)
                #expect(try await server.ask(["learned", "--min", "1", "--json"] + Self.maya).output.isEmpty)
            }
        }

        @Test("what is asked wrongly is told in one sentence", .timeLimit(.minutes(1)))
        func refusals() async throws {
            try await withServer { server in
                try await add(server, [["kernel", "d"] + Self.maya])
                let folder = try Folder()
                try Data([0x61, 0xFF, 0x62]).write(to: URL(fileURLWithPath: folder.path + "/latin"))
                try folder.write("", to: "empty")
                try Data(repeating: 0x80, count: 2_000_000).write(to: URL(fileURLWithPath: folder.path + "/marks"))
                for (words, code, part) in [
                    (["detect"], 2 as Int32, "give a text or --file"), (["detect", "a", "--file", "b"], 2, "give a text or --file"), (["detect", "a"], 1, "user"),
                    (["detect", "--file", folder.path + "/none"] + Self.maya, 1, "none"), (["detect", "--file", folder.path + "/latin"] + Self.maya, 1, "no UTF-8 text"),
                    (["detect", "--file", folder.path + "/empty"] + Self.maya, 1, "is empty"), (["detect", "--file", folder.path + "/marks"] + Self.maya, 1, "no UTF-8 text"), (["detect", "a", "--language", "no language"] + Self.maya, 2, "--language"),
                    (["related"], 2, "name a term"), (["learn"], 2, "say accepted, rejected, ignored or typed"), (["learn", "liked", "kernel"] + Self.maya, 2, "say accepted"),
                    (["learn", "accepted"] + Self.maya, 2, "name the term that was accepted"), (["learn", "accepted", "zzz"] + Self.maya, 1, "there is no term \"zzz\""),
                    (["learned"], 1, "user"), (["learn", "typed", "a", "--context", "b"] + Self.maya, 2, "--context is for suggestions"), (["learned", "--remove", "zzz"] + Self.maya, 1, "zzz"),
                     (["related", "kernell"] + Self.maya, 1, "is \"kernel\" meant?"), (["related", "zzz"] + Self.maya, 1, "there is no term \"zzz\""),
                    (["related", "kernel", "--limit", "0"] + Self.maya, 2, "--limit"),
                ] {
                    let refused = try await server.ask(words)
                    #expect(refused.code == code && refused.errors.contains(part) && refused.output.isEmpty, "\(words): \(refused)")
                }
            }
        }

        @Test("pinyon eval related says how many of the links it finds", .timeLimit(.minutes(1)))
        func eval() async throws {
            let folder = try Folder()
            let lines = [
                "{\"id\":\"1\",\"text\":\"kernel\",\"definition\":\"The core of a system; see panic.\",\"links\":[\"2\",\"3\"]}",
                "{\"id\":\"2\",\"text\":\"panic\",\"definition\":\"It stops.\"}", "{\"id\":\"3\",\"text\":\"module\",\"definition\":\"A part.\",\"links\":[]}",
            ]
            try folder.write(lines.joined(separator: "\n") + "\n", to: "t.jsonl")
            let finished = try await pinyon(["eval", "related", "--docs", "t.jsonl", "--embedder", "none", "--json", "--run", "run.json"], in: folder)
            #expect(finished.code == 0 && finished.output.hasPrefix("{\"terms\":1,\"recall\":0.5,\"most\":1.0,"), "\(finished)")
            #expect(try String(contentsOfFile: folder.path + "/run.json", encoding: .utf8) == "{\"1\":[\"2\"]}\n")
            try folder.write("{\"id\":\"1\",\"text\":\"kernel\",\"definition\":\"d\",\"links\":[\"9\"]}\n", to: "t.jsonl")
            let refused = try await pinyon(["eval", "related", "--docs", "t.jsonl", "--embedder", "none"], in: folder)
            #expect(refused.code == 1 && refused.errors.contains("links to 9"), "\(refused)")
        }
    }
}
