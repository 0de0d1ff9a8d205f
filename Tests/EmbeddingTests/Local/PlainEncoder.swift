import Foundation

/// The same model step by step in doubles, one text at a time, in code that shares nothing with the encoder.
struct PlainEncoder {
    let model: SmallModel

    func vector(of tokens: [Int]) -> [Float] {
        let n = model.hidden
        var x = tokens.enumerated().map { place, token in
            normalize(
                (0..<n).map { i in
                    row("embeddings.word_embeddings.weight", token)[i] + row("embeddings.position_embeddings.weight", place)[i]
                        + row("embeddings.token_type_embeddings.weight", 0)[i]
                }, "embeddings")
        }
        for layer in 0..<model.layers { x = self.layer(x, "encoder.layer.\(layer).") }
        let pooled = model.pooling == "cls" ? x[0] : (0..<n).map { i in x.reduce(0) { $0 + $1[i] } / Double(x.count) }
        let length = pooled.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return pooled.map { Float($0 / length) }
    }

    private func layer(_ x: [[Double]], _ name: String) -> [[Double]] {
        let size = model.hidden / model.heads
        let q = x.map { linear($0, name + "attention.self.query") }, k = x.map { linear($0, name + "attention.self.key") },
            v = x.map { linear($0, name + "attention.self.value") }
        return x.indices.map { i in
            var context: [Double] = []
            for head in 0..<model.heads {
                let part = head * size..<(head + 1) * size
                let scores = x.indices.map { j in part.reduce(0) { $0 + q[i][$1] * k[j][$1] } / Double(size).squareRoot() }
                let shares = scores.map { exp($0 - (scores.max() ?? 0)) }
                let total = shares.reduce(0, +)
                context += part.map { d in x.indices.reduce(0) { $0 + shares[$1] / total * v[$1][d] } }
            }
            let after = normalize(zip(x[i], linear(context, name + "attention.output.dense")).map(+), name + "attention.output")
            let inner = linear(after, name + "intermediate.dense").map { $0 / 2 * (1 + erf($0 / 2.0.squareRoot())) }
            return normalize(zip(after, linear(inner, name + "output.dense")).map(+), name + "output")
        }
    }

    private func linear(_ x: [Double], _ name: String) -> [Double] {
        let weights = model.tensor(name + ".weight"), bias = model.tensor(name + ".bias")
        return bias.indices.map { o in x.indices.reduce(Double(bias[o])) { $0 + x[$1] * Double(weights[o * x.count + $1]) } }
    }

    private func normalize(_ x: [Double], _ name: String) -> [Double] {
        let gain = model.tensor(name + ".LayerNorm.weight"), bias = model.tensor(name + ".LayerNorm.bias")
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        return x.indices.map { (x[$0] - mean) / (variance + 1e-12).squareRoot() * Double(gain[$0]) + Double(bias[$0]) }
    }

    private func row(_ name: String, _ row: Int) -> [Double] { model.tensor(name)[row * model.hidden..<(row + 1) * model.hidden].map(Double.init) }
}
