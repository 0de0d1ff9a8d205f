internal import Embedding
internal import Records
internal import Storage

extension MemoryEngine {
    /// A vector for each text of which one can be made; without an embedder for that space, or where it fails now, for none.
    ///
    /// What is stored does not hang on it: the rows are kept and wait for their vectors, also where these take more than half of the time that the
    /// request has. Only a request that is over, or too many of them, ends here.
    func embed(
        _ texts: [String], for choice: SpaceChoice, _ organization: Identifier, _ context: OperationContext, _ completion: @escaping Completion,
        _ then: @escaping @Sendable ([[Float]?]) -> Void
    ) {
        let nothing = [[Float]?](repeating: nil, count: texts.count)
        guard choice.embeds, let embeddings, let space = choice.space else { return then(nothing) }
        let prefix = space.model.passagePrefix
        let places = texts.indices.filter { embeddings.embedder.limits.admits(texts[$0], prefix) }
        guard !places.isEmpty else { return then(nothing) }
        let now = clock.ticks()
        let patience = context.deadline.map { now &+ ($0 > now ? $0 &- now : 0) / 2 } ?? .max
        embeddings.embed(
            places.map { prefix + texts[$0] }, of: organization, in: space.id,
            isWanted: { [clock] in context.interruption == nil && clock.ticks() < patience }
        ) { answer in
            switch answer {
            case .success(let vectors):
                var all = nothing
                for (place, vector) in zip(places, vectors) { all[place] = vector }
                then(all)
            case .failure(.full): completion(.failure(.busy("texts to embed")))
            case .failure(.embedding): if let interruption = context.interruption { completion(.failure(interruption)) } else { then(nothing) }
            }
        }
    }

    /// The vector of a question.
    func embed(question text: String, _ organization: Identifier, _ context: OperationContext, _ completion: @escaping Completion, _ then: @escaping @Sendable ([Float]) -> Void) {
        guard let embeddings else { return completion(.failure(.noEmbedder)) }
        let model = embeddings.embedder.model
        if let space = partitions.space(of: organization), !model.isSame(as: space.model) {
            return completion(.failure(.field(FieldError("text", .wrongSpace(found: "\(model)", expected: space.title)))))
        }
        embeddings.embed(
            [model.queryPrefix + text], of: organization, in: model.spaceIdentifier, isWanted: { context.interruption == nil }
        ) { answer in
            switch answer {
            case .success(let vectors): then(vectors[0])
            case .failure(.full): completion(.failure(.busy("texts to embed")))
            case .failure(.embedding(let error)): completion(.failure(EngineError(error, context)))
            }
        }
    }

    /// After a write: whatever it left waiting for a vector is seen to.
    func follow(_ outcome: WriteOutcome, of organization: Identifier) {
        if outcome.receipt.waiting > 0, !outcome.isReplay { JobRunner(self).embedWaiting(of: organization) }
    }
}

extension EngineError {
    fileprivate init(_ error: EmbeddingError, _ context: OperationContext) {
        switch error {
        case .emptyText: self = .field(FieldError("text", .empty))
        case .textTooLong(_, let bytes, let bytesMax): self = .field(FieldError("text", .tooLong(bytes: bytes, bytesMax: bytesMax)))
        case .unavailable(_, _, let seconds): self = .embedderUnavailable(retryAfter: seconds)
        case .badAnswer: self = .embedderUnavailable(retryAfter: nil)
        case .refused, .unusableModel, .unusableSetting: self = .embedderRefused
        case .cancelled: self = context.interruption ?? .cancelled
        }
    }
}

extension EmbedderLimits {
    /// Whether a vector can be made of the text at all, which is nothing without more than its prefix.
    func admits(_ text: String, _ prefix: String) -> Bool {
        do throws(EmbeddingError) { try check([text, prefix + text]) } catch { return false }
        return true
    }
}
