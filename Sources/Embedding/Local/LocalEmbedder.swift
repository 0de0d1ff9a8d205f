public import Records
internal import Secrets
public import Vectors

/// An encoder of the BERT family, computed here, from a folder in the Hugging Face layout.
public final class LocalEmbedder: Embedder {
    public let model: EmbeddingModel
    public let limits: EmbedderLimits
    /// What its products run on, such as `amx bf16`.
    public let kernels: String
    private let tokenizer: Tokenizer
    private let encoder: Encoder
    private let pool: Pool<EncoderScratch>

    /// Tokens in one forward pass: enough for reading the weights to pay, which BLAS packs anew each time, and few enough for results to stay in the cache.
    static func batchTokens(_ precision: Precision) -> Int { precision == .f32 ? 512 : 256 }

    /// Reads and checks the folder, whose prefixes hold where none are given. Without a precision it takes the fastest that this machine has.
    public init(
        folder path: String, precision: Precision? = nil, queryPrefix: String? = nil, passagePrefix: String? = nil, callsMax: Int = 2
    ) throws(EmbeddingError) {
        let folder = ModelFolder(path)
        var configuration = try EncoderConfiguration(folder: folder)
        if let queryPrefix { configuration.queryPrefix = queryPrefix }
        if let passagePrefix { configuration.passagePrefix = passagePrefix }
        tokenizer = try folder.tokenizer(configuration)
        let kernels = if let precision { ProductKernels.fastest(of: precision) } else { ProductKernels.fastest }
        let file = try SafeTensors(path: folder.file("model.safetensors"))
        let weights = try EncoderWeights(file, configuration, kernels: kernels)
        let encoder = Encoder(configuration: configuration, weights: weights, products: kernels)
        self.encoder = encoder
        pool = Pool(max: callsMax) {
            EncoderScratch(encoder.configuration, tokens: max(LocalEmbedder.batchTokens(encoder.precision), encoder.configuration.tokensMax))
        }
        self.kernels = kernels?.name ?? BLAS.provider.name
        model = EmbeddingModel(
            provider: "local", name: configuration.name, revision: try folder.hash("model.safetensors"), dimension: configuration.hidden,
            pooling: configuration.pooling.rawValue, queryPrefix: configuration.queryPrefix, passagePrefix: configuration.passagePrefix,
            isNormalized: configuration.normalizes)
        limits = EmbedderLimits(callsMax: callsMax, textsMax: 16, bytesMax: 32 << 10)
    }

    public var precision: String { encoder.precision.rawValue }

    public func embed(_ texts: [String], isWanted: () -> Bool) throws(EmbeddingError) -> [[Float]] {
        try limits.check(texts)
        var tokens: [Int32] = []
        var ranges: [Range<Int>] = []
        for text in texts {
            let start = tokens.count
            tokenizer.add(text, to: &tokens)
            ranges.append(start..<tokens.count)
        }
        guard case .lent(let scratch) = pool.take(isWanted: isWanted) else { throw .cancelled }
        defer { pool.giveBack(scratch) }
        return try vectors(of: tokens, ranges, scratch, isWanted)
    }

    /// In batches of whole texts.
    private func vectors(of tokens: [Int32], _ texts: [Range<Int>], _ scratch: EncoderScratch, _ isWanted: () -> Bool) throws(EmbeddingError) -> [[Float]] {
        var vectors: [[Float]] = []
        var first = 0
        while first < texts.count {
            let start = texts[first].lowerBound
            var next = first + 1
            while next < texts.count, texts[next].upperBound - start <= scratch.tokens { next += 1 }
            let batch = texts[first..<next].map { $0.lowerBound - start..<$0.upperBound - start }
            let part = Array(tokens[start..<texts[next - 1].upperBound])
            guard let some = encoder.vectors(of: part, texts: batch, scratch, isWanted: isWanted) else { throw .cancelled }
            vectors += some
            first = next
        }
        return vectors
    }
}
