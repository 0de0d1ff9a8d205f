import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("The documents are true")
    struct DocumentTests {
        /// The blocks of a document that begin with ```sh, with the lines on which they begin.
        static func samples(_ text: String) -> [(line: Int, text: String)] {
            var result: [(line: Int, text: String)] = []
            var open: (line: Int, lines: [Substring])?
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if let begun = open {
                    if line == "```" {
                        result.append((begun.line, begun.lines.joined(separator: "\n")))
                        open = nil
                    } else {
                        open?.lines.append(line)
                    }
                } else if line == "```sh" {
                    open = (number + 2, [])
                }
            }
            return result
        }

        private static func documents() throws -> [String] {
            let names = try FileManager.default.contentsOfDirectory(atPath: Checkout.root + "/docs").filter { $0.hasSuffix(".md") }.sorted()
            return ["README.md"] + names.map { "docs/" + $0 }
        }

        private func freePort() async throws -> Int {
            try await withServer { server in
                let port = server.port
                try await server.stop()
                return port
            }
        }

        /// One shell for the whole document, which stops at the first line that fails and takes its servers with it.
        private func run(_ samples: [(line: Int, text: String)]) async throws -> Finished {
            let folder = try Folder()
            let port = try await freePort()
            var script = "set -euo pipefail\ntrap 'jobs -p | xargs -r kill; wait' EXIT\n"
            for sample in samples { script += "echo \"sample of line \(sample.line)\" >&2\n\(sample.text.replacingOccurrences(of: "7411", with: "\(port)"))\n" }
            let path = try folder.write(script, to: "samples.sh")
            let bin = folder.path + "/bin"
            try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(atPath: bin + "/pinyon", withDestinationPath: Checkout.binary())
            let work = folder.path + "/work"
            try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
            var environment = Checkout.environment
            environment["PATH"] = bin + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
            environment["PINYON_SERVER"] = "127.0.0.1:\(port)"
            // A first start without an address of its own must not meet a server that happens to run here.
            environment["PINYON_LISTEN"] = "127.0.0.1:\(port)"
            let child = try Child(["/bin/bash", path], environment: environment, folder: work, output: folder)
            defer { child.kill() }
            let status = try #require(try await child.end(withinSeconds: 60), "the samples did not end: \(child.output)\(child.errors)")
            return Finished(status: status, output: child.output, errors: child.errors)
        }

        @Test("every shell sample of README and docs runs as it stands", .timeLimit(.minutes(3)))
        func samples() async throws {
            var count = 0
            for document in try DocumentTests.documents() {
                let found = DocumentTests.samples(try Checkout.text(document))
                guard !found.isEmpty else { continue }
                count += found.count
                let finished = try await run(found)
                #expect(finished.code == 0, "\(document): \(finished.output)\n\(finished.errors)")
            }
            #expect(count > 0)
        }

        @Test("a sample that fails is noticed", .timeLimit(.minutes(1)))
        func failingSample() async throws {
            let finished = try await run(DocumentTests.samples("text\n```sh\ntrue\n```\n```sh\npinyon status --no-such-option\necho after\n```\n"))
            #expect(finished.code == 2)
            #expect(!finished.output.contains("after"))
        }

        @Test("README is short and shows the answers to the sample's questions before line 40")
        func readme() throws {
            let lines = try Checkout.text("README.md").split(separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count <= 151)
            let questions = try Checkout.text("datasets/sample/questions.jsonl").split(separator: "\n").map { line in
                try #require(JSON(parsing: Array(line.utf8))["question"]?.text)
            }
            #expect(questions.count == 6)
            for question in questions { #expect(lines.prefix(39).contains { $0.hasPrefix(question) }, "\(question)") }
        }

        @Test("the Swift sample of README is code that compiles and runs", .timeLimit(.minutes(1)))
        func swiftSample() async throws {
            let trimmed = { (text: String) in text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } }
            let blocks = try Checkout.text("README.md").components(separatedBy: "```swift\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
            #expect(!blocks.isEmpty)
            let compiled = trimmed(try Checkout.text("Tests/ProcessTests/ReadmeSample.swift").replacingOccurrences(of: "\\(port)", with: "7411"))
            for line in blocks.flatMap(trimmed) { #expect(compiled.contains(line), "README has another line: \(line)") }
            try await withServer(["--embedder", "local"]) { server in
                let answer = try await ReadmeSample.run(port: server.port, key: try server.key())
                #expect(answer.entries.map(\.memory?.content) == ["Maya wants invoices by mail."])
            }
        }

        @Test("README shows what the sample's questions are answered with", .timeLimit(.minutes(1)))
        func readmeOutput() async throws {
            try await withServer(["--embedder", "local", "--precision", "f32"]) { server in
                let demo = try await pinyon(
                    ["demo", "--server", server.address, "--key-file", server.keyFile, "--sample", Checkout.root + "/datasets/sample"], in: server.folder)
                #expect(demo.code == 0)
                let shown = Set(try Checkout.text("README.md").split(separator: "\n"))
                for line in demo.output.split(separator: "\n") { #expect(shown.contains(line), "README does not show: \(line)") }
            }
        }
    }
}
