import Foundation
import Testing

extension RealBinary {
    @Suite("The table of limits is true")
    struct LimitTests {
        /// The constants of a source file that are numbers, products of numbers included.
        private func constants(_ path: String) throws -> [String: Int] {
            var result: [String: Int] = [:]
            for line in try Checkout.text(path).split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                // Also the defaults of parameters, as in `searchesWaitingMax: Int = 4_096)`.
                guard let equals = words.firstIndex(of: "="), equals >= 2 else { continue }
                let typed = words[equals - 2].hasSuffix(":") ? equals - 2 : equals - 1
                let name = words[typed].split(separator: ":").first.map(String.init) ?? ""
                let factors = words[(equals + 1)...].map { $0.filter { $0 != ")" && $0 != "," } }.prefix { $0 != "{" }.filter { $0 != "*" }.map { Int($0.replacingOccurrences(of: "_", with: "")) }
                guard !factors.isEmpty, !factors.contains(nil) else { continue }
                result[name] = factors.compactMap { $0 }.reduce(1, *)
            }
            return result
        }

        /// A row of the table in docs/ARCHITECTURE.md, and the constants whose values it gives, in their order.
        private static let rows: [(name: String, constants: [String])] = [
            ("connections", ["connectionsMax"]), ("body of a frame", ["frameBytesMax", "handshakeFrameBytesMax"]),
            ("requests under way on a connection", ["inFlightMax"]), ("bytes of requests under way, all connections", ["requestBytesMax"]),
            ("time for the handshake", ["handshakeMilliseconds"]), ("silence", ["idleMilliseconds"]),
            ("replies that wait to be read", ["replyBytesPause", "replyBytesWaitingMax"]),
            ("a request's deadline", ["deadlineMilliseconds", "deadlineMillisecondsMax"]), ("searches that wait", ["searchesWaitingMax"]),
            ("texts that wait for their vectors", ["waitingTextBytesMax"]), ("vectors kept for texts that come again", ["vectorCacheBytesMax"]),
            ("requests of a connection with possibly large answers, at work at once", ["largeAtWorkMax"]), ("time for a stop", ["drainMilliseconds"]), ("content", ["contentBytesMax"]), ("metadata", ["metadataBytesMax", "jsonDepthMax"]),
            ("tags", ["tagsMax", "tagBytesMax"]), ("dimensions", ["dimensionMax"]), ("k", ["kMax"]), ("rows in one answer", ["answerBytesMax"]),
            ("memories that one audit entry names", ["tracedMemoriesMax"]), ("recalls that wait to be written to the audit, of one organization", ["tracesWaitingMax"]),
            ("rows in a batch, identifiers in a request, rows in a page", ["batchMax"]),
            ("filter", ["filterNodesMax", "filterDepthMax", "filterValuesMax"]),
        ]

        /// The numbers of a cell with their units: bytes, milliseconds, or plain.
        private func values(_ cell: String) -> [Int] {
            let units = ["KiB": 1_024, "MiB": 1_048_576, "s": 1_000, "min": 60_000]
            let words = cell.replacingOccurrences(of: ";", with: " ").replacingOccurrences(of: ", ", with: " ").split(separator: " ").map(String.init)
            var result: [Int] = []
            for (position, word) in words.enumerated() {
                guard let number = Int(word.replacingOccurrences(of: ",", with: "")) else { continue }
                result.append(number * (position + 1 < words.count ? units[words[position + 1]] ?? 1 : 1))
            }
            return result
        }

        @Test("every row of ARCHITECTURE's table gives the value that the code has, and every row is known here")
        func table() throws {
            var known = try constants("Sources/Records/Limits.swift")
            known.merge(try constants("Sources/Server/ServerLimits.swift")) { _, server in server }
            for name in try FileManager.default.contentsOfDirectory(atPath: Checkout.root + "/Sources/Engine") where name.hasSuffix(".swift") {
                known.merge(try constants("Sources/Engine/" + name)) { first, _ in first }
            }
            let section = try #require(Checkout.text("docs/ARCHITECTURE.md").components(separatedBy: "\n## Limits\n").dropFirst().first)
            let cells = section.components(separatedBy: "\n## ")[0].split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst(2)
                .map { $0.components(separatedBy: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
            #expect(Set(cells.map { $0[1] }) == Set(LimitTests.rows.map(\.name)))
            for cell in cells {
                guard let row = LimitTests.rows.first(where: { $0.name == cell[1] }) else { continue }
                let found = row.constants.map { known[$0] }
                #expect(found == values(cell[2]).map(Optional.some), "\(cell[1]): \(cell[2]), the code has \(found)")
            }
        }
    }
}
