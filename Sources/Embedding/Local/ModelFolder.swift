internal import Records
internal import Secrets
internal import Vectors

/// The files of a model, in the Hugging Face layout.
struct ModelFolder {
    static let jsonBytesMax = 32 << 20
    static let vocabularyBytesMax = 32 << 20
    /// Rows of the weights beyond the vocabulary, which some models have so that their number divides well.
    static let rowsUnusedMax = 1_024

    let path: String

    init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// What a file holds; an empty object where it may be missing and is.
    func json(_ name: String, isRequired: Bool) throws(EmbeddingError) -> JSON {
        guard let bytes = try bytes(name, isRequired: isRequired, bytesMax: ModelFolder.jsonBytesMax) else { return .emptyObject }
        do {
            return try JSON(parsing: bytes, depthMax: 32, valuesMax: 4 * Vocabulary.entriesMax)
        } catch { throw .unusableModel(path: file(name), why: "\(error)") }
    }

    func bytes(_ name: String, isRequired: Bool, bytesMax: Int) throws(EmbeddingError) -> [UInt8]? {
        let mapped: MappedFile
        do throws(MappedFile.OpenFailed) {
            mapped = try MappedFile(path: file(name))
        } catch {
            if !isRequired, error.isMissing { return nil }
            throw .unusableModel(path: file(name), why: "\(error)")
        }
        guard mapped.count <= bytesMax else { throw .unusableModel(path: file(name), why: "it has \(mapped.count) bytes; at most \(bytesMax) are read") }
        return mapped.bytes(0..<mapped.count)
    }

    /// SHA-256 of a file, in hexadecimal.
    func hash(_ name: String) throws(EmbeddingError) -> String {
        let mapped: MappedFile
        do throws(MappedFile.OpenFailed) { mapped = try MappedFile(path: file(name)) } catch { throw .unusableModel(path: file(name), why: "\(error)") }
        var place = 0
        let digest = Digest.sha256 {
            let next = min(place + (1 << 20), mapped.count)
            defer { place = next }
            return mapped.bytes(place..<next)
        }
        return hexadecimal(digest)
    }

    /// What the model calls itself, or else its folder's name.
    func modelName(_ config: JSON) -> String {
        let own = path.split(separator: "/").last.map(String.init) ?? path
        return own == "model" || own.isEmpty ? config["_name_or_path"]?.text ?? own : own
    }

    /// The mean of all tokens, normalized, where nothing is said, as the reference implementation has it.
    func pooling() throws(EmbeddingError) -> (EncoderConfiguration.Pooling, normalizes: Bool) {
        let modules = try json("modules.json", isRequired: false).list ?? []
        func module(_ kind: String) -> JSON? { modules.first { $0["type"]?.text?.hasSuffix("." + kind) == true } }
        for entry in modules {
            let type = entry["type"]?.text ?? ""
            guard ["Transformer", "Pooling", "Normalize"].contains(where: { type.hasSuffix("." + $0) }) else {
                throw .unusableModel(path: file("modules.json"), why: "it names the module \(type), which is not supported")
            }
        }
        let normalizes = modules.isEmpty || module("Normalize") != nil
        let folder = module("Pooling")?["path"]?.text ?? "1_Pooling"
        guard !folder.contains(".."), !folder.hasPrefix("/") else { throw .unusableModel(path: file("modules.json"), why: "a module lies outside of the folder") }
        let pooling = try json(folder + "/config.json", isRequired: module("Pooling") != nil)
        guard case .object(let members) = pooling, !members.isEmpty else { return (.mean, normalizes) }
        let modes = members.filter { $0.name.hasPrefix("pooling_mode_") && $0.value.bool == true }.map(\.name)
        switch modes {
        case ["pooling_mode_mean_tokens"]: return (.mean, normalizes)
        case ["pooling_mode_cls_token"]: return (.cls, normalizes)
        default:
            throw .unusableModel(path: file(folder + "/config.json"), why: "its pooling is \(modes.isEmpty ? "none" : modes.joined(separator: " and ")); only mean and CLS are supported")
        }
    }

