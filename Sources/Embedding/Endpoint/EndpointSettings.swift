internal import Records

/// What is asked of an endpoint of OpenAI's shape (OpenAI, Ollama, vLLM, TEI, llama.cpp), and within which bounds.
public struct EndpointSettings: Sendable, Hashable {
    /// In which form the numbers are asked for. An answer in the other one is taken too.
    public enum Encoding: String, Sendable, Hashable, CaseIterable {
        /// The bytes of little-endian floats: a third of what decimal numbers need.
        case base64
        case float
    }

    public static let modelDefault = "text-embedding-3-small"
    public static let dimensionDefault = 1_536

    public var url: EndpointURL
    public var key: EndpointKey?
    public var model: String
    /// What the provider calls this version of the model, where it says so.
    public var revision = ""
    /// What vectors must have; others are no answer.
    public var dimension: Int
    /// Whether the dimension is asked for as well, of a model that can shorten its vectors. Not every endpoint takes that.
    public var asksForDimension = false
    public var encoding = Encoding.base64
    public var queryPrefix = ""
    public var passagePrefix = ""
    /// Texts in one request.
    public var requestTextsMax = 128
    /// Tokens in one request, as estimated; a single text may have more. OpenAI takes 300,000.
    public var requestTokensMax = 100_000
    /// Bytes of one text; a longer one is refused.
    public var textBytesMax = EmbedderLimits.textBytesMaxDefault
    /// Tokens of one text, as estimated: of a longer one the beginning is sent. OpenAI takes 8,192.
    public var textTokensMax = 8_000
    /// Requests at the same time; further calls wait.
    public var callsMax = 4
    public var connectTimeoutMilliseconds = 10_000
    /// For one whole try, from the connection to the last byte.
    public var requestTimeoutMilliseconds = 60_000
    /// Tries after the first.
    public var retriesMax = 4
    /// Tries in a row that fail before the endpoint is left alone for a while.
    public var failuresMax = 10
    /// How long it is left alone.
    public var coolingMilliseconds = 15_000

    public init(
        url: EndpointURL, key: EndpointKey? = nil, model: String = EndpointSettings.modelDefault, dimension: Int = EndpointSettings.dimensionDefault
    ) {
        self.url = url
        self.key = key
        self.model = model
        self.dimension = dimension
    }
}

extension EndpointSettings {
    /// What OpenAI takes in one request.
    public static let requestTextsLimit = 2_048
    /// Numbers in one answer; they need some 24 bytes each while it is read.
    public static let answerNumbersMax = 8 * 1_024 * 1_024

    /// Throws `.unusableSetting` for the first that is out of its bounds.
    func check() throws(EmbeddingError) {
        let isClean = model.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard isClean, (1...Limits.modelBytesMax).contains(model.utf8.count) else {
            throw .unusableSetting(name: "model", why: "it has from 1 to \(Limits.modelBytesMax) bytes and no control characters")
        }
        try EndpointSettings.check("dimension", dimension, 1...Limits.dimensionMax)
        try EndpointSettings.check("requestTextsMax", requestTextsMax, 1...EndpointSettings.requestTextsLimit)
        try EndpointSettings.check("requestTokensMax", requestTokensMax, 1...1_000_000)
        try EndpointSettings.check("textBytesMax", textBytesMax, 1...Limits.frameBytesMax)
        try EndpointSettings.check("textTokensMax", textTokensMax, 1...1_000_000)
        try EndpointSettings.check("callsMax", callsMax, 1...256)
        try EndpointSettings.check("connectTimeoutMilliseconds", connectTimeoutMilliseconds, 1...600_000)
        try EndpointSettings.check("requestTimeoutMilliseconds", requestTimeoutMilliseconds, 1...3_600_000)
        try EndpointSettings.check("retriesMax", retriesMax, 0...20)
        try EndpointSettings.check("failuresMax", failuresMax, 1...10_000)
        try EndpointSettings.check("coolingMilliseconds", coolingMilliseconds, 1...3_600_000)
        guard requestTextsMax * dimension <= EndpointSettings.answerNumbersMax else {
            throw .unusableSetting(
                name: "requestTextsMax",
                why: "\(requestTextsMax) texts of \(dimension) dimensions are more than \(EndpointSettings.answerNumbersMax) numbers in one answer")
        }
    }

    private static func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws(EmbeddingError) {
        guard range.contains(value) else { throw .unusableSetting(name: name, why: "\(value) is not from \(range.lowerBound) to \(range.upperBound)") }
    }

    var embeddingModel: EmbeddingModel {
        EmbeddingModel(
            provider: "openai", name: model, revision: revision, dimension: dimension, queryPrefix: queryPrefix, passagePrefix: passagePrefix)
    }

    var embedderLimits: EmbedderLimits {
        EmbedderLimits(
            callsMax: callsMax, textsMax: requestTextsMax, bytesMax: max(textBytesMax, TokenEstimate.bytes(tokens: requestTokensMax)),
            textBytesMax: textBytesMax)
    }
}
