internal import Vectors

/// The encoder's parameters. Behind each stands its shape, with n = hidden, m = intermediate.
struct EncoderWeights: Sendable {
    struct Layer: Sendable {
        let queryKeyValue: Linear  // 3n × n: the three projections in one
        let attentionOutput: Linear  // n × n
        let attentionNorm: Norm
        let intermediate: Linear  // m × n
        let output: Linear  // n × m
        let outputNorm: Norm
    }

    struct Norm: Sendable {
        let gain: Floats  // n
        let bias: Floats  // n
    }

    let words: Floats  // vocabulary × n
    let places: Floats  // positions × n, to each of which the type is added: one text alone has only the first
    let embeddingNorm: Norm
    let layers: [Layer]
}

extension EncoderWeights {
    /// Checks every tensor's shape against the configuration. Without kernels the weights stay where they are mapped, but for the three projections.
    init(_ file: SafeTensors, _ configuration: EncoderConfiguration, kernels: ProductKernels?) throws(EmbeddingError) {
        let n = configuration.hidden, m = configuration.intermediate
        let prefix = file.has("bert.embeddings.word_embeddings.weight") ? "bert." : ""
        func tensor(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> Floats { try file.tensor(prefix + name, shape) }
        func norm(_ name: String) throws(EmbeddingError) -> Norm {
            Norm(gain: try tensor(name + ".LayerNorm.weight", [n]), bias: try tensor(name + ".LayerNorm.bias", [n]))
        }
        func linear(_ names: [String], _ outputs: Int, _ inputs: Int) throws(EmbeddingError) -> Linear {
            var weights: [Floats] = []
            var biases: [Floats] = []
            for name in names {
                weights.append(try tensor(name + ".weight", [outputs, inputs]))
                biases.append(try tensor(name + ".bias", [outputs]))
            }
            return Linear(weights: Floats(joining: weights), bias: Floats(joining: biases), inputs: inputs, kernels: kernels)
        }
        words = try tensor("embeddings.word_embeddings.weight", [configuration.vocabulary, n])
        let type = try tensor("embeddings.token_type_embeddings.weight", [configuration.types, n])[0..<n]
        places = try tensor("embeddings.position_embeddings.weight", [configuration.positions, n]).adding(type)
        embeddingNorm = try norm("embeddings")
        var layers: [Layer] = []
        for number in 0..<configuration.layers {
            let name = "encoder.layer.\(number)."
            layers.append(
                Layer(
                    queryKeyValue: try linear(["query", "key", "value"].map { name + "attention.self." + $0 }, n, n),
                    attentionOutput: try linear([name + "attention.output.dense"], n, n), attentionNorm: try norm(name + "attention.output"),
                    intermediate: try linear([name + "intermediate.dense"], m, n), output: try linear([name + "output.dense"], n, m),
                    outputNorm: try norm(name + "output")))
        }
        self.layers = layers
    }
}
