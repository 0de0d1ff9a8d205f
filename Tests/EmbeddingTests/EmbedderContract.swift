import Embedding
import Records
import Synchronization
import Testing

/// What every embedder promises.
@Suite("The contract of embedders")
struct EmbedderContract {
    /// Short and long, in several scripts, and the same one twice.
    private static let texts = [
        "A stone pine lives for centuries.", "Pinyon jays bury more seeds than they eat.", "一粒种子", "le grenier est plein", "?",
        String(repeating: "many words ", count: 40), "A stone pine lives for centuries.", "line\nline\t\u{0}end",
    ]

    @Test("each text gets a vector of the model's dimension, finite and not zero, in the order of the texts", arguments: embedderMakers)
    func vectors(_ maker: any EmbedderMaker) throws {
        let embedder = try maker.makeEmbedder()
        let vectors = try embedder.embed(EmbedderContract.texts) { true }
        #expect(vectors.count == EmbedderContract.texts.count)
        for vector in vectors {
            #expect(vector.count == embedder.model.dimension)
            #expect(vector.allSatisfy(\.isFinite) && vector.contains { $0 != 0 })
        }
        for (text, vector) in zip(EmbedderContract.texts, vectors) { #expect(isNear(try embedder.embed([text]) { true }, [vector]), "\(text)") }
        let reversed = try embedder.embed(EmbedderContract.texts.reversed()) { true }
        #expect(isNear(reversed.reversed(), vectors))
    }

    @Test("the same text gets the same vector, and another text another one", arguments: embedderMakers)
    func sameness(_ maker: any EmbedderMaker) throws {
        let embedder = try maker.makeEmbedder()
        let vectors = try embedder.embed(EmbedderContract.texts) { true }
        #expect(isNear([vectors[0]], [vectors[6]]))
        for (a, b) in [(0, 1), (0, 2), (2, 4), (3, 5)] { #expect(!isNear([vectors[a]], [vectors[b]]), "\(a) and \(b)") }
        #expect(try embedder.embed([EmbedderContract.texts[1]]) { true } == embedder.embed([EmbedderContract.texts[1]]) { true })
    }

    @Test("no texts have no vectors", arguments: embedderMakers)
    func nothing(_ maker: any EmbedderMaker) throws {
        #expect(try maker.makeEmbedder().embed([]) { true }.isEmpty)
    }

    @Test("a text of nothing but white space is refused with its place", arguments: embedderMakers)
    func empty(_ maker: any EmbedderMaker) throws {
        let embedder = try maker.makeEmbedder()
        for text in ["", " ", "\n\t \u{3000}"] {
            #expect(throws: EmbeddingError.emptyText(text: 2)) { _ = try embedder.embed(["one", "two", text, "three"]) { true } }
        }
    }

    @Test("a text of as many bytes as may be is embedded, and one of more is refused with its place", arguments: embedderMakers)
    func tooLong(_ maker: any EmbedderMaker) throws {
        let embedder = try maker.makeEmbedder()
        let bytesMax = embedder.limits.textBytesMax
        #expect(try embedder.embed([String(repeating: "a ", count: bytesMax / 2)]) { true }.count == 1)
        #expect(throws: EmbeddingError.textTooLong(text: 1, bytes: bytesMax + 1, bytesMax: bytesMax)) {
            _ = try embedder.embed(["one", String(repeating: "a", count: bytesMax + 1)]) { true }
        }
    }

    @Test("what is not wanted is cancelled", arguments: embedderMakers)
    func cancelled(_ maker: any EmbedderMaker) throws {
        let embedder = try maker.makeEmbedder()
        #expect(throws: EmbeddingError.cancelled) { _ = try embedder.embed(EmbedderContract.texts) { false } }
        #expect(try embedder.embed(["one"]) { true }.count == 1)
    }

    @Test("several threads at once get what one alone gets", arguments: embedderMakers)
    func threads(_ maker: any EmbedderMaker) throws {
        let embedder = try maker.makeEmbedder()
        let alone = try embedder.embed(EmbedderContract.texts) { true }
        let answers = Mutex<[[[Float]]]>([])
        let running = (0..<(embedder.limits.callsMax + 2)).map { _ in
            Running {
                for _ in 0..<3 {
                    guard let vectors = try? embedder.embed(EmbedderContract.texts, isWanted: { true }) else { continue }
                    answers.withLock { $0.append(vectors) }
                }
            }
        }
        for call in running { call.wait() }
        let all = answers.withLock { $0 }
        #expect(all.count == running.count * 3)
        for vectors in all { #expect(isNear(vectors, alone)) }
    }

    /// Whether two lists of vectors point the same ways, but for what the order of additions does to floats.
    private func isNear(_ a: [[Float]], _ b: [[Float]]) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { cosine($0, $1) > 0.999 }
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Float {
        func product(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
        return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }
}
