internal import Records

/// What a folder in the Hugging Face layout says of its encoder.
struct EncoderConfiguration: Hashable, Sendable {
    enum Pooling: String, Sendable { case mean, cls }

    var name: String
    var layers: Int
    var hidden: Int
    var heads: Int
    var intermediate: Int
    var vocabulary: Int
    var positions: Int
    var types: Int
    var epsilon: Float
    var pooling: Pooling
    var normalizes: Bool
    /// The start and the end token counted.
    var tokensMax: Int
    var queryPrefix: String
    var passagePrefix: String

    var headSize: Int { hidden / heads }

    static let layersMax = 48
    static let hiddenMax = 4_096
    static let intermediateMax = 16_384
    static let positionsMax = 8_192
}

extension EncoderConfiguration {
    /// Reads config.json, and what lies beside it: modules.json with the pooling, sentence_bert_config.json, config_sentence_transformers.json.
    init(folder: ModelFolder) throws(EmbeddingError) {
        let config = try folder.json("config.json", isRequired: true)
        func broken(_ why: String) -> EmbeddingError { .unusableModel(path: folder.path + "/config.json", why: why) }
        let type = config["model_type"]?.text ?? "nothing"
        guard type == "bert" else { throw broken("its model_type is \(type); only encoders of the type bert are supported") }
        if let position = config["position_embedding_type"]?.text, position != "absolute" { throw broken("its position_embedding_type is \(position); only absolute is supported") }
        let activation = config["hidden_act"]?.text ?? "gelu"
        guard activation == "gelu" else { throw broken("its hidden_act is \(activation); only gelu is supported") }
        func number(_ name: String, _ most: Int) throws(EmbeddingError) -> Int {
            guard let value = config[name]?.integer else { throw broken("\(name) is missing, or no whole number") }
            guard value >= 1, value <= Int64(most) else { throw broken("\(name) is \(value); it must be within 1…\(most)") }
            return Int(value)
        }
        layers = try number("num_hidden_layers", EncoderConfiguration.layersMax)
        hidden = try number("hidden_size", EncoderConfiguration.hiddenMax)
        heads = try number("num_attention_heads", EncoderConfiguration.hiddenMax)
        intermediate = try number("intermediate_size", EncoderConfiguration.intermediateMax)
        vocabulary = try number("vocab_size", Vocabulary.entriesMax)
        positions = try number("max_position_embeddings", EncoderConfiguration.positionsMax)
        types = config["type_vocab_size"] == nil ? 2 : try number("type_vocab_size", 16)
        guard hidden % heads == 0 else { throw broken("hidden_size \(hidden) is no multiple of num_attention_heads \(heads)") }
        let epsilon = config["layer_norm_eps"]?.number ?? 1e-12
        guard epsilon > 0, epsilon < 1 else { throw broken("layer_norm_eps is \(epsilon)") }
        self.epsilon = Float(epsilon)
        name = folder.modelName(config)
        (pooling, normalizes) = try folder.pooling()
        let longest = try folder.json("sentence_bert_config.json", isRequired: false)["max_seq_length"]?.integer
        let tokensMax = longest.map { Int(clamping: $0) } ?? positions
        guard tokensMax >= 3 else { throw .unusableModel(path: folder.path + "/sentence_bert_config.json", why: "max_seq_length is \(tokensMax); at least 3 are needed") }
        self.tokensMax = min(tokensMax, positions)
        let prompts = try folder.json("config_sentence_transformers.json", isRequired: false)["prompts"]
        queryPrefix = prompts?["query"]?.text ?? ""
        passagePrefix = (prompts?["passage"] ?? prompts?["document"])?.text ?? ""
    }
}
