import Client
import Foundation
import Records
import Testing
import Wire

extension RealBinary {
    /// The real binary with the model that the tests install.
    @Suite("Text goes in and comes out through the whole service")
    struct EmbedderTests {
        private static let local = ["--embedder", "local"]

        @Test("what is remembered as text is found by text, with the vectors that embed prints", .timeLimit(.minutes(2)))
        func local() async throws {
            try await withServer(EmbedderTests.local) { server in
                for text in ["Maya wants invoices by mail.", "The office closes at six."] {
                    #expect(try await server.ask(["remember", "--agent", "support", text]).code == 0)
                }
                let found = try await server.json(["search", "how are bills sent?", "--k", "1"])
                let memory = try #require(found["hits"]?.list?.first?["memory"])
                #expect(memory["content"] == "Maya wants invoices by mail.")
                let id = try #require(memory["id"]?.text)
                let stored = try await server.json(["get", id, "--with-vectors"])
                let printed = try JSON(parsing: Array(try await pinyon(["embed", "Maya wants invoices by mail.", "--json"] + EmbedderTests.local, in: server.folder).output.utf8))
                let (a, b) = (try #require(stored["memories"]?.list?.first?["vector"]?.vector), try #require(printed["vector"]?.vector))
                #expect(zip(a, b).reduce(Float(0)) { $0 + $1.0 * $1.1 } > 0.9995)
                let status = try await server.json(["status"])
                #expect(status["organization"]?["space"]?["id"] == status["embedder"]?["space"])
                #expect(status["organization"]?["waiting_for_vectors"] == 0)
            }
        }

        @Test("another model, or none, is told by a search and by what is written, and the right one catches up", .timeLimit(.minutes(2)))
        func otherModel() async throws {
            let folder = try Folder()
            for (options, isRight) in [(EmbedderTests.local, true), (EmbedderTests.local + ["--passage-prefix", "passage: "], false), ([], false), (EmbedderTests.local, true)] {
                let server = try await RunningServer.start(in: folder, options)
                defer { server.child.kill() }
                let remembered = try await server.json(["remember", "--agent", "a", "The train leaves at \(options.count)."])
                #expect((remembered["waiting"]?.integer ?? 0) == (isRight ? 0 : 1))
                let search = try await server.ask(["search", "when does the train leave?", "--mode", "hybrid", "--json"])
                #expect(search.code == (isRight ? 0 : 1))
                if !isRight { #expect(search.errors.contains("wrong_space") || search.errors.contains("no_embedder"), "\(search.errors)") }
                if isRight {
                    let isDone = try await becomesTrue(withinSeconds: 30) {
                        try await server.json(["status"])["organization"]?["waiting_for_vectors"] == 0
                    }
                    #expect(isDone)
                }
                try await server.stop()
            }
        }

        @Test("while the endpoint is away writes are kept and wait, and a search says that it cannot be asked", .timeLimit(.minutes(2)))
        func away() async throws {
            // Nobody listens on port 1.
            let options = ["--embedder", "openai", "--embedding-url", "http://127.0.0.1:1/v1"]
            try await withServer(options) { server in
                let remembered = try await server.ask(["remember", "--agent", "a", "The train leaves at six."])
                #expect(remembered.code == 0 && remembered.output.contains("wait"), "\(remembered.output)")
                let status = try await server.json(["status"])
                #expect(status["organization"]?["waiting_for_vectors"] == 1)
                #expect(status["organization"]?["waiting_since"]?.text.flatMap { Timestamp($0) } != nil)
                #expect(status["embedder"]?["dimension"] == 1536 && status["embedder"]?["model"] == "text-embedding-3-small")
                let search = try await server.ask(["search", "when?", "--timeout", "20"])
                #expect(search.code == 1 && search.errors.contains("embedder_unavailable"), "\(search.errors)")
            }
        }

        @Test("what cannot be an embedder is a sentence that says what and where, and nothing is started", .timeLimit(.minutes(1)))
        func refused() async throws {
            let folder = try Folder()
            let empty = folder.path + "/empty"
            try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: true)
            for (options, code, words) in [
                (["--model", empty], 1, ["config.json"]), (["--model", "no-such-model"], 1, ["no-such-model", "pinyon model install"]),
                (["--embedder", "openai", "--model", "own"], 2, ["--dimensions"]), (["--embedder", "openai", "--embedding-url", "ftp://x"], 1, ["url"]),
                (["--embedder", "none", "--precision", "f32"], 2, ["--precision"]), (["--embedding-key", "x"], 2, ["PINYON_EMBEDDING_KEY"]),
                (["--embedder", "magic"], 2, ["local, openai, none"]),
            ] as [([String], Int32, [String])] {
                let finished = try await pinyon(["serve", "--data", folder.path + "/data", "--listen", "127.0.0.1:0"] + options, in: folder)
                #expect(finished.code == code, "\(options): \(finished.errors)")
                for word in words { #expect(finished.errors.contains(word), "\(options): \(finished.errors)") }
            }
        }

        @Test("embed names the line that cannot be embedded", .timeLimit(.minutes(1)))
        func lines() async throws {
            let folder = try Folder()
            for (text, word) in [("one\n \nthree\n", "line 2 is empty"), ("one\n" + String(repeating: "a", count: 300_000) + "\n", "line 2 has 300000 bytes"), ("\u{FFFD}", "")] {
                let path = try folder.write(text, to: "lines.txt")
                let finished = try await pinyon(["embed", "--file", path] + EmbedderTests.local, in: folder)
                #expect(finished.code == (word.isEmpty ? 0 : 1))
                #expect(finished.errors.contains(word) || word.isEmpty, "\(finished.errors)")
            }
            let path = try folder.write("one\ntwo\u{1}\u{7F}\n", to: "lines.txt")
            let finished = try await pinyon(["embed", "--file", path, "--json"] + EmbedderTests.local, in: folder)
            let lines = finished.output.split(separator: "\n").compactMap { try? JSON(parsing: Array($0.utf8)) }
            #expect(lines.map { $0["line"]?.integer } == [1, 2] && lines.allSatisfy { $0["vector"]?.vector?.count == 384 })
        }
    }
}