    /// The tokenizer of tokenizer.json, or else of vocab.txt and tokenizer_config.json.
    func tokenizer(_ configuration: EncoderConfiguration) throws(EmbeddingError) -> Tokenizer {
        let whole = try json("tokenizer.json", isRequired: false)
        var options = Tokenizer.Options()
        let entries: [String]
        let source: String
        if whole != .emptyObject {
            source = "tokenizer.json"
            entries = try entriesOfTokenizer(whole, &options)
        } else {
            source = "vocab.txt"
            entries = try entriesOfVocabulary()
            let settings = try json("tokenizer_config.json", isRequired: false)
            options.lowercases = settings["do_lower_case"]?.bool ?? true
            options.stripsAccents = settings["strip_accents"]?.bool ?? options.lowercases
            options.separatesChinese = settings["tokenize_chinese_chars"]?.bool ?? true
        }
        func broken(_ why: String) -> EmbeddingError { .unusableModel(path: file(source), why: why) }
        guard entries.count <= configuration.vocabulary else {
            throw broken("it has \(entries.count) tokens, but the weights have only \(configuration.vocabulary): they do not belong together")
        }
        guard entries.count + ModelFolder.rowsUnusedMax >= configuration.vocabulary else {
            throw broken("it has only \(entries.count) tokens, and the weights have \(configuration.vocabulary): they do not belong together")
        }
        do throws(VocabularyError) {
            return Tokenizer(try Vocabulary(entries), options, tokensMax: configuration.tokensMax)
        } catch {
            switch error {
            case .missing(let token): throw broken("the token \(token) is missing")
            case .tooLarge(let count): throw broken("it has \(count) tokens; at most \(Vocabulary.entriesMax) are supported")
            }
        }
    }

    private func entriesOfTokenizer(_ json: JSON, _ options: inout Tokenizer.Options) throws(EmbeddingError) -> [String] {
        func broken(_ why: String) -> EmbeddingError { .unusableModel(path: file("tokenizer.json"), why: why) }
        let kind = json.value(at: ["model", "type"])?.text ?? "WordPiece"
        guard kind == "WordPiece" else { throw broken("its model is \(kind); only WordPiece is supported") }
        let normalizer = json["normalizer"]?["type"]?.text ?? "none", cutter = json["pre_tokenizer"]?["type"]?.text ?? "none"
        guard normalizer == "BertNormalizer", cutter == "BertPreTokenizer" else { throw broken("it normalizes by \(normalizer) and cuts by \(cutter); only BERT's are supported") }
        guard case .object(let members) = json.value(at: ["model", "vocab"]), !members.isEmpty else { throw broken("it has no vocabulary") }
        options.lowercases = json.value(at: ["normalizer", "lowercase"])?.bool ?? true
        options.stripsAccents = json.value(at: ["normalizer", "strip_accents"])?.bool ?? options.lowercases
        options.separatesChinese = json.value(at: ["normalizer", "handle_chinese_chars"])?.bool ?? true
        options.wordCharactersMax = json.value(at: ["model", "max_input_chars_per_word"])?.integer.map { Int(clamping: $0) } ?? 100
        guard members.count <= Vocabulary.entriesMax else { throw broken("it has \(members.count) tokens; at most \(Vocabulary.entriesMax) are supported") }
        var entries = Array(repeating: "", count: members.count)
        for member in members {
            guard let id = member.value.integer, id >= 0, id < Int64(entries.count), entries[Int(id)].isEmpty else {
                throw broken("the token \(member.name.debugDescription) has no identifier of its own within 0..<\(entries.count)")
            }
            entries[Int(id)] = member.name
        }
        return entries
    }

    private func entriesOfVocabulary() throws(EmbeddingError) -> [String] {
        let bytes = try bytes("vocab.txt", isRequired: true, bytesMax: ModelFolder.vocabularyBytesMax) ?? []
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        var entries: [String] = []
        entries.reserveCapacity(lines.count)
        for (number, line) in lines.enumerated() {
            guard let entry = String(validating: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self) else {
                throw .unusableModel(path: file("vocab.txt"), why: "line \(number + 1) is no valid UTF-8")
            }
            entries.append(entry)
        }
        return entries
    }
}
