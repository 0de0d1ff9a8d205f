internal import Embedding
internal import Records
internal import Secrets

/// Where the vectors of one request go.
struct SpaceChoice: Sendable {
    /// The organization's, or the one that it gets; nil where it has none and nothing to found one on.
    let space: EmbeddingSpace?
    let isNew: Bool
    /// Whether this server makes the vectors of its texts.
    let embeds: Bool

    /// Whether rows without a vector wait for one: also where it takes another server, or this one with another model, to make it.
    var vectorsFollow: Bool { space.map { !$0.model.isOfCallers } ?? false }

    func embedding(_ vector: [Float]) -> Embedding? { space.map { Embedding(space: $0.id, vector: vector) } }

    /// Refuses a vector that would be compared with those of another origin. What callers bring themselves need not be named.
    func check(_ vector: [Float], of named: Identifier?) throws(FieldError) {
        guard let space else { return }
        if let named, named != .none {
            guard named == space.id else { throw FieldError("space", .wrongSpace(found: "\(named)", expected: space.title)) }
        } else if !space.model.isOfCallers {
            throw FieldError("space", .wrongSpace(found: "a space that is not named", expected: space.title))
        }
        guard vector.count == space.dimension else { throw FieldError("vector", .wrongDimension(found: vector.count, expected: space.dimension)) }
    }
}

extension MemoryEngine {
    /// The choice for a request that brings this vector first, of that space where it is named. An organization gets its space with its first vector,
    /// for good: the embedder's when that is to make it, or one of the callers' own vectors.
    func space(for vector: [Float]?, of named: Identifier?, _ organization: Identifier, at time: Timestamp) throws(FieldError) -> SpaceChoice {
        let model = embeddings?.embedder.model
        if let known = partitions.space(of: organization) { return SpaceChoice(space: known, isNew: false, embeds: model?.isSame(as: known.model) ?? false) }
        let own = model.map { newSpace($0, organization, at: time) }
        guard let vector else { return SpaceChoice(space: own, isNew: own != nil, embeds: own != nil) }
        try Checks.vector(vector, "vector")
        let callers = newSpace(.ofCallers(dimension: vector.count), organization, at: time)
        guard let named, named != .none, named != callers.id else { return SpaceChoice(space: callers, isNew: true, embeds: false) }
        guard let own, named == own.id else {
            let known = own.map { "\($0.title), or of callers' own vectors" } ?? "callers' own vectors, as this server embeds nothing"
            throw FieldError("space", .wrongSpace(found: "\(named)", expected: known))
        }
        return SpaceChoice(space: own, isNew: true, embeds: true)
    }

    private func newSpace(_ model: EmbeddingModel, _ organization: Identifier, at time: Timestamp) -> EmbeddingSpace {
        EmbeddingSpace(
            id: model.spaceIdentifier, organization: organization, model: model, precision: model.isOfCallers ? "" : embeddings?.embedder.precision ?? "",
            createdAt: time)
    }
}

extension EmbeddingSpace {
    /// As sentences name it.
    var title: String { "\(id), \(model)" }
}

extension EmbeddingModel {
    /// The same wherever the model is the same, so that vectors can be brought from one server to another.
    var spaceIdentifier: Identifier {
        var bytes = Array(Digest.sha256(identity.flatMap { [UInt8]($0.utf8) + [0] }).prefix(Identifier.byteCount))
        // A UUID of version 8: of its maker's own making.
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        return Identifier(bytes: bytes) ?? .none
    }
}
