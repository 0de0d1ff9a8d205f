import Embedding
import Records
import Testing
import Vectors

/// Makes embedders of one kind; the contract's tests run on each.
protocol EmbedderMaker: Sendable, CustomTestStringConvertible {
    func makeEmbedder() throws -> any Embedder
}

let embedderMakers: [any EmbedderMaker] = [EndpointMaker()] + Precision.allCases.map { LocalMaker(precision: $0) }

/// Of an endpoint that behaves well.
struct EndpointMaker: EmbedderMaker {
    var testDescription: String { "endpoint" }

    func makeEmbedder() throws -> any Embedder { try ServedEmbedder() }

    /// Keeps its endpoint alive.
    private struct ServedEmbedder: Embedder {
        let fixture: EndpointFixture

        init() throws { fixture = try EndpointFixture([Replies.good]) { $0.requestTextsMax = 3 } }

        var model: EmbeddingModel { fixture.embedder.model }
        var precision: String { fixture.embedder.precision }
        var limits: EmbedderLimits { fixture.embedder.limits }

        func embed(_ texts: [String], isWanted: () -> Bool) throws(EmbeddingError) -> [[Float]] {
            try fixture.embedder.embed(texts, isWanted: isWanted)
        }
    }
}

/// With small weights.
struct LocalMaker: EmbedderMaker {
    let precision: Precision

    var testDescription: String { "local \(precision)" }

    func makeEmbedder() throws -> any Embedder {
        let model = try SmallModel()
        try model.write()
        return try LocalEmbedder(folder: model.path, precision: precision)
    }
}
