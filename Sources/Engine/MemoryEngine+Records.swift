internal import Recall
internal import Records
internal import Storage

extension MemoryEngine {
    /// The kinds that callers make, change and remove themselves.
    private static let kept: Set<Kind> = [.user, .agent, .conversation, .message, .term, .pattern]

    private static func require(_ kind: Kind, in kinds: Set<Kind>) throws(FieldError) {
        guard kinds.contains(kind) else { throw FieldError("kind", .unknown(known: kinds.map(\.name).sorted())) }
    }

    func create(_ drafts: [RecordDraft], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let now = clock.now()
        var made: [Record] = []
        let choice: SpaceChoice
        do throws(FieldError) {
            try Checks.batch(drafts.count, "records")
            let kind = drafts[0].kind
            try MemoryEngine.require(kind, in: MemoryEngine.kept)
            let first = drafts.first { $0.vector != nil }
            choice = try space(for: first?.vector, of: first?.space, principal.organization, at: now)
            for (position, draft) in drafts.enumerated() {
                do throws(FieldError) {
                    guard draft.kind == kind else { throw FieldError("kind", .malformed("one request is about one kind")) }
                    made.append(try record(of: draft, principal, choice, at: now))
                } catch {
                    throw error.inside("\(kind.plural)[\(position)]")
                }
            }
        } catch {
            return completion(.failure(.field(error)))
        }
        let checked = made
        if let beyond = checked.first(where: { $0.kind != .message && !principal.narrowing.admits($0) }) { return completion(.failure(.narrowed(beyond.kind))) }
        let places = checked.indices.filter { checked[$0].embedding == nil && checked[$0].embeddedText != nil }
        embed(places.compactMap { checked[$0].embeddedText }, for: choice, principal.organization, context, completion) { [self] vectors in
            var records = checked
            for (place, vector) in zip(places, vectors) { records[place].embedding = vector.flatMap { choice.embedding($0) } }
            let founds = records.contains { $0.embedding != nil }
            write(.create(records), in: choice, founds: founds, principal, context, at: now, completion)
        }
    }

    /// The record that a draft becomes. What a narrowed key does not say is its own.
    func record(of draft: RecordDraft, _ principal: Principal, _ choice: SpaceChoice?, at now: Timestamp) throws(FieldError) -> Record {
        var draft = draft
        let schema = Schema.of(draft.kind)
        for (field, own) in [(RecordField.user, principal.narrowing.user), (.agent, principal.narrowing.agent)] {
            guard let own, draft.values[field] == nil, let rule = schema[field], rule.setter == .creator else { continue }
            draft.values[field] = .identifier(own)
        }
        try draft.check()
        if draft.kind == .agent { try MemorySettings.check(settings: draft.values[.settings], of: .agent) }
        if draft.kind == .conversation, draft.values[.status] == .text("deleted") { throw FieldError("status", .malformed("a new conversation is active or archived")) }
        let createdAt = draft.createdAt ?? now
        var record = Record(
            draft.kind, id: draft.id ?? identifiers.next(at: now), organization: principal.organization, createdAt: createdAt, updatedAt: max(now, createdAt),
            values: draft.values.mapValues(\.normal))
        if case .text(let email)? = record[.email] { record[.email] = .text(email.lowercased()) }
        for field in [RecordField.lastActivityAt, .lastUsedAt, .lastSeenAt] where schema[field] != nil && record[field] == nil { record[field] = .time(createdAt) }
        // The store takes them from the conversation.
        if draft.kind == .message { record[.user] = .identifier(record.id) }
        if let vector = draft.vector, let choice {
            try choice.check(vector, of: draft.space)
            record.embedding = choice.embedding(vector)
        }
        return record
    }

