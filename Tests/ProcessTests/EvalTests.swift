import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("Searches are measured on sets with known answers")
    struct EvalTests {
        private func write(_ lines: [JSON], _ name: String, in folder: Folder) throws { try folder.write(lines.map { "\($0)\n" }.joined(), to: name) }

        private static let texts = ["a": "the museum opens at nine", "b": "ask Felix", "c": "where will the concert be held?", "d": "the office is in the old town", "e": "we park behind the house"]

        private func documents(_ metadata: (String) -> JSON) -> [JSON] { EvalTests.texts.sorted { $0.key < $1.key }.map { ["id": .text($0.key), "text": .text($0.value), "metadata": metadata($0.key)] } }

        private func ranking(_ question: String, _ relevant: String, in folder: Folder, _ more: [String] = []) async throws -> [String] {
            try write([["id": "q", "text": .text(question), "relevant": [.text(relevant)]]], "q.jsonl", in: folder)
            let finished = try await pinyon(["eval", "retrieval", "--docs", "d.jsonl", "--queries", "q.jsonl", "--run", "run.json", "--json"] + more, in: folder)
            #expect(finished.code == 0, "\(finished.errors)")
            let run = try JSON(parsing: Array(Data(contentsOf: URL(fileURLWithPath: folder.path + "/run.json"))))
            return run["q"]?.list?.compactMap(\.text) ?? []
        }

        @Test("documents of a conversation are found with what was said before them, however their places are written", .timeLimit(.minutes(1)))
        func conversation() async throws {
            let folder = try Folder()
            let order: [String: Int64] = ["a": 1, "c": 2, "b": 3, "d": 4, "e": 5]
            let shapes: [(String) -> JSON] = [
                { ["conversation": "c", "sequence": .integer(order[$0] ?? 0)] }, { ["conversation": 1, "sequence": .text("\(order[$0] ?? 0)")] },
                { ["conversation": "c", "time": .integer(1_700_000_000 + (order[$0] ?? 0))] },
            ]
            for shape in shapes {
                try write(documents(shape), "d.jsonl", in: folder)
                #expect(try await ranking("where is the concert", "b", in: folder).prefix(2) == ["c", "b"])
            }
            try write(documents { _ in .emptyObject }, "d.jsonl", in: folder)
            #expect(try await ranking("where is the concert", "b", in: folder).dropFirst().first != "b")
        }

        @Test("a time is read as sets write it", .timeLimit(.minutes(1)), arguments: [
            "2023-05-08T10:00:00Z", "2023-05-08T10:00:00", "2023-05-08 10:00", "2023-05-08", "8 May 2023, 1:56 pm", "1:56 pm on 8 May, 2023", "2023/05/08 (Mon) 23:40",
        ])
        func times(written: String) async throws {
            let folder = try Folder()
            try write(documents { ["conversation": "c", "time": .text($0 == "d" ? written : "2024-05-08T10:00:00Z")] }, "d.jsonl", in: folder)
            #expect(try await ranking("what was said on 8 May 2023", "d", in: folder).first == "d")
        }

        @Test("what is of another type is refused with its line", .timeLimit(.minutes(1)), arguments: [
            (["metadata": 5], "metadata"), (["metadata": ["sequence": "x"]], "sequence"), (["metadata": ["sequence": 1.5]], "sequence"), (["metadata": ["time": "sometime"]], "time"),
            (["metadata": ["conversation": ["c"]]], "conversation"), (["metadata": ["speaker": true]], "speaker"), (["scope": 1.5], "scope"),
        ] as [(JSON, String)])
        func refused(members: JSON, field: String) async throws {
            let folder = try Folder()
            guard case .object(let own) = members else { return }
            try write([.object([JSON.Member("id", "a"), JSON.Member("text", "b")] + own)], "d.jsonl", in: folder)
            try write([["id": "q", "text": "x", "relevant": ["a"]]], "q.jsonl", in: folder)
            let finished = try await pinyon(["eval", "retrieval", "--docs", "d.jsonl", "--queries", "q.jsonl", "--mode", "lexical"], in: folder)
            #expect(finished.code == 1 && finished.errors.contains("d.jsonl, line 1: \(field) is to be"))
        }

        @Test("words are measured without a model, a scope without a word finds nothing, and a question comes once", .timeLimit(.minutes(1)))
        func words() async throws {
            let folder = try Folder()
            try write([["id": "a", "text": " "], ["id": "b", "text": "tea", "scope": 2]], "d.jsonl", in: folder)
            let none = ["--mode", "lexical", "--embedder", "none"]
            #expect(try await ranking("tea", "a", in: folder, none).isEmpty)
            let twice: [JSON] = [["id": "q", "text": "tea", "scope": "2", "relevant": ["b"]], ["id": "q", "text": "tea", "scope": "2", "relevant": ["b"]]]
            try write(twice, "q.jsonl", in: folder)
            let finished = try await pinyon(["eval", "retrieval", "--docs", "d.jsonl", "--queries", "q.jsonl"] + none, in: folder)
            #expect(finished.code == 1 && finished.errors.contains("line 2: there is a question q already"))
        }

        @Test("both legs, with what was said around, are worth far more on conversations than either alone", .timeLimit(.minutes(2)))
        func conversations() async throws {
            let folder = try Folder()
            func gain(_ mode: String) async throws -> Double {
                let finished = try await pinyon(
                    ["eval", "retrieval", "--docs", Checkout.root + "/datasets/conversations/docs.jsonl", "--queries", Checkout.root + "/datasets/conversations/questions.jsonl",
                        "--mode", mode, "--json", "--precision", "f32"], in: folder)
                #expect(finished.code == 0, "\(finished.errors)")
                return try JSON(parsing: Array(finished.output.utf8))["ndcg@10"]?.number ?? 0
            }
            let (vector, lexical, hybrid) = (try await gain("vector"), try await gain("lexical"), try await gain("hybrid"))
            #expect(hybrid > 0.53 && vector < hybrid - 0.15 && lexical < hybrid - 0.15, "\(vector) \(lexical) \(hybrid)")
        }
    }
}
