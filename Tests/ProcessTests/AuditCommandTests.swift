import Foundation
import Testing

extension RealBinary {
    @Suite("It can be shown why an agent said something")
    struct AuditCommandTests {
        private func identifier(_ text: String, after name: String) throws -> String {
            String(try #require(text.components(separatedBy: "\"\(name)\":\"").dropFirst().first?.prefix(36), "\(text)"))
        }

        @Test("a list says which memories are not recalled now, and why", .timeLimit(.minutes(1)))
        func states() async throws {
            try await withServer { server in
                func keep(_ text: String, _ options: [String]) async throws { #expect(try await server.ask(["remember", "--agent", "a", text] + options).code == 0) }
                try await keep("is so", [])
                try await keep("will be so", ["--valid-from", "2100-01-01T00:00:00Z"])
                try await keep("was so", ["--valid-from", "2020-01-01T00:00:00Z", "--valid-to", "2021-01-01T00:00:00Z"])
                let now = try await server.ask(["list"])
                #expect(now.output.split(separator: "\n").count == 1 && now.output.hasSuffix("fact          is so\n"), "\(now.output)")
                let all = try await server.ask(["list", "--history"])
                for line in ["  is so\n", "  (not yet so) will be so\n", "  (so no longer) was so\n"] { #expect(all.output.contains(line), "\(all.output)") }
            }
        }

        @Test("pinyon trace tells which memories came, and of an erased one nothing but its name", .timeLimit(.minutes(1)))
        func trace() async throws {
            try await withServer { server in
                var ids: [String] = []
                for text in ["Maya lives in Bergen", "Maya has a cat"] {
                    ids.append(try identifier(try await server.ask(["remember", "--agent", "a", text, "--vector", "[\(ids.count), 2]", "--json"]).output, after: "id"))
                }
                let entry = try identifier(try await server.ask(["recall", "--agent", "a", "--vector", "[0, 1]", "--json"]).output, after: "trace")
                // It is written behind the reply.
                var told = try await server.ask(["trace", entry])
                for _ in 0..<100 where told.code != 0 {
                    try await Task.sleep(for: .milliseconds(100))
                    told = try await server.ask(["trace", entry])
                }
                #expect(told.code == 0 && told.output.contains("agent a\n"), "\(told.output)\(told.errors)")
                let places = ["\(ids[0]), version 1\n  Maya lives in Bergen", "\(ids[1]), version 1\n  Maya has a cat"].map { told.output.range(of: $0) }
                #expect(places[0] != nil && places[1] != nil, "\(told.output)")
                #expect(try await server.ask(["update", ids[0], "--content", "Maya lives in Oslo"]).code == 0)
                #expect(try await server.ask(["erase", "--memory", ids[1], "--yes"]).code == 0)
                let later = try await server.ask(["trace", entry])
                #expect(later.output.contains("\(ids[0]), version 1, which says something else now\n  now: Maya lives in Oslo"), "\(later.output)")
                #expect(later.output.contains("\(ids[1]), version 1, gone\n") && !later.output.contains("cat"), "\(later.output)")
                for options in [[], ["--agent", "a"], ["--memory", ids[0]], ["--memory", ids[1]], ["--since", "2026-01-01T00:00:00Z"]] {
                    let list = try await server.ask(["trace"] + options)
                    #expect(list.output.contains(entry) && list.output.contains("2 memories"), "\(options): \(list.output)\(list.errors)")
                }
                for options in [["--until", "2026-01-01T00:00:00Z"], ["--since", "2100-01-01T00:00:00Z"], ["--memory", entry], ["--by", entry], ["--session", entry]] {
                    #expect(try await server.ask(["trace"] + options).output == "  nothing there\n", "\(options)")
                }
                #expect(try await server.ask(["trace", ids[0]]).errors.contains("there is no audit entry"))
                #expect(try await server.ask(["trace", entry, "--agent", "a"]).code == 2)
                let half = try await server.ask(["trace", entry, ids[0]])
                #expect(half.code == 1 && half.output.contains("recall \(entry)") && half.errors.contains("no audit entry \(ids[0])"))
                // Who may not read memories sees which came, and not what they say.
                let made = try await server.ask(["key", "create", "auditor", "--scope", "audit:read", "--to-file", "auditor.key"])
                #expect(made.code == 0, "\(made.errors)")
                let seen = try await server.ask(["trace", entry, "--key-file", "auditor.key"])
                #expect(seen.code == 0 && seen.output.contains(ids[0]) && !seen.output.contains("Oslo"), "\(seen.output)\(seen.errors)")
                #expect(try await pinyon(["verify", "--data", "data"], in: server.folder).code == 0)
            }
        }
    }
}
