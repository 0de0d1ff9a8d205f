import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("The command says what it did, and what to do next")
    struct CommandTests {
        private func json(_ finished: Finished) throws -> JSON {
            #expect(finished.code == 0, "\(finished.errors)")
            return try JSON(parsing: Array(finished.output.utf8))
        }

        private static let verbs = [
            "serve", "status", "remember", "recall", "search", "get", "delete", "list", "demo", "verify", "tls-self-signed",
            "import", "export", "migrate", "completion", "manual", "conversation start", "message append", "term add", "pattern add", "user add", "agent add",
            "organization update", "key create", "job watch",
        ]

        @Test("help is there for the command and each verb, and names every option", .timeLimit(.minutes(2)))
        func help() async throws {
            let folder = try Folder()
            let overview = try await pinyon(["--help"], in: folder)
            #expect(overview.code == 0)
            for verb in CommandTests.verbs {
                let words = verb.split(separator: " ").map(String.init)
                for word in words { #expect(overview.output.contains(word)) }
                let page = try await pinyon(words + ["--help"], in: folder)
                #expect(page.code == 0)
                #expect(page.output.contains("usage: pinyon \(verb)"))
                #expect(page.errors.isEmpty)
                for line in page.output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
                #expect(try await pinyon(["help"] + words, in: folder).output == page.output)
            }
            #expect(try await pinyon(["--version"], in: folder).output.hasPrefix("pinyon "))
        }

        @Test("completion offers verbs, then their options, then what an option can be", .timeLimit(.minutes(1)))
        func completion() async throws {
            let folder = try Folder()
            let script = try folder.write(try await pinyon(["completion", "bash"], in: folder).output, to: "completion.bash")
            for (words, offered) in [
                (["conv"], ["conversation"]), (["conversation", "st"], ["start"]), (["conversation", "start", "maya@example.com", "--mo"], ["--mode"]),
                (["conversation", "start", "--mode", ""], ["single", "multi", "collaborative"]), (["serve", "--idle"], ["--idle-seconds"]),
                (["completion", "z"], ["zsh"]), (["import", "completion.b"], ["completion.bash"]), (["serve", "--admin"], []),
            ] {
                let line = words.map { "'\($0)'" }.joined(separator: " ")
                let typed = "source \(script); COMP_WORDS=(pinyon \(line)); COMP_CWORD=\(words.count); _pinyon; echo \"${COMPREPLY[*]}\""
                let finished = try await run(["/bin/bash", "-c", typed], in: folder)
                #expect(finished.output.split(whereSeparator: \.isWhitespace).map(String.init) == offered, "\(words): \(finished.output) \(finished.errors)")
            }
            let zsh = try await pinyon(["completion", "zsh"], in: folder)
            #expect(zsh.output.hasPrefix("#compdef pinyon") && zsh.output.contains("--mode[") && !zsh.output.contains("admin-key"))
        }

        @Test("the manual names every verb, and nothing in it is a request that nobody meant", .timeLimit(.minutes(1)))
        func manual() async throws {
            let folder = try Folder()
            let page = try await pinyon(["manual"], in: folder).output
            for verb in CommandTests.verbs { #expect(page.contains(".SS \"pinyon \(verb)")) }
            let known: Set<Substring> = [".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".I"]
            for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
                #expect(known.contains(line.prefix { $0 != " " }), "\(line)")
            }
        }

        @Test("wrong use ends with 2 and points to the help", .timeLimit(.minutes(1)))
        func usage() async throws {
            let folder = try Folder()
            for (arguments, words) in [
                ([], "usage: pinyon"), (["remeber"], "--help"), (["status", "--jsn"], "--help"), (["status", "--serv", "x"], "--server"),
                (["status", "--json=1"], "--json"), (["search"], "--vector"), (["search", "--vector", "[1]", "--k", "0"], "--k"),
                (["search", "--vector", "[1,"], "--vector"), (["search", "--vector", "[1]", "--filter", "{\"colour\": 1}"], "colour"),
                (["search", "--vector", "[1]", "--type", "rumour"], "--type is conversation, fact"), (["remember", "text"], "--agent"), (["remember"], "--file"),
                (["remember", "--agent", "a", "--importance", "7", "text"], "importance"), (["get", "nonsense"], "nonsense"), (["get"], "identifier"),
                (["delete"], "identifier"), (["list", "--limit", "many"], "--limit"), (["status", "--server", "nowhere"], "--server"),
                (["status", "--timeout", "0"], "--timeout"), (["status", "--key-file"], "--key-file"), (["status", "one", "two"], "too many"),
                (["serve", "--loops", "0"], "--loops"), (["status", "-j"], "--"),
            ] as [([String], String)] {
                let finished = try await pinyon(arguments, in: folder)
                #expect(finished.code == 2, "\(arguments): \(finished.errors)")
                #expect(finished.errors.contains(words), "\(arguments) should say \(words): \(finished.errors)")
                #expect(finished.output.isEmpty)
            }
        }

        @Test("what cannot be printed is no success", .timeLimit(.minutes(1)))
        func fullDisk() async throws {
            try await withServer { server in
                for arguments in ["--version", "list --json --server \(server.address) --key-file \(server.keyFile)"] {
                    let finished = try await run(["/bin/sh", "-c", "\(Checkout.binary()) \(arguments) > /dev/full"], in: server.folder)
                    #expect(finished.code == 1 && finished.errors.contains("output"), "\(arguments): \(finished.errors)")
                }
            }
        }

        @Test("a server that is not running and a key file that is missing are said to be so, with what to do", .timeLimit(.minutes(1)))
        func nobodyThere() async throws {
            let folder = try Folder()
            let noKey = try await pinyon(["status"], in: folder)
            #expect(noKey.code == 1)
            #expect(noKey.errors.contains(".pinyon/admin.key") && noKey.errors.contains("--key-file"))
            try folder.write("pin_nothing", to: "key")
            let nobody = try await pinyon(["status", "--server", "127.0.0.1:1", "--key-file", "key", "--timeout", "3"], in: folder)
            #expect(nobody.code == 1)
            #expect(nobody.errors.contains("127.0.0.1:1") && nobody.errors.contains("pinyon serve"), "\(nobody.errors)")
            #expect(try await pinyon(["verify", "--data", "nothing"], in: folder).code == 1)
            #expect(try await pinyon(["demo", "--sample", "nothing", "--key-file", "key"], in: folder).code == 1)
            try await withServer { server in
                let wrong = try await pinyon(["status", "--server", server.address, "--key-file", "key"], in: folder)
                #expect(wrong.code == 1)
                #expect(wrong.errors.contains("--key-file") && !wrong.errors.contains("pin_nothing"), "\(wrong.errors)")
            }
        }

        @Test("every verb keeps what it says, and its JSON can be parsed", .timeLimit(.minutes(1)))
        func json() async throws {
            try await withServer { server in
                let receipt = try json(
                    await server.ask(["remember", "--agent", "a", "--type", "preference", "--tag", "x", "--tag", "y", "--metadata", "{\"n\": 1}",
                        "--importance", "0.75", "--vector", "[0.5, 0.25]", "--json", "Öl and \"quotes\"\nand lines"]))
                let id = try #require(receipt["rows"]?.list?.first?["id"]?.text)
                let got = try json(await server.ask(["get", id, "--with-vectors", "--json"]))["memories"]?.list?.first
                #expect(got?["content"]?.text == "Öl and \"quotes\"\nand lines")
                #expect(got?["tags"] == ["x", "y"])
                #expect(got?["metadata"]?["n"]?.integer == 1)
                #expect(got?["importance"]?.number == 0.75)
                #expect(got?["vector"] == [0.5, 0.25] || got?["vector"]?.list?.compactMap(\.number) == [0.5, 0.25])
                // By its cosine; and by 0.7 of it, 0.2 of its importance and 0.1 of what is left of it, which is all.
                for (arguments, score) in [(["search", "--vector", "[1, 0.5]"], 1), (["recall", "--agent", "a", "--vector", "[1, 0.5]"], 0.95)] {
                    let hit = try json(await server.ask(arguments + ["--json"]))["hits"]?.list?.first
                    #expect(hit?["id"]?.text == id)
                    #expect(abs(try #require(hit?["score"]?.number) - score) < 0.0001)
                }
                #expect(try json(await server.ask(["list", "--json"]))["memories"]?.list?.count == 1)
                #expect(try json(await server.ask(["status", "--json"]))["organization"]?["memories"]?.integer == 1)
                #expect(try json(await server.ask(["verify", "--data", server.dataPath, "--json"]))["sound"] == .bool(true))
                #expect(try await server.ask(["list", "--agent", "nobody"]).errors.contains("there are a"))
                #expect(try json(await server.ask(["delete", id, "--json"]))["rows"]?.list?.count == 1)
                let gone = try await server.ask(["get", id])
                #expect(gone.code == 1 && gone.errors.contains(id))
                for arguments in [["status"], ["list"], ["search", "--vector", "[1, 0.5]"], ["verify", "--data", server.dataPath]] {
                    #expect(try await server.ask(arguments).code == 0)
                }
            }
        }

        @Test("without an embedder a text is searched by its words, and where its vector is wanted the command says what to do", .timeLimit(.minutes(1)))
        func noEmbedder() async throws {
            try await withServer { server in
                for content in ["The invoice was paid", "The train leaves at nine"] { #expect(try await server.ask(["remember", "--agent", "a", content]).code == 0) }
                let found = try await server.json(["search", "which trains are leaving?"])
                #expect(found["hits"]?.list?.map { $0["memory"]?["content"] } == ["The train leaves at nine"] && found["report"]?["mode"] == "lexical")
                for mode in ["vector", "hybrid"] {
                    let finished = try await server.ask(["search", "which trains are leaving?", "--mode", mode])
                    #expect(finished.code == 1)
                    #expect(finished.errors.contains("no embedder is configured") && finished.errors.contains("--vector"), "\(finished.errors)")
                }
                #expect(try await server.ask(["search", "train", "--mode", "words"]).code == 2)
            }
        }

        @Test("a file with a bad line names its number, and nothing is sent", .timeLimit(.minutes(1)))
        func badLine() async throws {
            try await withServer { server in
                let good = "{\"agent\": \"a\", \"content\": \"good\"}"
                for (bad, word) in [
                    ("{\"agent\": \"a\"}", "content"), ("{\"agent\": \"a\", \"content\": \"x\", \"colour\": 1}", "colour"), ("no JSON", "line 3"),
                    ("{\"agent\": \"a\", \"content\": \"x\", \"vector\": [0, 0]}", "vector"), ("[1]", "line 3"),
                ] {
                    let path = try server.folder.write("\(good)\n\n\(bad)\n\(good)\n", to: "lines.jsonl")
                    let finished = try await server.ask(["remember", "--file", path])
                    #expect(finished.code == 1)
                    #expect(finished.errors.contains("line 3") && finished.errors.contains(word), "\(finished.errors)")
                }
                #expect(try json(await server.ask(["status", "--json"]))["organization"]?["memories"]?.integer == 0)
                let other = "{\"agent\": \"a\", \"content\": \"better\"}"
                let path = try server.folder.write("\(good)\n\(other)\n\(good)\n", to: "lines.jsonl")
                let output = try await server.ask(["remember", "--file", path]).output
                #expect(output.contains("2 memories\n") && output.contains("known already"))
                #expect(try await server.ask(["remember", "--file", path]).output.hasPrefix("remembered 0 memories\n"))
            }
        }

        @Test("the sample is loaded once, however often it is asked", .timeLimit(.minutes(1)))
        func demo() async throws {
            try await withServer(["--embedder", "local"]) { server in
                let sample = ["demo", "--sample", Checkout.root + "/datasets/sample"]
                let first = try await server.ask(sample)
                #expect(first.code == 0, "\(first.errors)")
                let second = try await server.ask(sample)
                #expect(second.code == 0)
                #expect(second.output.contains("is there already"))
                #expect(first.output.split(separator: "\n").dropFirst() == second.output.split(separator: "\n").dropFirst())
                let third = try json(await server.ask(sample + ["--json"]))
                #expect(third["loaded"]?.integer == 0)
                #expect(third["answers"]?.list?.count == 6)
                for answer in third["answers"]?.list ?? [] { #expect(answer["answer"]?["hits"]?.list?.isEmpty == false) }
                let lines = try Checkout.text("datasets/sample/memories.jsonl").split(separator: "\n").count
                #expect(try json(await server.ask(["status", "--json"]))["organization"]?["memories"]?.integer == Int64(lines))
            }
        }

        @Test("a list of everything is longer than one window of credit", .timeLimit(.minutes(1)))
        func listAll() async throws {
            try await withServer { server in
                let padding = String(repeating: "p", count: 2_000)
                let text = (0..<2_000).map { "{\"agent\": \"a\", \"content\": \"number \($0) \(padding)\"}" }.joined(separator: "\n")
                let path = try server.folder.write(text, to: "many.jsonl")
                #expect(try await server.ask(["remember", "--file", path]).code == 0)
                let all = try await server.ask(["list", "--all", "--json"])
                #expect(all.code == 0, "\(all.errors)")
                let contents = try all.output.split(separator: "\n").map { line in try JSON(parsing: Array(line.utf8))["content"]?.text }
                #expect(Set(contents) == Set((0..<2_000).map { "number \($0) \(padding)" }))
                #expect(contents.count == 2_000)
            }
        }
    }
}
