internal import Embedding
internal import Models
internal import Records
internal import Vectors

/// What texts become vectors with: the settings that serve and embed share, and the embedder made of them.
enum EmbedderSettings {
    static let modelDefault = "all-MiniLM-L6-v2"

    static let options: [Option] = [
        Option(
            "embedder", "NAME", "what makes vectors of texts: local, an encoder in this process; openai, an endpoint of OpenAI's shape; none, callers bring them",
            or: "local", isSetting: true, choices: ["local", "openai", "none"]),
        Option("model", "NAME|DIR", "local: an installed model, or a folder in the Hugging Face layout (\(modelDefault)); openai: the model's name (\(EndpointSettings.modelDefault))", isSetting: true),
        ModelCommand.modelsOption,
        Option("query-prefix", "TEXT", "put before a text that is searched with, as \"query: \" for e5", isSetting: true),
        Option("passage-prefix", "TEXT", "put before a text that is stored", isSetting: true),
        Option("precision", "NAME", "local: f32, bf16 or i16; the fastest that this machine has if not given", isSetting: true, choices: Precision.allCases.map(\.rawValue)),
        Option("embedding-threads", "N", "local: how many texts at once", isSetting: true),
        Option("embedding-url", "URL", "openai: where the endpoint is", or: "https://api.openai.com/v1", isSetting: true),
        Option("embedding-key", "KEY", "openai: the endpoint's key, by environment or file of settings only", isSetting: true, isSecret: true),
        Option("embedding-key-file", "FILE", "openai: file with that key", isSetting: true),
        Option("dimensions", "N", "openai: of the model's vectors (\(EndpointSettings.dimensionDefault))", isSetting: true),
        Option("ask-dimensions", nil, "openai: ask the endpoint for so many, of a model that can shorten its vectors; text-embedding-3 is always asked", isSetting: true),
        Option("embedding-timeout", "SECONDS", "openai: for one request", or: "60", isSetting: true),
        Option("embedding-batch", "N", "openai: texts in one request", or: "128", isSetting: true),
    ]

    private static let ofEndpoint = ["embedding-url", "embedding-key", "embedding-key-file", "dimensions", "ask-dimensions", "embedding-timeout", "embedding-batch"]
    private static let ofLocal = ["precision", "embedding-threads", "models"]
    private static let prefixBytesMax = 1_000
    private static let keyFileBytesMax = 4_096

    /// Nil where callers bring all vectors. Reads the model, which may take a moment.
    static func embedder(_ arguments: Arguments) throws -> (any Embedder)? {
        try check(arguments)
        do {
            switch try arguments.required("embedder") {
            case "local": return try local(arguments)
            case "openai": return try EndpointEmbedder(try endpoint(arguments))
            default: return nil
            }
        } catch let error as EmbeddingError {
            throw Failure(error.description)
        }
    }

    /// What was said of an embedder that is not used would be passed over in silence.
    static func check(_ arguments: Arguments) throws {
        let name = try arguments.required("embedder")
        let foreign =
            switch name {
            case "local": ofEndpoint
            case "openai": ofLocal
            default: ofEndpoint + ofLocal + ["model", "query-prefix", "passage-prefix"]
            }
        for option in foreign {
            guard let source = arguments.source(option), source != .fallback else { continue }
            throw UsageError("\(arguments.label(option)) says nothing to the embedder \(name)")
        }
        for option in ["query-prefix", "passage-prefix"] {
            guard (arguments[option]?.utf8.count ?? 0) <= prefixBytesMax else { throw UsageError("\(arguments.label(option)) is longer than \(prefixBytesMax) bytes") }
        }
    }

    private static func folder(_ arguments: Arguments) throws -> String {
        let store = try ModelCommand.store(arguments)
        do throws(ModelError) {
            return try store.folder(named: arguments["model"] ?? modelDefault)
        } catch {
            let others = "name a folder with --model, an endpoint with --embedder openai, or let callers bring vectors with --embedder none"
            if case .notInstalled = error { throw Failure("\(error). Or \(others)") }
            if case .unknownName(let name, let known) = error {
                throw Failure("there is no model \"\(name)\": it is no folder, it is not installed, and pinyon model install knows \(known.joined(separator: ", ")) alone; \(others)")
            }
            throw Failure(error.description)
        }
    }

    private static func local(_ arguments: Arguments) throws -> LocalEmbedder {
        let threads = arguments["embedding-threads"] == nil ? System.processorCount : try arguments.integer("embedding-threads", in: 1...256)
        let folder = try folder(arguments)
        let precision = arguments["precision"].flatMap { Precision(rawValue: $0) }
        return try LocalEmbedder(
            folder: folder, precision: precision, queryPrefix: arguments["query-prefix"], passagePrefix: arguments["passage-prefix"], callsMax: threads)
    }

    private static func endpoint(_ arguments: Arguments) throws -> EndpointSettings {
        var settings = EndpointSettings(url: try EndpointURL(try arguments.required("embedding-url")), key: try key(arguments))
        if let model = arguments["model"] { settings.model = model }
        if arguments["dimensions"] != nil {
            settings.dimension = try arguments.integer("dimensions", in: 1...Limits.dimensionMax)
            settings.asksForDimension = arguments.has("ask-dimensions") || settings.model.hasPrefix("text-embedding-3-")
        } else if settings.model != EndpointSettings.modelDefault {
            throw UsageError("how many dimensions the vectors of \(settings.model) have is not known here; say it with --dimensions")
        }
        // What is written goes on in a job, and who searches waits himself.
        settings.retriesMax = 2
        settings.queryPrefix = arguments["query-prefix"] ?? ""
        settings.passagePrefix = arguments["passage-prefix"] ?? ""
        settings.requestTimeoutMilliseconds = try arguments.integer("embedding-timeout", in: 1...3_600) * 1_000
        settings.requestTextsMax = try arguments.integer("embedding-batch", in: 1...EndpointSettings.requestTextsLimit)
        return settings
    }

    private static func key(_ arguments: Arguments) throws -> EndpointKey? {
        if let key = arguments["embedding-key"] {
            guard arguments["embedding-key-file"] == nil else { throw UsageError("give the endpoint's key or the file with it, not both") }
            return try EndpointKey(key)
        }
        guard let path = arguments["embedding-key-file"] else { return nil }
        if System.isReadableByOthers(path) { System.printError("pinyon: others can read \(path); chmod 600 it") }
        guard let text = String(validating: try System.read(file: path, bytesMax: keyFileBytesMax), as: UTF8.self) else { throw Failure("\(path) holds no key") }
        return try EndpointKey(text)
    }
}
