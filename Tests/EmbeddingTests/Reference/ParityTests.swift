import Dispatch
import Foundation
import Records
import Synchronization
import Testing
import Vectors

@testable import Embedding

@Suite("The tokenizer and the local encoder do what the reference implementation does")
struct ParityTests {
    private func tokenizer() throws -> Tokenizer {
        let folder = ModelFolder(try Reference.modelFolder())
        return try folder.tokenizer(try EncoderConfiguration(folder: folder))
    }

    /// The places at which two lists of identifiers differ.
    private func differences(_ found: [[Int32]], _ wanted: [[Int32]]) -> [Int] {
        (0..<max(found.count, wanted.count)).filter { !found.indices.contains($0) || !wanted.indices.contains($0) || found[$0] != wanted[$0] }
    }

    @Test("every line of real text, in about a hundred languages, and every hard one has the identifiers of the reference")
    func lines() throws {
        let tokenizer = try tokenizer()
        let texts = try Reference.texts("lines.jsonl")
        let wanted = try Reference.tokens()
        #expect(texts.count >= 4_000 && wanted.count == texts.count)
        let found = texts.map { tokenizer.tokens(of: $0) }
        let different = differences(found, wanted)
        #expect(different.isEmpty)
        for place in different.prefix(10) { Issue.record("\(texts[place].debugDescription): \(found[place]), not \(wanted[place])") }
        // The comparison sees a single identifier.
        var changed = wanted
        changed[1_234][1] += 1
        #expect(differences(found, changed) == [1_234])
    }

    @Test("every Unicode scalar between two letters has the identifiers of the reference")
    func scalars() throws {
        let tokenizer = try tokenizer()
        let wanted = try Reference.scalarDigests()
        #expect(wanted.count == 0x11_0000 / 256)
        // All of the two planes that scripts and emoji are in; of the others some, unless there is time for all.
        let isLong = ProcessInfo.processInfo.environment["PINYON_LONG_TESTS"] == "1"
        let blocks = wanted.indices.filter { isLong || $0 < 512 || $0 % 16 == 7 }
        let different = Mutex<[Int]>([])
        DispatchQueue.concurrentPerform(iterations: blocks.count) { number in
            let block = blocks[number]
            var digest = CRC32()
            for code in UInt32(block * 256)..<UInt32(block * 256 + 256) {
                guard let scalar = Unicode.Scalar(code) else { continue }
                for token in tokenizer.tokens(of: "a" + String(Character(scalar)) + "b") { digest.add(UInt16(token)) }
            }
            if digest.value != wanted[block] { different.withLock { $0.append(block) } }
        }
        let found = different.withLock { $0.sorted() }
        #expect(found.isEmpty, "the blocks of \(found.prefix(20).map { "U+" + String($0 * 256, radix: 16, uppercase: true) })")
    }

    @Test("vectors in single precision are those of the reference within 1e-4, and in every other precision near enough to be of one space", arguments: Precision.allCases)
    func vectors(precision: Precision) throws {
        let embedder = try LocalEmbedder(folder: try Reference.modelFolder(), precision: precision)
        let texts = try Reference.texts("sentences.jsonl")
        let wanted = try Reference.vectors()
        #expect(texts.count >= 200 && wanted.count == texts.count)
        let halves = [Array(texts[..<(texts.count / 2)]), Array(texts[(texts.count / 2)...])]
        let results = Mutex<[Int: [[Float]]]>([:])
        DispatchQueue.concurrentPerform(iterations: 2) { half in
            if let vectors = try? embedder.embed(halves[half], isWanted: { true }) { results.withLock { $0[half] = vectors } }
        }
        let found = results.withLock { ($0[0] ?? []) + ($0[1] ?? []) }
        try #require(found.count == wanted.count)
        var difference: Float = 0
        var cosine: Float = 1
        for (a, b) in zip(found, wanted) {
            difference = max(difference, zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) })
            cosine = min(cosine, zip(a, b).reduce(0) { $0 + $1.0 * $1.1 })
        }
        print("parity: \(precision) by \(embedder.kernels): largest difference \(difference), smallest cosine \(cosine), of \(texts.count) texts")
        #expect(cosine >= 0.9995)
        if precision == .f32 { #expect(difference <= 1e-4) }
    }

    @Test("the default is a precision that is compared here, and it is the fastest that this machine has")
    func byDefault() throws {
        let embedder = try LocalEmbedder(folder: try Reference.modelFolder())
        #expect(Precision(rawValue: embedder.precision) != nil)
        #expect(embedder.model.dimension == Reference.dimension && embedder.model.pooling == "mean" && embedder.model.isNormalized)
        #expect(embedder.model.name == "all-MiniLM-L6-v2")
    }
}

/// As zip and zlib compute it.
private struct CRC32 {
    private static let table: [UInt32] = (0..<256).map { byte in (0..<8).reduce(UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) } }

    private var state: UInt32 = ~0

    var value: UInt32 { ~state }

    mutating func add(_ word: UInt16) {
        for byte in [UInt8(truncatingIfNeeded: word), UInt8(truncatingIfNeeded: word >> 8)] { state = CRC32.table[Int(UInt8(truncatingIfNeeded: state) ^ byte)] ^ state >> 8 }
    }
}
