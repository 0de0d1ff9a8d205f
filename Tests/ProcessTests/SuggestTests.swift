import Foundation
import Testing

extension RealBinary {
    @Suite("Terms are suggested on the command line")
    struct SuggestTests {
        @Test("each suggestion says why it is there, for people and for programs", .timeLimit(.minutes(1)))
        func suggest() async throws {
            try await withServer { server in
                for email in ["maya@example.com", "omar@example.com"] { #expect(try await server.ask(["user", "add", email]).code == 0) }
                for line in [
                    ["kernel panic", "It cannot go on.", "--user", "maya@example.com", "--context", "technical"], ["kernel", "The core.", "--user", "maya@example.com"],
                    ["kern crash", "Say kernel panic.", "--user", "maya@example.com", "--status", "deprecated", "--preferred-term", "kernel panic"],
                    ["kernel ring", "Said by Omar.", "--user", "omar@example.com", "--public", "yes"], ["kernel secret", "Only Omar's.", "--user", "omar@example.com"],
                ] {
                    let added = try await server.ask(["term", "add"] + line)
                    #expect(added.code == 0, "\(added.errors)")
                }
                let maya = ["--user", "maya@example.com"]
                let plain = try await server.ask(["suggest", "kernel"] + maya)
                #expect(plain.output == "kernel  (exact)\nkernel panic  (prefix, technical)\nkernel ring  (prefix, public)\n", "\(plain.output)\(plain.errors)")
                let instead = try await server.ask(["suggest", "kern", "c"] + maya)
                #expect(instead.output.hasPrefix("kernel panic  (prefix, instead of kern crash, technical)\n"), "\(instead.output)")
                let typo = try await server.ask(["suggest", "it was a kernle", "--definitions"] + maya)
                #expect(typo.output.hasPrefix("kernel  (1 typo)  The core.\n"), "\(typo.output)")
                let json = try await server.ask(["suggest", "the kernel pan", "--json", "--limit", "1"] + maya)
                for part in ["\"reason\":\"prefix\"", "\"start\":4", "\"own\":true", "\"context\":\"technical\""] { #expect(json.output.contains(part), "\(json.output)") }
            }
        }

        @Test("terms are listed by context, by tags and by how often they are used", .timeLimit(.minutes(1)))
        func lists() async throws {
            try await withServer { server in
                #expect(try await server.ask(["user", "add", "maya@example.com"]).code == 0)
                for (term, more) in [("slot", ["--tag", "a", "--tag", "b"]), ("gap", ["--tag", "a", "--context", "business", "--frequency", "9"]), ("hole", [])] {
                    #expect(try await server.ask(["term", "add", term, "d", "--user", "maya@example.com"] + more).code == 0)
                }
                for (options, wanted) in [
                    (["--tag", "a"], ["gap", "slot"]), (["--tag", "b", "--tag", "a"], ["slot"]), (["--tag", "c"], []), (["--context", "business"], ["gap"]), (["--order", "frequency", "--limit", "1"], ["gap"]),
                ] as [([String], [String])] {
                    let listed = try await server.ask(["term", "list"] + options)
                    let terms = listed.output.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first.map { String($0) } }
                    #expect(listed.code == 0 && terms.filter { ["slot", "gap", "hole"].contains($0) } == wanted, "\(options): \(listed)")
                }
            }
        }

        @Test("what is asked wrongly is told in one sentence", .timeLimit(.minutes(1)))
        func refusals() async throws {
            try await withServer { server in
                #expect(try await server.ask(["user", "add", "maya@example.com"]).code == 0)
                for (words, code, part) in [
                    (["suggest"], 2 as Int32, "say what was typed"), (["suggest", "a"], 1, "user"), (["suggest", "a", "--user", "nobody@example.com"], 1, "nobody@example.com"),
                    (["suggest", "a", "--user", "maya@example.com", "--limit", "0"], 2, "--limit"), (["suggest", String(repeating: "a", count: 501), "--user", "maya@example.com"], 1, "typed"),
                    (["term", "add", "tab\t", "d", "--user", "maya@example.com"], 1, "control character U+9"), (["term", "add", " ", "d", "--user", "maya@example.com"], 1, "term"),
                    (["term", "add", "a", "d", "--user", "maya@example.com", "--language", "no language"], 1, "language"),
                ] {
                    let refused = try await server.ask(words)
                    #expect(refused.code == code && refused.errors.contains(part) && refused.output.isEmpty, "\(words): \(refused)")
                }
            }
        }

        @Test("pinyon eval suggest says how often the right term comes first", .timeLimit(.minutes(1)))
        func eval() async throws {
            let folder = try Folder()
            try folder.write("{\"id\":\"1\",\"text\":\"kernel panic\"}\n{\"id\":\"2\",\"text\":\"kernel\"}\n", to: "t.jsonl")
            try folder.write("{\"id\":\"a\",\"text\":\"kernal\",\"relevant\":[\"2\"]}\n{\"id\":\"b\",\"text\":\"kern\",\"relevant\":[\"1\"]}\n", to: "q.jsonl")
            let finished = try await pinyon(["eval", "suggest", "--docs", "t.jsonl", "--queries", "q.jsonl", "--json", "--run", "run.json"], in: folder)
            #expect(finished.code == 0 && finished.output.hasPrefix("{\"queries\":2,\"first\":0.5,\"within\":1.0,"), "\(finished)")
            let run = try String(contentsOfFile: folder.path + "/run.json", encoding: .utf8)
            try folder.write("{\"id\":\"long\",\"text\":\"\(String(repeating: "x", count: 70_000))\"}\n{\"id\":\"2\",\"text\":\"kernel\"}\n", to: "t.jsonl")
            try folder.write("{\"id\":\"b\",\"text\":\"kern\",\"relevant\":[\"2\"]}\n", to: "q.jsonl")
            let refused = try await pinyon(["eval", "suggest", "--docs", "t.jsonl", "--queries", "q.jsonl"], in: folder)
            #expect(refused.code == 1 && refused.errors.contains("the term long"), "\(refused)")
            #expect(run == "{\"a\":[\"2\",\"1\"],\"b\":[\"2\",\"1\"]}\n", "\(run)")
        }
    }
}