    func change(_ patch: RecordPatch, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        if patch.kind == .key, let error = refusal(toTouch: patch.id, principal) { return completion(.failure(error)) }
        let now = clock.now()
        var patch = patch
        var given: [Float]?
        let choice: SpaceChoice
        do throws(FieldError) {
            try MemoryEngine.require(patch.kind, in: MemoryEngine.kept.union([.organization, .key]))
            try patch.check()
            if patch.values[.status] == .text("deleted"), patch.kind == .conversation {
                throw FieldError("status", .malformed("a conversation is deleted by removing it, and comes back by restoring it"))
            }
            if patch.kind == .organization { try Organization.check(settings: patch.values[.settings]) }
            if patch.kind == .organization || patch.kind == .agent { try MemorySettings.check(settings: patch.values[.settings], of: patch.kind) }
            if case .texts(let networks)? = patch.values[.networks] { try MemoryEngine.check(networks: networks) }
            if patch.kind == .key { try check(patch, principal, at: now) }
            if case .text(let email)? = patch.values[.email] { patch.values[.email] = .text(email.lowercased()) }
            patch.values = patch.values.mapValues(\.normal)
            if case .set(let vector) = patch.vector { given = vector }
            choice = try space(for: given, of: patch.space, principal.organization, at: now)
            if let given { try choice.check(given, of: patch.space) }
        } catch {
            return completion(.failure(.field(error)))
        }
        // Who he is and what he may are not for a person's own key to say.
        if patch.kind == .user, !principal.narrowing.isNone, [RecordField.email, .role, .permissions].contains(where: { patch.values[$0] != nil || patch.cleared.contains($0) }) {
            return completion(.failure(.narrowed(.user)))
        }
        change(patch, in: choice, attemptsLeft: MemoryEngine.changeAttempts, principal, context, at: now, completion)
    }

    /// How often a change is tried whose row another changes in the meantime.
    private static let changeAttempts = 3

    /// Writes the change, with a new vector where its text is new and this server makes it.
    private func change(
        _ patch: RecordPatch, in choice: SpaceChoice, attemptsLeft: Int, _ principal: Principal, _ context: OperationContext, at now: Timestamp,
        _ completion: @escaping Completion
    ) {
        let setsFading = [Kind.agent, .organization].contains(patch.kind) && (patch.values[.settings] != nil || patch.cleared.contains(.settings))
        let job = setsFading ? redating(of: patch.kind == .agent ? patch.id : nil, principal.organization, at: now) : nil
        let write: @Sendable (RecordPatch, @escaping Completion) -> Void = { [self] patch, completion in
            let action = WriteAction.change(patch, space: patch.vector.isSet ? choice.space?.id : nil)
            self.write(action, in: choice, founds: patch.vector.isSet, whenFadingChanges: job, principal, context, at: now, completion)
        }
        guard choice.embeds, patch.vector == .keep, patch.touchesText else { return write(patch, completion) }
        store.reads.records(
            patch.kind, [patch.id], of: principal.organization, shownTo: principal.narrowing, withVectors: true, isWanted: { context.interruption == nil }
        ) { [self] result in
            finish(result, context, completion) { found, completion in
                // A text that is the same as before is not embedded again.
                guard let old = found.first, let text = patch.applied(to: old, at: now).embeddedText, text != old.embeddedText || old.ownVector == nil else {
                    return write(patch, completion)
                }
                embed([text], for: choice, principal.organization, context, completion) { [self] vectors in
                    var known = patch
                    if let vector = vectors[0] { known.vector = .set(vector) }
                    // The vector is of the whole text, of which the row has a part.
                    known.ifVersion = patch.ifVersion ?? old.version
                    write(known) { [self] result in
                        if case .failure(.versionMismatch) = result, patch.ifVersion == nil, attemptsLeft > 1 {
                            return change(patch, in: choice, attemptsLeft: attemptsLeft - 1, principal, context, at: now, completion)
                        }
                        completion(result)
                    }
                }
            }
        }
    }

    func remove(_ kind: Kind, _ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        writeAll(.remove(kind, ids), kind, ids, MemoryEngine.kept, principal, context, completion)
    }

