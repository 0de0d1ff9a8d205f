internal import Columns
internal import Dispatch
internal import Records
internal import Secrets
internal import Storage
internal import VectorIndex

extension MemoryEngine {
    func ensureAgent(_ slug: String, _ name: String, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) {
            try Checks.slug(slug)
            try Checks.text(name, "name", bytesMax: Limits.nameBytesMax)
        } catch {
            return completion(.failure(.field(error)))
        }
        let now = clock.now()
        let agent = Agent(id: Identifier(at: now), organization: principal.organization, slug: slug, name: name, createdAt: now)
        write(.ensureAgent(agent), principal, context, at: now, completion) { [store] _, finish in
            store.agent(slug: slug, of: principal.organization) { result in
                switch result {
                case .success(let agent?): finish(.success(.agent(agent)))
                case .success(nil): finish(.failure(.internalError))
                case .failure(let error): finish(.failure(EngineError(error)))
                }
            }
        }
    }

    func remember(_ drafts: [MemoryDraft], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) {
            try Checks.batch(drafts.count, "memories")
            for (position, draft) in drafts.enumerated() {
                do throws(FieldError) { try draft.check() } catch { throw error.inside("memories[\(position)]") }
            }
        } catch {
            return completion(.failure(.field(error)))
        }
        let now = clock.now()
        let partition = partitions[principal.organization]
        let space = partition?.space ?? drafts.lazy.compactMap(\.vector).first.map { newSpace(dimension: $0.count, principal.organization, at: now) }
        var memories: [Memory] = []
        memories.reserveCapacity(drafts.count)
        for (position, draft) in drafts.enumerated() {
            if let vector = draft.vector, let space, vector.count != space.dimension {
                let error = FieldError("vector", .wrongDimension(found: vector.count, expected: space.dimension))
                return completion(.failure(.field(error.inside("memories[\(position)]"))))
            }
            memories.append(
                Memory(
                    id: draft.id ?? Identifier(at: now), organization: principal.organization, agent: draft.agent, user: draft.user,
                    session: draft.session, type: draft.type, content: draft.content, importance: draft.importance, tags: draft.tags,
                    metadata: draft.metadata, createdAt: draft.createdAt ?? now, updatedAt: now, expiresAt: draft.expiresAt,
                    embedding: draft.vector.flatMap { vector in space.map { Embedding(space: $0.id, vector: vector) } }))
        }
        let changes = memories.compactMap(IndexChange.put)
        write(.remember(memories), newSpace: partition == nil ? space : nil, principal, context, at: now, completion) { [self] outcome, finish in
            if !outcome.isReplay { self.partition(of: principal.organization, after: outcome)?.index.apply(changes) }
            finish(.success(.written(outcome.receipt)))
        }
    }

    func update(_ patch: MemoryPatch, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try patch.check() } catch { return completion(.failure(.field(error))) }
        let now = clock.now()
        let partition = partitions[principal.organization]
        var space: EmbeddingSpace?
        if case .set(let vector) = patch.vector {
            let wanted = partition?.space ?? newSpace(dimension: vector.count, principal.organization, at: now)
            guard vector.count == wanted.dimension else {
                return completion(.failure(.field(FieldError("vector", .wrongDimension(found: vector.count, expected: wanted.dimension)))))
            }
            space = wanted
        }
        let action = WriteAction.update(patch, space: space?.id)
        write(action, newSpace: partition == nil ? space : nil, principal, context, at: now, completion) { [self] outcome, finish in
            self.partition(of: principal.organization, after: outcome)?.index.apply(outcome.memories.map { IndexChange.put($0) ?? .remove($0.id) })
            finish(.success(.written(outcome.receipt)))
        }
    }

    func delete(_ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try Checks.batch(ids.count, "ids") } catch { return completion(.failure(.field(error))) }
        write(.delete(ids), principal, context, at: clock.now(), completion) { [partitions] outcome, finish in
            if !outcome.isReplay { partitions[principal.organization]?.index.apply(ids.map { .remove($0) }) }
            finish(.success(.written(outcome.receipt)))
        }
    }

    /// Hands a write to the store; once it is on disk, `then` brings it into the index, in the order of the commits.
    private func write(
        _ action: WriteAction, newSpace: EmbeddingSpace? = nil, _ principal: Principal, _ context: OperationContext, at time: Timestamp,
        _ completion: @escaping Completion,
        then: @escaping @Sendable (WriteOutcome, @escaping Completion) -> Void
    ) {
        if let interruption = context.interruption { return completion(.failure(interruption)) }
        let idempotency = context.idempotencyKey.map { Idempotency(key: $0, digest: Digest.sha256(context.fingerprint)) }
        let request = WriteRequest(
            organization: principal.organization, at: time, action: action, idempotency: idempotency, newSpace: newSpace)
        store.write(request) { [indexing, log] result in
            switch result {
            case .success(let outcome): indexing.async { then(outcome, completion) }
            case .failure(let error):
                let told = EngineError(error)
                if told.isOurs { log.error("a write failed", (.detail, error.description)) }
                completion(.failure(told))
            }
        }
    }

    /// The space that an organization gets with its first vector. It stands once a write that brings it has succeeded.
    private func newSpace(dimension: Int, _ organization: Identifier, at time: Timestamp) -> EmbeddingSpace {
        EmbeddingSpace(
            id: Identifier(at: time), organization: organization, provider: "none", model: "given by the caller", revision: "", dimension: dimension,
            createdAt: time)
    }

    /// The organization's partition, made when the write brought its space. On the indexing queue.
    private func partition(of organization: Identifier, after outcome: WriteOutcome) -> Partition? {
        if let partition = partitions[organization] { return partition }
        guard let space = outcome.space else { return nil }
        log.info("embedding space stands", (.organization, organization.description), (.dimension, String(space.dimension)))
        return partitions.ensure(space)
    }
}

extension IndexChange {
    /// Nil for a memory without a vector, which no search can find.
    static func put(_ memory: Memory) -> IndexChange? {
        memory.embedding.map { .put(Attributes(memory), vector: $0.vector) }
    }
}

extension EngineError {
    /// Whether the server is at fault rather than the caller, so that it belongs in the log.
    var isOurs: Bool {
        switch self {
        case .storeUnavailable, .storeFull, .dataCorrupted, .internalError: true
        case .forbidden, .field, .notFound, .alreadyExists, .versionMismatch, .idempotencyMismatch, .noEmbedder, .deadlineExceeded, .cancelled, .busy,
            .replyTooLarge:
            false
        }
    }
}
