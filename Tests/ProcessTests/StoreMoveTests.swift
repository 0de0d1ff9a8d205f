import Client
import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("From one store to another")
    struct StoreMoveTests {
        private static let rows = 700

        private func json(_ finished: Finished) throws -> JSON {
            #expect(finished.code == 0, "\(finished.errors)")
            return try JSON(parsing: Array(finished.output.utf8))
        }

        @Test("SQLite to PostgreSQL and back nothing is lost; a table is imported, then what came since", .timeLimit(.minutes(5)))
        func move() async throws {
            let folder = try Folder()
            let servers = try await PostgresServers(in: folder)
            let address = servers.addresses[servers.addresses.count - 1]
            let lines = (0..<StoreMoveTests.rows).map { number in
                #"{"agent":"helper","content":"memory \#(number)","tags":["t\#(number % 5)"],"metadata":{"n":\#(number)},"vector":[\#(number % 7 + 1),\#(number % 11),\#(number % 13)]}"#
            }
            let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "rows.jsonl")
            let query = SearchRequest(query: .vector([1, 2, 3]), k: 25)
            var server = try await RunningServer.start(in: folder)
            let keyFile = server.keyFile
            #expect(try await pinyon(["import", file, "--server", server.address, "--key-file", keyFile], in: folder).code == 0)
            let wanted = try await server.client().search(query)
            // While a server holds it, nothing is brought.
            #expect(try await pinyon(["copy", "data", address], in: folder).code == 1)
            try await server.stop()

            // What is only read is not made.
            for arguments in [["verify", "--store", address], ["copy", address, "nowhere"], ["copy", "nothing", address]] {
                #expect(try await pinyon(arguments, in: folder).code == 1)
            }
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/nothing"))

            let there = try json(try await pinyon(["copy", "data", address, "--json"], in: folder))
            let back = try json(try await pinyon(["copy", address, "other", "--json"], in: folder))
            #expect(there == back && there["organizations"]?.list?.first?["rows"]?["memories"] == .integer(Int64(StoreMoveTests.rows)))
            #expect(try json(try await pinyon(["verify", "--data", "other", "--json"], in: folder))["sound"] == true)
            let checked = try json(try await pinyon(["verify", "--store", address, "--json"], in: folder))
            #expect(checked["organizations"]?.list?.first?["hash"] == there["organizations"]?.list?.first?["hash"])
            #expect(try json(try await pinyon(["copy", "data", address, "--json"], in: folder))["organizations"]?.list?.first?["was_there"] == true)

            // The key of the first goes on opening it.
            server = try await RunningServer.start(in: folder, ["--store", address])
            defer { server.child.kill() }
            let found = try await server.client().search(query)
            #expect(found.entries.map(\.hit) == wanted.entries.map(\.hit) && found.entries.map(\.memory) == wanted.entries.map(\.memory))
            let verified = try json(try await pinyon(["verify", "--index", "--json", "--server", server.address, "--key-file", keyFile], in: folder))
            #expect(verified["is_same"] == true && verified["kinds"]?["memories"]?["indexed"] == .integer(Int64(StoreMoveTests.rows)))

            try await withServer { other in
                let ways = ["import", "--from", address, "--table", "pinyon.agent_memories", "--set", "agent=helper", "--json", "--server", other.address, "--key-file", other.keyFile]
                #expect(try json(try await pinyon(ways, in: folder))["imported"] == .integer(Int64(StoreMoveTests.rows)))
                let brought = try await other.client().search(query)
                #expect(brought.entries.map(\.hit) == wanted.entries.map(\.hit) && brought.entries.map { $0.memory?.content } == wanted.entries.map { $0.memory?.content })
                #expect(brought.entries.first?.memory?.createdAt == wanted.entries.first?.memory?.createdAt)
                let agent = try #require(wanted.entries.first?.memory?.agent)
                _ = try await server.client().remember([MemoryDraft(agent: agent, content: "later", vector: [1, 2, 3])])
                #expect(try json(try await pinyon(ways, in: folder))["imported"] == 1)
                let refused = try await pinyon(ways + ["--map", "vector=content", "--new"], in: folder)
                #expect(refused.code == 1 && refused.errors.contains("no vector"))
            }
            try await servers.stop()
        }
    }
}