    func restore(_ kind: Kind, _ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        writeAll(.restore(kind, ids), kind, ids, MemoryEngine.kept.filter { Schema.of($0).deletesSoftly }.union([.memory]), principal, context, completion)
    }

    func use(_ kind: Kind, _ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        writeAll(.use(kind, ids), kind, ids, [.term, .pattern], principal, context, completion)
    }

    func end(_ ids: [Identifier], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        writeAll(.end(ids), .conversation, ids, [.conversation], principal, context, completion)
    }

    private func writeAll(
        _ action: WriteAction, _ kind: Kind, _ ids: [Identifier], _ kinds: Set<Kind>, _ principal: Principal, _ context: OperationContext,
        _ completion: @escaping Completion
    ) {
        do throws(FieldError) {
            try MemoryEngine.require(kind, in: kinds)
            try Checks.batch(ids.count, "ids")
        } catch {
            return completion(.failure(.field(error)))
        }
        write(action, principal, context, at: clock.now(), completion)
    }

    // MARK: Reading

    /// Those that are there, in the order asked; an error only when none is.
    func fetch(
        _ kind: Kind, _ ids: [Identifier], _ withVectors: Bool, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion
    ) {
        do throws(FieldError) {
            guard kind != .memory else { throw FieldError("kind", .malformed("memories have an operation of their own, get")) }
            try Checks.batch(ids.count, "ids")
        } catch {
            return completion(.failure(.field(error)))
        }
        store.reads.records(kind, ids, of: principal.organization, shownTo: principal.narrowing, withVectors: withVectors, isWanted: { context.interruption == nil }) {
            [self] result in
            finish(result, context, completion) { records, completion in
                if records.isEmpty, let first = ids.first { completion(.failure(.notFound(kind, first))) } else { completion(.success(.records(records))) }
            }
        }
    }

    func browse(_ listing: RecordListing, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        var listing = listing
        do throws(FieldError) {
            guard listing.kind != .memory else { throw FieldError("kind", .malformed("memories have an operation of their own, list")) }
            try listing.check()
        } catch {
            return completion(.failure(.field(error)))
        }
        if case .text(let email)? = listing.values[.email] { listing.values[.email] = .text(email.lowercased()) }
        store.reads.page(listing, of: principal.organization, shownTo: principal.narrowing, isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { page, completion in completion(.success(.recordPage(page))) }
        }
    }

    func open(_ id: Identifier, _ messages: Int, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        guard (0...Limits.pageMax).contains(messages) else {
            return completion(.failure(.field(FieldError("messages", .outOfRange("from 0 to \(Limits.pageMax)")))))
        }
        store.reads.conversation(
            id, messages: messages, of: principal.organization, shownTo: principal.narrowing, isWanted: { context.interruption == nil }
        ) { [self] result in
            finish(result, context, completion) { found, completion in
                guard let found else { return completion(.failure(.notFound(.conversation, id))) }
                completion(.success(.conversation(found.conversation, messages: found.messages.reversed())))
            }
        }
    }

    /// What every read of the store ends in.
    func finish<Value>(
        _ result: Result<Value, StorageError>, _ context: OperationContext, _ completion: @escaping Completion, _ then: (Value, @escaping Completion) -> Void
    ) {
        switch result {
        case .success(let value): then(value, completion)
        case .failure(let error):
            if EngineError(error).isOurs { log.error("rows could not be read", (.detail, error.description)) }
            completion(.failure(context.interruption ?? EngineError(error)))
        }
    }
}

extension RecordPatch {
    /// Whether it may change what the record's vector stands for.
    fileprivate var touchesText: Bool { !Schema.embeddedFields(kind).isDisjoint(with: values.keys) }
}

extension Value {
    /// As it is stored: there is one zero.
    fileprivate var normal: Value {
        if case .number(let number) = self, number == 0 { .number(0) } else { self }
    }
}
