import Foundation
import Records
import Testing
import Transport

@Suite("The command", .serialized)
struct CommandTests {
    private func run(_ server: ServerProcess, _ words: String..., input: String = "", environment: [String: String] = [:]) throws -> Binary.Outcome {
        try Binary.run(
            words, in: Binary.checkout.path,
            environment: ["PINYON_SERVER": server.address.description, "PINYON_KEY_FILE": server.data + "/admin.key"].merging(environment) { $1 }, input: input)
    }

    @Test("keeps, finds, reads, lists and deletes; every --json result is JSON")
    func everyday() throws {
        let server = try ServerProcess()
        let kept = try run(server, "remember", "--agent", "support", "--type", "preference", "--tag", "billing", "Invoices go by mail.", "--vector", "[1, 0]", "--json")
        #expect(kept.status == 0, "\(kept.error)")
        let id = try #require(try JSON(parsing: kept.output)["rows"]?.list?.first?["id"]?.text)
        for words in [["search", "--vector", "[1, 0]"], ["recall", "--agent", "support", "--vector", "[1, 0]"], ["search", "--vector", "[1,0]", "--filter", #"{"type": ["preference"]}"#], ["search", "--vector", "[1,0]", "--tag", "billing", "--exact"]] {
            let found = try Binary.run(words + ["--json"], environment: ["PINYON_SERVER": server.address.description, "PINYON_KEY_FILE": server.data + "/admin.key"])
            #expect(found.status == 0, "\(found.error)")
            let hits = try #require(try JSON(parsing: found.output)["hits"]?.list)
            #expect(hits.count == 1 && hits[0]["memory"]?["content"] == "Invoices go by mail.", "\(words)")
        }
        #expect(try JSON(parsing: try run(server, "search", "--vector", "[1,0]", "--tag", "other", "--json").output)["hits"]?.list?.isEmpty == true)
        #expect(try run(server, "get", id).output.contains("Invoices go by mail."))
        #expect(try JSON(parsing: try run(server, "list", "--json").output)["memories"]?.list?.count == 1)
        #expect(try JSON(parsing: try run(server, "status", "--json").output)["organization"]?["memories"] == 1)
        #expect(try run(server, "delete", id).status == 0)
        let gone = try run(server, "get", id)
        #expect(gone.status == 1 && gone.error.contains("not_found"))
        #expect(try JSON(parsing: try Binary.run(["verify", "--data", server.data, "--json"]).output)["sound"] == true)
    }

    @Test("used wrongly it ends with 2 and says how it is used; what cannot be done ends with 1 and says what to do next")
    func errors() throws {
        let server = try ServerProcess()
        for (words, part) in [
            (["serv"], "there is no verb"), (["search"], "give a text"), (["search", "--vectr", "[1]"], "there is no option"), (["search", "--vector", "[1"], "--vector"),
            (["search", "--vector", "[1]", "--k", "0"], "--k"), (["search", "--vector", "[1]", "--filter", #"{"colour": 1}"#], "not known"), (["recall", "--vector", "[1]"], "--agent is needed"),
            (["remember", "x"], "--agent is needed"), (["remember", "--agent", "a", "x", "--importance", "2"], "importance"), (["get"], "identifier"), (["get", "x"], "no UUID"), (["status", "--timeout", "soon"], "--timeout"),
            (["serve", "--listen", "nowhere"], "--listen"), (["serve", "--tls-cert", "x"], "go together"), ([], "usage"),
        ] as [([String], String)] {
            let outcome = try Binary.run(words)
            #expect(outcome.status == 2 && outcome.error.contains(part), "\(words): \(outcome.status) \(outcome.error)")
        }
        let text = try run(server, "search", "hello")
        #expect(text.status == 1 && text.error.contains("no embedder") && text.error.contains("--vector"))
        let agent = try run(server, "recall", "--agent", "nobody", "--vector", "[1]")
        #expect(agent.status == 1 && agent.error.contains("no agent"))
        let key = try run(server, "status", environment: ["PINYON_KEY_FILE": "/nonexistent/key"])
        #expect(key.status == 1 && key.error.contains("--key-file"))
        let wrong = try run(server, "status", environment: ["PINYON_KEY": "pny_" + String(repeating: "a", count: 43), "PINYON_KEY_FILE": ""])
        #expect(wrong.status == 1 && wrong.error.contains("unauthenticated"), "\(wrong.error)")
        let nobody = try Binary.run(["status", "--timeout", "1", "--server", "127.0.0.1:1"], environment: ["PINYON_KEY": "x"])
        #expect(nobody.status == 1 && nobody.error.contains("pinyon serve"))
    }

    @Test("each verb has its help")
    func help() throws {
        let overview = try Binary.run(["--help"])
        #expect(overview.status == 0)
        for verb in ["serve", "status", "remember", "recall", "search", "get", "list", "delete", "demo", "verify", "tls-self-signed"] {
            #expect(overview.output.contains("  \(verb) "))
            let page = try Binary.run([verb, "--help"])
            #expect(page.status == 0 && page.output.contains("usage: pinyon \(verb)"))
        }
        #expect(try Binary.run(["--version"]).output.hasPrefix("pinyon "))
    }

    @Test("a file is remembered whole, or a bad line is named and nothing is sent")
    func files() throws {
        let server = try ServerProcess()
        let good = #"{"agent": "a", "content": "one", "vector": [1, 0]}"# + "\n" + #"{"agent": "b", "content": "two", "type": "task"}"# + "\n"
        let bad = good + #"{"agent": "a", "content": "three", "importance": 7}"# + "\n"
        let refused = try run(server, "remember", "--file", "-", input: bad)
        #expect(refused.status == 1 && refused.error.contains("line 3"), "\(refused.error)")
        #expect(try JSON(parsing: try run(server, "status", "--json").output)["organization"]?["memories"] == 0)
        #expect(try run(server, "remember", "--file", "-", input: good).output.contains("2 memories"))
    }

    @Test("the sample is loaded once and answers its questions")
    func demo() throws {
        let server = try ServerProcess()
        let first = try JSON(parsing: try run(server, "demo", "--json").output)
        #expect(first["loaded"] == 62 && first["answers"]?.list?.count == 3)
        for answer in first["answers"]?.list ?? [] { #expect(answer["answer"]?["hits"]?.list?.count == 3) }
        #expect(try JSON(parsing: try run(server, "demo", "--json").output)["loaded"] == 0)
    }

    @Test("a stream brings more than fits its credit at once")
    func stream() throws {
        let server = try ServerProcess()
        let lines = (0..<2_000).map { #"{"agent": "a", "content": "\#($0) \#(String(repeating: "y", count: 2_000))"}"# }
        #expect(try run(server, "remember", "--file", "-", input: lines.joined(separator: "\n")).status == 0)
        let all = try run(server, "list", "--all", "--json")
        #expect(all.status == 0 && all.output.split(separator: "\n").count == 2_000)
    }

    @Test("over TLS it works with the certificate it trusts, and with no other")
    func tls() throws {
        let folder = TemporaryFolder()
        #expect(try Binary.run(["tls-self-signed", "--out", folder.url.path, "--name", "127.0.0.1"]).status == 0)
        #expect(try Binary.run(["tls-self-signed", "--out", folder.url.path]).status == 1)
        let certificate = folder.path("server.crt")
        let server = try ServerProcess(arguments: ["--tls-cert", certificate, "--tls-key", folder.path("server.key")])
        #expect(try run(server, "status", "--tls-ca", certificate).status == 0)
        let name = try run(server, "status", "--tls-ca", certificate, "--tls-name", "example.org", "--timeout", "2")
        #expect(name.status == 1 && name.error.contains("mismatch"), "\(name.error)")
        let system = try run(server, "status", "--tls", "--timeout", "2")
        #expect(system.status == 1 && system.error.contains("not accepted"), "\(system.error)")
        #expect(try run(server, "status", "--timeout", "2").status == 1)
        let plain = try ServerProcess()
        #expect(try run(plain, "status", "--tls-ca", certificate, "--timeout", "2").status == 1)
    }
}
