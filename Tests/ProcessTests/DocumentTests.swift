import Foundation
import Records
import Testing
import Transport

@Suite("Documents say what is so", .serialized)
struct DocumentTests {
    private static let documents = ["README.md", "docs/OPERATIONS.md", "docs/ARCHITECTURE.md", "docs/PROTOCOL.md", "docs/THREAT_MODEL.md"]

    private func text(_ name: String) throws -> String {
        try String(contentsOf: Binary.checkout.appendingPathComponent(name), encoding: .utf8)
    }

    /// The blocks of one language, in order.
    private func blocks(_ text: String, _ language: String) -> [String] {
        var blocks: [String] = []
        var current: [Substring]?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```\(language)" { current = [] } else if line == "```", let done = current {
                blocks.append(done.joined(separator: "\n"))
                current = nil
            } else { current?.append(line) }
        }
        return blocks
    }

    private func freePort() throws -> Int {
        let loops = EventLoopGroup(count: 1)
        let listener = try Listener(address: Address("127.0.0.1:0"), group: loops, tls: nil, limits: ChannelLimits()) { _ in
            fatalError("nobody connects to a port that is only asked for")
        }
        defer { listener.stop() }
        return listener.address.port
    }

    @Test("every sample runs", arguments: documents)
    func samples(document: String) throws {
        let samples = blocks(try text(document), "sh")
        guard !samples.isEmpty else { return }
        let port = try freePort()
        let folder = TemporaryFolder()
        let bin = folder.path("bin")
        try FileManager.default.createDirectory(atPath: bin, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: bin + "/pinyon", withDestinationPath: Binary.path)
        let script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n" + samples.joined(separator: "\n").replacingOccurrences(of: "7411", with: String(port))
        let path = (Binary.environment["PATH"] ?? "/usr/bin:/bin")
        let outcome = try Binary.run(
            ["-c", script], program: "/bin/bash", in: folder.url.path,
            environment: ["PATH": bin + ":" + path, "PINYON_SERVER": "127.0.0.1:\(port)", "PINYON_LISTEN": "127.0.0.1:\(port)"])
        #expect(outcome.status == 0, "\(document):\n\(outcome.output)\n\(outcome.error)")
    }

    @Test("README shows the questions of the sample before its fortieth line")
    func readme() throws {
        let lines = try text("README.md").split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.count <= 150)
        let top = lines.prefix(40).joined(separator: "\n")
        for line in try text("datasets/sample/questions.jsonl").split(separator: "\n") {
            let question = try #require(try JSON(parsing: String(line))["question"]?.text)
            #expect(top.contains(question))
        }
        #expect(top.contains("scripts/run"))
        #expect(try text("README.md").contains("scripts/test"))
    }

    @Test("the limits in the table are those of the sources")
    func limits() throws {
        let table = try text("docs/ARCHITECTURE.md")
        for row in [
            "| content | \(Limits.contentBytesMax / 1_024) KiB |", "| metadata | \(Limits.metadataBytesMax / 1_024) KiB, nested \(Limits.jsonDepthMax) deep |",
            "| tags | \(Limits.tagsMax) of \(Limits.tagBytesMax) bytes |", "| dimensions | \(grouped(Limits.dimensionMax)) |", "| k | \(grouped(Limits.kMax)) |",
            "| filter | \(Limits.filterNodesMax) nodes, \(Limits.filterDepthMax) deep, \(grouped(Limits.filterValuesMax)) values each |",
            "| memories in a batch, identifiers in a get, rows in a page | \(grouped(Limits.batchMax)) |", "| memories in one answer | \(Limits.answerBytesMax >> 20) MiB |",
            "| body of a frame | \(Limits.frameBytesMax >> 20) MiB;",
        ] { #expect(table.contains(row), "\(row)") }
        #expect(Limits.batchMax == Limits.pageMax)
        let server = try text("Sources/Server/ServerLimits.swift")
        for (name, value, row) in [
            ("connectionsMax", "10_000", "| connections | 10,000 |"), ("inFlightMax", "1_024", "| requests under way on a connection | 1,024 |"),
            ("requestBytesMax", "256 * 1_024 * 1_024", "| bytes of requests under way, all connections | 256 MiB |"), ("handshakeMilliseconds: UInt32", "10_000", "| time for the handshake | 10 s |"),
            ("idleMilliseconds: UInt32", "600_000", "| silence | 600 s |"), ("drainMilliseconds", "10_000", "| time for a stop | 10 s |"),
            ("replyBytesWaitingMax", "64 * 1_024 * 1_024", "ends at 64 MiB"), ("replyBytesPause", "4 * 1_024 * 1_024", "reading pauses at 4 MiB"),
        ] {
            #expect(server.contains("\(name) = \(value)"), "\(name)")
            #expect(table.contains(row), "\(row)")
        }
    }

    private func grouped(_ number: Int) -> String {
        number >= 1_000 ? "\(number / 1_000),\(String(repeating: "0", count: 3 - String(number % 1_000).count))\(number % 1_000)" : "\(number)"
    }
}
