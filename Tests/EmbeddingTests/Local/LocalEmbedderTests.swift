import Embedding
import Foundation
import Records
import Testing
import Vectors

@Suite("The local encoder")
struct LocalEmbedderTests {
    /// Texts of the small vocabulary with the tokens that they have.
    private static let texts: [(text: String, tokens: [Int])] = [
        ("stone", [2, 7, 3]), ("STONED?", [2, 7, 40, 5, 3]), ("stoneed", [2, 7, 8, 3]), ("many words.", [2, 9, 10, 6, 3]), ("é", [2, 15, 3]), ("ab", [2, 11, 38, 3]), ("一", [2, 1, 3]),
        (String(repeating: "many ", count: 100), [2] + Array(repeating: 9, count: 46) + [3]),
    ]

    @Test("vectors are those of a plain implementation in doubles, for both poolings and every precision", arguments: ["mean", "cls"], Precision.allCases)
    func parity(pooling: String, precision: Precision) throws {
        let model = try SmallModel()
        model.pooling = pooling
        try model.write()
        let embedder = try LocalEmbedder(folder: model.path, precision: precision)
        let vectors = try embedder.embed(LocalEmbedderTests.texts.map(\.text)) { true }
        for (vector, text) in zip(vectors, LocalEmbedderTests.texts) {
            let expected = PlainEncoder(model: model).vector(of: text.tokens)
            let cosine = zip(vector, expected).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            #expect(cosine > (precision == .f32 ? 0.999_999 : 0.999), "\(text.text): \(cosine)")
            if precision == .f32 { for (a, b) in zip(vector, expected) { #expect(abs(a - b) < 1e-5, "\(text.text)") } }
        }
        #expect(embedder.model.pooling == pooling && embedder.model.isNormalized && embedder.model.dimension == model.hidden)
        #expect(embedder.precision == precision.rawValue)
    }

    @Test("a vector does not depend on what else is embedded with it")
    func neighbours() throws {
        let model = try SmallModel()
        try model.write()
        for precision in Precision.allCases {
            let embedder = try LocalEmbedder(folder: model.path, precision: precision)
            let many = (0..<200).map { LocalEmbedderTests.texts[$0 * 7 % LocalEmbedderTests.texts.count].text }
            let together = try embedder.embed(many) { true }
            for (text, vector) in zip(many, together).prefix(14) {
                let alone = try embedder.embed([text]) { true }[0]
                for (a, b) in zip(alone, vector) { #expect(abs(a - b) < 1e-5, "\(precision), \(text)") }
            }
        }
    }

    @Test("prefixes come from the folder, or from whoever opens it, and the weights' hash is the revision")
    func facts() throws {
        let model = try SmallModel()
        model.prompts = ["query": "query: ", "passage": "passage: "]
        try model.write()
        let embedder = try LocalEmbedder(folder: model.path + "/")
        #expect(embedder.model.queryPrefix == "query: " && embedder.model.passagePrefix == "passage: ")
        #expect(embedder.model.provider == "local" && embedder.model.revision.count == 64)
        let other = try LocalEmbedder(folder: model.path, queryPrefix: "q ", passagePrefix: "")
        #expect(other.model.queryPrefix == "q " && other.model.passagePrefix == "" && other.model.revision == embedder.model.revision)
        try model.change("embeddings.LayerNorm.bias") { $0[0] += 1 }
        #expect(try LocalEmbedder(folder: model.path).model.revision != embedder.model.revision)
    }

    @Test("a tokenizer.json and a vocab.txt of the same vocabulary give the same vectors")
    func tokenizers() throws {
        let model = try SmallModel()
        try model.write()
        let texts = LocalEmbedderTests.texts.map(\.text)
        let vectors = try LocalEmbedder(folder: model.path, precision: .f32).embed(texts) { true }
        try model.remove("vocab.txt")
        try model.json(tokenizer(model), "tokenizer.json")
        #expect(try LocalEmbedder(folder: model.path, precision: .f32).embed(texts) { true } == vectors)
    }

    private func tokenizer(_ model: SmallModel) -> [String: Any] {
        [
            "normalizer": ["type": "BertNormalizer", "lowercase": true], "pre_tokenizer": ["type": "BertPreTokenizer"],
            "model": ["type": "WordPiece", "vocab": Dictionary(uniqueKeysWithValues: model.vocabulary.enumerated().map { ($1, $0) })] as [String: Any],
        ]
    }

    // MARK: Folders that cannot be used

    /// What is said of a folder after `damage`.
    private func refusal(_ damage: (SmallModel) throws -> Void) throws -> String {
        let model = try SmallModel()
        try model.write()
        try damage(model)
        do throws(EmbeddingError) {
            _ = try LocalEmbedder(folder: model.path)
            return "nothing"
        } catch {
            return error.description.replacingOccurrences(of: model.path, with: "M")
        }
    }

    @Test("damaged weights are refused, with the file and what is wrong with it")
    func damagedWeights() throws {
        #expect(try refusal { try $0.remove("model.safetensors") } == "M/model.safetensors: No such file or directory")
        #expect(try refusal { try $0.write(weights: Data()) } == "M/model.safetensors: it has 0 bytes, too few for a safetensors file")
        #expect(try refusal { try $0.write(weights: $0.weights.dropLast(4)) }.contains("it was cut off"))
        #expect(try refusal { try $0.write(weights: $0.weights.prefix(100)) }.contains("but the file ends after 100"))
        #expect(try refusal { try $0.write(weights: Data(repeating: 0xff, count: 64)) }.contains("this is no safetensors file"))
        #expect(try refusal { try $0.write(weights: SmallModel.file(header: Data("{\"a\":".utf8), data: Data())) }.contains("its header is damaged"))
        #expect(try refusal { try $0.write(weights: SmallModel.file(header: Data("{}".utf8), data: Data())) }.contains("embeddings.word_embeddings.weight is missing"))
        #expect(try refusal { try $0.change("embeddings.position_embeddings.weight") { $0[3] = .nan } }.contains("not finite"))
        #expect(try refusal { try $0.change("encoder.layer.1.output.dense.weight") { $0[0] = .infinity } }.contains("encoder.layer.1.output.dense.weight"))
    }

    @Test("offsets that lie about the file are refused", arguments: ["[-4,92]", "[0,99999999]", "[96,0]", "[0,95]", "[0,9223372036854775807]", "[0]", "\"x\"", "null"])
    func offsets(_ offsets: String) throws {
        let header = "{\"embeddings.word_embeddings.weight\":{\"dtype\":\"F32\",\"shape\":[\(SmallModel.pieces.count),24],\"data_offsets\":\(offsets)}}"
        let why = try refusal { try $0.write(weights: SmallModel.file(header: Data(header.utf8), data: Data(count: 4_096))) }
        #expect(why.hasPrefix("M/model.safetensors: the tensor embeddings.word_embeddings.weight "), "\(why)")
    }

    @Test("a folder of another architecture, or a configuration that does not fit the weights, is refused")
    func configuration() throws {
        func changed(_ name: String, _ value: Any) throws -> String { try refusal { try $0.write { $0[name] = value } } }
        #expect(try changed("model_type", "roberta") == "M/config.json: its model_type is roberta; only encoders of the type bert are supported")
        #expect(try changed("hidden_act", "relu").contains("its hidden_act is relu"))
        #expect(try changed("position_embedding_type", "relative_key").contains("only absolute"))
        #expect(try changed("num_attention_heads", 5).contains("no multiple of num_attention_heads 5"))
        #expect(try changed("num_hidden_layers", 1_000_000).contains("num_hidden_layers is 1000000; it must be within 1…48"))
        #expect(try changed("hidden_size", -3).contains("hidden_size is -3"))
        #expect(try changed("num_hidden_layers", 3).contains("encoder.layer.2.attention.self.query.weight is missing"))
        #expect(try changed("intermediate_size", 41).contains("has the shape [40, 24], but the configuration asks for [41, 24]"))
        #expect(try refusal { try $0.text("{", "config.json") }.hasPrefix("M/config.json: invalid JSON"))
        #expect(try refusal { try $0.remove("config.json") } == "M/config.json: No such file or directory")
        #expect(try refusal { model in
            model.pooling = "max"
            try model.write()
        }.contains("its pooling is pooling_mode_max_tokens; only mean and CLS are supported"))
        #expect(throws: EmbeddingError.unusableModel(path: "/nowhere/config.json", why: "No such file or directory")) { _ = try LocalEmbedder(folder: "/nowhere") }
    }

    @Test("a vocabulary that does not fit is refused")
    func vocabulary() throws {
        #expect(try refusal { try $0.text((SmallModel.pieces + ["one", "more"]).joined(separator: "\n"), "vocab.txt") }.contains("they do not belong together"))
        #expect(try refusal { model in
            model.vocabulary += (0..<1_100).map { "more\($0)" }
            try model.write()
            try model.text(SmallModel.pieces.joined(separator: "\n"), "vocab.txt")
        }.contains("tokens, and the weights have"))
        #expect(try refusal { try $0.text("[UNK]\n[SEP]\na\n", "vocab.txt") } == "M/vocab.txt: the token [CLS] is missing")
        #expect(try refusal { try $0.remove("vocab.txt") } == "M/vocab.txt: No such file or directory")
        #expect(try refusal { model in
            var whole = tokenizer(model)
            whole["model"] = ["type": "Unigram", "vocab": []] as [String: Any]
            try model.json(whole, "tokenizer.json")
        }.contains("its model is Unigram; only WordPiece is supported"))
        #expect(try refusal { model in
            var whole = tokenizer(model)
            whole["model"] = ["type": "WordPiece", "vocab": ["[UNK]": 0, "[CLS]": 0, "[SEP]": 7]] as [String: Any]
            try model.json(whole, "tokenizer.json")
        }.contains("has no identifier of its own"))
    }
}
