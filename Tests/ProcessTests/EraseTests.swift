import Foundation
import Testing

extension RealBinary {
    @Suite("What was erased is gone")
    struct EraseTests {
        @Test("of a user nothing is left in any file of a running server, which says so, and of others all", .timeLimit(.minutes(1)))
        func user() async throws {
            try await withServer { server in
                for name in ["zora", "abel"] {
                    #expect(try await server.ask(["user", "add", "\(name)@example.com", "--name", "\(name) Quist"]).code == 0)
                    let started = try await server.ask(["conversation", "start", "\(name)@example.com", "--title", "the garden of \(name)", "--json"])
                    let id = try #require(started.output.components(separatedBy: "\"id\":\"").dropFirst().first?.prefix(36))
                    #expect(try await server.ask(["message", "append", String(id), "\(name) likes zinnias"]).code == 0)
                    #expect(try await server.ask(["remember", "--agent", "a", "\(name) grows zinnias", "--user", "\(name)@example.com", "--vector", "[1, 2]"]).code == 0)
                }
                func absent(_ name: String) async throws -> Finished {
                    let lines = ["\(name) Quist", "\(name)@example.com", "the garden of \(name)", "\(name) likes zinnias", "\(name) grows zinnias"].joined(separator: "\n")
                    return try await pinyon(["verify", "--data", "data", "--absent", try server.folder.write(lines, to: "gone")], in: server.folder)
                }
                #expect(try await absent("zora").code == 1)
                let refused = try await server.ask(["erase", "--user", "zora@example.com"])
                #expect(refused.code == 2 && refused.errors.contains("--yes"))
                let erased = try await server.ask(["erase", "--user", "zora@example.com", "--yes"])
                #expect(erased.output == "erased: 1 memory, 1 user, 1 conversation, 1 message\n", "\(erased.output)\(erased.errors)")
                let gone = try await absent("zora")
                #expect(gone.code == 0 && gone.output == "none of 5 texts is in data\n", "\(gone.output)\(gone.errors)")
                let there = try await absent("abel")
                #expect(there.code == 1 && there.output.split(separator: "\n").count >= 5 && there.errors.contains("5 of 5 texts are still there"))
                #expect(try await pinyon(["verify", "--data", "data"], in: server.folder).code == 0)
                #expect(try await server.ask(["verify", "--index"]).code == 0)
            }
        }
    }
}
