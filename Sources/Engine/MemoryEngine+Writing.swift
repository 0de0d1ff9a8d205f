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
            store.reads.records(
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
        let choice: SpaceChoice
        var memories: [Memory] = []
        memories.reserveCapacity(drafts.count)
        do throws(FieldError) {
            let first = drafts.first { $0.vector != nil }
            choice = try space(for: first?.vector, of: first?.space, principal.organization, at: now)
            for (position, given) in drafts.enumerated() {
                do throws(FieldError) {
                    if let vector = given.vector { try choice.check(vector, of: given.space) }
                } catch {
                    throw error.inside("memories[\(position)]")
                }
                memories.append(memory(of: given, principal, choice.space, at: now))
            }
        } catch {
            return completion(.failure(.field(error)))
        }
        guard memories.allSatisfy({ principal.narrowing.admits($0) }) else { return completion(.failure(.narrowed(.memory))) }
        let checked = memories
        let places = checked.indices.filter { checked[$0].embedding == nil }
        embed(places.map { checked[$0].content }, for: choice, principal.organization, context, completion) { [self] vectors in
            var memories = checked
            for (place, vector) in zip(places, vectors) { memories[place].embedding = vector.flatMap { choice.embedding($0) } }
            let whole = memories
            keepings(drafts, whole, principal, context, completion) { [self] keepings in
                write(.remember(whole, keepings), in: choice, founds: whole.contains { $0.embedding != nil }, principal, context, at: now, completion)
            }
        }
    }

    /// What a narrowed key does not say is its own.
    private func memory(of draft: MemoryDraft, _ principal: Principal, _ space: EmbeddingSpace?, at now: Timestamp) -> Memory {
        Memory(
            id: draft.id ?? identifiers.next(at: now), organization: principal.organization, agent: draft.agent, user: draft.user ?? principal.narrowing.user,
            session: draft.session ?? principal.narrowing.session, type: draft.type, content: draft.content, importance: draft.importance, tags: draft.tags,
            metadata: draft.metadata, createdAt: draft.createdAt ?? now, updatedAt: max(now, draft.createdAt ?? now), expiresAt: draft.expiresAt,
            isPinned: draft.isPinned, validity: Validity(from: draft.validFrom, to: draft.validTo), sourceMessage: draft.sourceMessage,
            embedding: draft.vector.flatMap { vector in space.map { Embedding(space: $0.id, vector: vector) } })
    }

    func update(_ patch: MemoryPatch, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let now = clock.now()
        let choice: SpaceChoice
        var given: [Float]?
        do throws(FieldError) {
            try patch.check()
            if case .set(let vector) = patch.vector { given = vector }
            choice = try space(for: given, of: patch.space, principal.organization, at: now)
            if let given { try choice.check(given, of: patch.space) }
        } catch {
            return completion(.failure(.field(error)))
        }
        let write: @Sendable (MemoryPatch) -> Void = { [self] patch in
            let action = WriteAction.update(patch, space: patch.vector.isSet ? choice.space?.id : nil)
            self.write(action, in: choice, founds: patch.vector.isSet, principal, context, at: now, completion)
        }
        guard let content = patch.content, patch.vector == .keep, choice.embeds else { return write(patch) }
        // A text that is the same as before is not embedded again.
        store.reads.memories([patch.id], of: principal.organization, shownTo: principal.narrowing, withVectors: true, isWanted: { context.interruption == nil }) {
            [self] result in
            finish(result, context, completion) { found, completion in
                if let old = found.first, old.content == content, old.embedding != nil { return write(patch) }
                guard !found.isEmpty else { return write(patch) }
                embed([content], for: choice, principal.organization, context, completion) { vectors in
                    var patch = patch
                    if let vector = vectors[0] { patch.vector = .set(vector) }
                    write(patch)
                }
            }
        }
    }

    func delete(_ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try Checks.batch(ids.count, "ids") } catch { return completion(.failure(.field(error))) }
        write(.delete(ids), principal, context, at: clock.now(), completion)
    }

    /// Hands a write to the store; once it is on disk, what it left is taken into the indexes and the keys, in the order of the commits, and `then` answers.
    /// A space that is new comes with a write that `founds` it, which is one that has a vector.
    func write(
        _ action: WriteAction, in choice: SpaceChoice? = nil, founds: Bool = false, step: JobStep? = nil, whenFadingChanges job: Record? = nil, _ principal: Principal, _ context: OperationContext,
        at time: Timestamp, _ completion: @escaping Completion,
        then: @escaping @Sendable (WriteOutcome, @escaping Completion) -> Void = { outcome, finish in finish(.success(.written(outcome.receipt))) }
    ) {
        if let interruption = context.interruption { return completion(.failure(interruption)) }
        let idempotency = context.idempotencyKey.map { Idempotency(key: $0, digest: Digest.sha256(context.fingerprint)) }
        let request = WriteRequest(
            organization: principal.organization, at: time, action: action, narrowing: principal.narrowing, idempotency: idempotency,
            newSpace: founds && choice?.isNew == true ? choice?.space : nil, vectorsFollow: choice?.vectorsFollow ?? false, step: step, whenFadingChanges: job)
        submit(request) { [self] result in
            switch result {
            case .success(let outcome):
                follow(outcome, of: principal.organization)
                then(outcome, completion)
            case .failure(let error):
                let told = EngineError(error)
                if told.isOurs { log.error("a write failed", (.detail, error.description)) }
                completion(.failure(told))
            }
        }
    }

    /// The same for the engine itself. What was written is known everywhere before `completion` runs.
    func submit(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        let sight = freshness.begin(.write)
        store.write(request) { [self] result in
            guard case .success(let outcome) = result else {
                freshness.end(sight)
                return completion(result)
            }
            indexing.async { [self] in
                let passed = freshness.end(sight)
                let rows = store.isShared || !partitions.hasWords ? outcome.rows(of: request.organization) : []
                if let space = outcome.space { found(space) }
                if !outcome.isReplay { feed.took(outcome) }
                guard passed.isDisjoint(with: rows) else { return renewLater(rows) { completion(result) } }
                if !outcome.isReplay { take(outcome, rows, of: request.organization) }
                completion(result)
            }
        }
    }

    private func found(_ space: EmbeddingSpace) {
        guard partitions.space(of: space.organization) == nil else { return }
        log.info("embedding space stands", (.organization, space.organization.description), (.dimension, String(space.dimension)))
        partitions.ensure(space)
    }

    /// On the indexing queue.
    private func take(_ outcome: WriteOutcome, _ rows: Set<RowName>, of organization: Identifier) {
        freshness.took(rows, from: .write)
        partitions.apply(outcome, of: organization)
        for record in outcome.records {
            if let key = AccessKey(record) { access.put(key) }
            if record.kind == .agent || record.kind == .organization { agentSettings.forget(organization) }
            if let organization = Organization(record) {
                organizations.withLock { $0[organization.id] = organization }
                partitions.use(organization.listStyle, for: organization.id)
            }
            if record.kind == .job { watches.tell(record) }
            // One that came with what was changed.
            if record.jobType == .forgetting, record.jobState == .queued { runner().wake() }
        }
    }
}

extension WriteOutcome {
    /// All that it left, or took away.
    fileprivate func rows(of organization: Identifier) -> Set<RowName> {
        var rows = Set(memories.map { RowName(organization: organization, kind: .memory, id: $0.id) })
        for record in records { rows.insert(RowName(organization: organization, kind: record.kind, id: record.id)) }
        for (kind, ids) in removed { for id in ids { rows.insert(RowName(organization: organization, kind: kind, id: id)) } }
        return rows
    }
}

extension EngineError {
    /// Whether the server is at fault rather than the caller, so that it belongs in the log.
    var isOurs: Bool {
        switch self {
        case .storeUnavailable, .storeFull, .dataCorrupted, .internalError: true
        case .forbidden, .narrowed, .field, .notFound, .alreadyExists, .jobRefused, .versionMismatch, .idempotencyMismatch, .noEmbedder, .embedderUnavailable, .embedderRefused, .deadlineExceeded, .cancelled, .busy, .wordsNotRead,
            .replyTooLarge:
            false
        }
    }
}
