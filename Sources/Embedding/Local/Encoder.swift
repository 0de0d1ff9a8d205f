internal import Vectors

/// The forward pass of BERT (Devlin and others, 2018), for several texts whose tokens follow each other without padding.
struct Encoder: Sendable {
    let configuration: EncoderConfiguration
    let weights: EncoderWeights
    /// For products of rounded numbers; nil where they go through BLAS in single precision.
    let products: ProductKernels?
    let kernels = EncoderKernels.best

    var precision: Precision { products?.precision ?? .f32 }

    /// `texts` are ranges of `tokens`, one after the other, none empty and none longer than the configuration's `tokensMax`. Between layers `isWanted` is
    /// asked; nil once it says no.
    func vectors(of tokens: [Int32], texts: [Range<Int>], _ scratch: EncoderScratch, isWanted: () -> Bool) -> [[Float]]? {
        precondition(tokens.count <= scratch.tokens)
        guard let products else { return forward(tokens, texts, scratch, isWanted) }
        return products.use { forward(tokens, texts, scratch, isWanted) }
    }

    private func forward(_ tokens: [Int32], _ texts: [Range<Int>], _ scratch: EncoderScratch, _ isWanted: () -> Bool) -> [[Float]]? {
        embed(tokens, texts, scratch)
        for layer in weights.layers {
            guard isWanted() else { return nil }
            attend(layer, tokens.count, texts, scratch)
            feedForward(layer, tokens.count, scratch)
        }
        return texts.map { pool(scratch.hidden, $0) }
    }

    /// hidden = normalize(word + place + type)
    private func embed(_ tokens: [Int32], _ texts: [Range<Int>], _ scratch: EncoderScratch) {
        for text in texts {
            for row in text {
                kernels.copy(weights.words, width: configuration.hidden, row: Int(tokens[row]), to: scratch.hidden, row: row)
                kernels.copy(weights.places, width: configuration.hidden, row: row - text.lowerBound, to: scratch.projected, row: row)
            }
        }
        normalize(scratch, weights.embeddingNorm, tokens.count)
    }

    /// hidden = normalize(hidden + output(softmax(query · keyᵀ / √size) · value)), each text for itself
    private func attend(_ layer: EncoderWeights.Layer, _ rows: Int, _ texts: [Range<Int>], _ scratch: EncoderScratch) {
        layer.queryKeyValue.multiply(scratch.hidden, rows: rows, into: scratch.queryKeyValue, numbers: scratch.numbers, kernels)
        for text in texts {
            kernels.attend(
                scratch.queryKeyValue, rows: text, heads: configuration.heads, headSize: configuration.headSize, into: scratch.context, scratch: scratch.attention,
                products: products)
        }
        layer.attentionOutput.multiply(scratch.context, rows: rows, into: scratch.projected, numbers: scratch.numbers, kernels)
        normalize(scratch, layer.attentionNorm, rows)
    }

    /// hidden = normalize(hidden + output(gelu(intermediate(hidden))))
    private func feedForward(_ layer: EncoderWeights.Layer, _ rows: Int, _ scratch: EncoderScratch) {
        layer.intermediate.multiply(scratch.hidden, rows: rows, into: scratch.inner, numbers: scratch.numbers, kernels)
        kernels.gelu(scratch.inner, rows: 0..<rows, width: configuration.intermediate, coarse: products != nil)
        layer.output.multiply(scratch.inner, rows: rows, into: scratch.projected, numbers: scratch.numbers, kernels)
        normalize(scratch, layer.outputNorm, rows)
    }

    private func normalize(_ scratch: EncoderScratch, _ norm: EncoderWeights.Norm, _ rows: Int) {
        kernels.normalize(scratch.hidden, adding: scratch.projected, rows: 0..<rows, gain: norm.gain, bias: norm.bias, epsilon: configuration.epsilon)
    }

    /// The text's vector: the mean of its tokens', or its first token's; of length one if the model asks for that.
    private func pool(_ hidden: Rows, _ text: Range<Int>) -> [Float] {
        let rows = configuration.pooling == .mean ? text : text.lowerBound..<text.lowerBound + 1
        let vector = kernels.mean(hidden, rows: rows, width: configuration.hidden)
        return configuration.normalizes ? normalized(vector) ?? vector : vector
    }
}
