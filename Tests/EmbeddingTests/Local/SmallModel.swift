import Foundation

/// A folder in the Hugging Face layout with small weights, the same in every run.
final class SmallModel {
    let path: String
    var layers = 2, hidden = 24, heads = 3, intermediate = 40, positions = 48, types = 2
    var vocabulary = SmallModel.pieces
    var pooling = "mean"
    var prompts: [String: String] = [:]
    private(set) var tensors: [(name: String, shape: [Int], values: [Float])] = []
    private var state: UInt64 = 42

    static let pieces: [String] = {
        let letters = "abcdefghijklmnopqrstuvwxyz".map(String.init)
        return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "?", ".", "stone", "##ed", "many", "words"] + letters + letters.map { "##" + $0 }
    }()

    init() throws {
        path = NSTemporaryDirectory() + "pinyon-model-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/1_Pooling", withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes all files; `change` is done to the configuration before.
    func write(_ change: (inout [String: Any]) -> Void = { _ in }) throws {
        var config: [String: Any] = [
            "model_type": "bert", "hidden_act": "gelu", "num_hidden_layers": layers, "hidden_size": hidden, "num_attention_heads": heads,
            "intermediate_size": intermediate, "vocab_size": vocabulary.count, "max_position_embeddings": positions, "type_vocab_size": types,
            "layer_norm_eps": 1e-12,
        ]
        change(&config)
        try json(config, "config.json")
        try text(vocabulary.joined(separator: "\n") + "\n", "vocab.txt")
        try json(["pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_max_tokens": pooling == "max"], "1_Pooling/config.json")
        let modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        try json(modules.map { ["path": $0.0, "type": "sentence_transformers.models." + $0.1] }, "modules.json")
        if !prompts.isEmpty { try json(["prompts": prompts], "config_sentence_transformers.json") }
        makeTensors()
        try writeWeights()
    }

    func json(_ value: Any, _ name: String) throws { try JSONSerialization.data(withJSONObject: value).write(to: URL(fileURLWithPath: path + "/" + name)) }
    func text(_ text: String, _ name: String) throws { try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name)) }
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }

    var weights: Data {
        get throws { try Data(contentsOf: URL(fileURLWithPath: path + "/model.safetensors")) }
    }

    func write(weights: Data) throws { try weights.write(to: URL(fileURLWithPath: path + "/model.safetensors")) }

    func change(_ name: String, _ change: (inout [Float]) -> Void) throws {
        guard let place = tensors.firstIndex(where: { $0.name == name }) else { return }
        change(&tensors[place].values)
        try writeWeights()
    }

    func tensor(_ name: String) -> [Float] { tensors.first { $0.name == name }?.values ?? [] }

    private func makeTensors() {
        tensors = []
        func add(_ name: String, _ shape: [Int], around middle: Float = 0, by spread: Float = 0.4) {
            tensors.append((name, shape, (0..<shape.reduce(1, *)).map { _ in middle + (next() - 0.5) * 2 * spread }))
        }
        func norm(_ name: String) {
            add(name + ".LayerNorm.weight", [hidden], around: 1, by: 0.2)
            add(name + ".LayerNorm.bias", [hidden], by: 0.1)
        }
        func linear(_ name: String, _ outputs: Int, _ inputs: Int) {
            add(name + ".weight", [outputs, inputs])
            add(name + ".bias", [outputs], by: 0.1)
        }
        add("embeddings.word_embeddings.weight", [vocabulary.count, hidden], by: 1)
        add("embeddings.position_embeddings.weight", [positions, hidden])
        add("embeddings.token_type_embeddings.weight", [types, hidden])
        norm("embeddings")
        for layer in 0..<layers {
            let name = "encoder.layer.\(layer)."
            for part in ["query", "key", "value"] { linear(name + "attention.self." + part, hidden, hidden) }
            linear(name + "attention.output.dense", hidden, hidden)
            norm(name + "attention.output")
            linear(name + "intermediate.dense", intermediate, hidden)
            linear(name + "output.dense", hidden, intermediate)
            norm(name + "output")
        }
    }

    private func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(state >> 40) / Float(1 << 24)
    }

    private func writeWeights() throws {
        var header: [String: Any] = [:]
        var data = Data()
        for tensor in tensors {
            let start = data.count
            for value in tensor.values { data.append(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * UInt32($0))) }) }
            header[tensor.name] = ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count]]
        }
        try write(weights: SmallModel.file(header: JSONSerialization.data(withJSONObject: header), data: data))
    }

    static func file(header: Data, data: Data) -> Data {
        Data((0..<8).map { UInt8(truncatingIfNeeded: UInt64(header.count) >> (8 * UInt64($0))) }) + header + data
    }
}
