internal import Synchronization
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
        let agent = Agent(id: identifiers.next(at: now), organization: principal.organization, slug: slug, name: name, createdAt: now)
        // What the store does not find is one that this key may not make or reach.
        let told: Completion = { result in
            if case .failure(.notFound(.agent, _)) = result { completion(.failure(.narrowed(.agent))) } else { completion(result) }
        }
        write(.ensureAgent(agent), principal, context, at: now, told) { [self] outcome, finish in
            if let agent = outcome.records.first.flatMap({ Agent($0) }) { return finish(.success(.agent(agent))) }
            // A replay says which one it was.
            store.records(
                .agent, outcome.receipt.rows.map(\.id), of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: { true }
            ) { [self] result in
                self.finish(result, context, finish) { found, finish in
                    finish(found.first.flatMap { Agent($0) }.map { .success(.agent($0)) } ?? .failure(.notFound(.agent, agent.id)))
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
        let known = partitions.space(of: principal.organization)
        let space = known ?? drafts.lazy.compactMap(\.vector).first.map { newSpace(dimension: $0.count, principal.organization, at: now) }
        var memories: [Memory] = []
        memories.reserveCapacity(drafts.count)
        for (position, given) in drafts.enumerated() {
            var draft = given
            draft.user = draft.user ?? principal.narrowing.user
            draft.session = draft.session ?? principal.narrowing.session
            guard principal.narrowing.admits(draft) else { return completion(.failure(.narrowed(.memory))) }
            if let vector = draft.vector, let space, vector.count != space.dimension {
                let error = FieldError("vector", .wrongDimension(found: vector.count, expected: space.dimension))
                return completion(.failure(.field(error.inside("memories[\(position)]"))))
            }
            memories.append(
                Memory(
                    id: draft.id ?? identifiers.next(at: now), organization: principal.organization, agent: draft.agent, user: draft.user,
                    session: draft.session, type: draft.type, content: draft.content, importance: draft.importance, tags: draft.tags,
                    metadata: draft.metadata, createdAt: draft.createdAt ?? now, updatedAt: max(now, draft.createdAt ?? now), expiresAt: draft.expiresAt,
                    embedding: draft.vector.flatMap { vector in space.map { Embedding(space: $0.id, vector: vector) } }))
        }
        let changes = memories.filter { $0.embedding != nil }.map(IndexChange.of)
        write(.remember(memories), newSpace: known == nil ? space : nil, principal, context, at: now, completion) { [partitions] outcome, finish in
            if !outcome.isReplay { partitions[principal.organization, .memory]?.index.apply(changes) }
            finish(.success(.written(outcome.receipt)))
        }
    }

    func update(_ patch: MemoryPatch, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try patch.check() } catch { return completion(.failure(.field(error))) }
        let now = clock.now()
        let known = partitions.space(of: principal.organization)
        var space: EmbeddingSpace?
        if case .set(let vector) = patch.vector {
            let wanted = known ?? newSpace(dimension: vector.count, principal.organization, at: now)
            guard vector.count == wanted.dimension else {
                return completion(.failure(.field(FieldError("vector", .wrongDimension(found: vector.count, expected: wanted.dimension)))))
            }
            space = wanted
        }
        let action = WriteAction.update(patch, space: space?.id)
        write(action, newSpace: known == nil ? space : nil, principal, context, at: now, completion)
    }

    func delete(_ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try Checks.batch(ids.count, "ids") } catch { return completion(.failure(.field(error))) }
        write(.delete(ids), principal, context, at: clock.now(), completion) { [partitions] outcome, finish in
            if !outcome.isReplay { partitions[principal.organization, .memory]?.index.apply(ids.map { .remove($0) }) }
            finish(.success(.written(outcome.receipt)))
        }
    }

    /// Hands a write to the store; once it is on disk, what it left is taken into the indexes and the keys, in the order of the commits, and `then` answers.
    func write(
        _ action: WriteAction, newSpace: EmbeddingSpace? = nil, step: JobStep? = nil, _ principal: Principal, _ context: OperationContext, at time: Timestamp,
        _ completion: @escaping Completion,
        then: @escaping @Sendable (WriteOutcome, @escaping Completion) -> Void = { outcome, finish in finish(.success(.written(outcome.receipt))) }
    ) {
        if let interruption = context.interruption { return completion(.failure(interruption)) }
        let idempotency = context.idempotencyKey.map { Idempotency(key: $0, digest: Digest.sha256(context.fingerprint)) }
        let request = WriteRequest(
            organization: principal.organization, at: time, action: action, narrowing: principal.narrowing, idempotency: idempotency, newSpace: newSpace,
            step: step)
        submit(request) { [log] result in
            switch result {
            case .success(let outcome): then(outcome, completion)
            case .failure(let error):
                let told = EngineError(error)
                if told.isOurs { log.error("a write failed", (.detail, error.description)) }
                completion(.failure(told))
            }
        }
    }

    /// The same for the engine itself. What was written is known everywhere before `completion` runs.
    func submit(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        store.write(request) { [self] result in
            guard case .success(let outcome) = result else { return completion(result) }
            indexing.async { [self] in
                take(outcome, of: request.organization)
                completion(result)
            }
        }
    }

    /// On the indexing queue.
    private func take(_ outcome: WriteOutcome, of organization: Identifier) {
        if let space = outcome.space, partitions.space(of: organization) == nil {
            log.info("embedding space stands", (.organization, organization.description), (.dimension, String(space.dimension)))
            partitions.ensure(space)
        }
        guard !outcome.isReplay else { return }
        hasRead(outcome.receipt.change)
        partitions.apply(outcome, of: organization)
        for record in outcome.records {
            if let key = AccessKey(record) { access.put(key) }
            if let organization = Organization(record) { organizations.withLock { $0[organization.id] = organization } }
            if record.kind == .job { watches.tell(record) }
        }
    }

    /// The space that an organization gets with its first vector. It stands once a write that brings it has succeeded.
    func newSpace(dimension: Int, _ organization: Identifier, at time: Timestamp) -> EmbeddingSpace {
        EmbeddingSpace(
            id: identifiers.next(at: time), organization: organization, provider: "none", model: "given by the caller", revision: "", dimension: dimension,
            createdAt: time)
    }
}

extension EngineError {
    /// Whether the server is at fault rather than the caller, so that it belongs in the log.
    var isOurs: Bool {
        switch self {
        case .storeUnavailable, .storeFull, .dataCorrupted, .internalError: true
        case .forbidden, .narrowed, .field, .notFound, .alreadyExists, .jobRefused, .versionMismatch, .idempotencyMismatch, .noEmbedder, .deadlineExceeded, .cancelled, .busy,
            .replyTooLarge:
            false
        }
    }
}
