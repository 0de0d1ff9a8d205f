internal import Records
internal import Secrets
internal import Storage

extension MemoryEngine {
    /// How long an old key may go on beside its successor.
    private static let overlapSecondsMax: Int64 = 30 * 24 * 60 * 60

    static func check(networks: [String]) throws(FieldError) {
        for network in networks where Network(network) == nil {
            throw FieldError("allowed_networks", .malformed("\"\(network)\" is no network, as 10.0.0.0/8, 192.0.2.7 or fd00::/8 are"))
        }
    }

    func createKey(_ draft: RecordDraft, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let now = clock.now()
        var draft = draft
        draft.id = nil
        draft.createdAt = nil
        var key: AccessKey
        do throws(FieldError) {
            guard draft.kind == .key else { throw FieldError("kind", .unknown(known: ["key"])) }
            try MemoryEngine.check(draft)
            key = try newKey(try record(of: draft, principal, nil, at: now), at: now)
        } catch {
            return completion(.failure(.field(error)))
        }
        if let session = principal.narrowing.session, key.narrowing.session == nil { key.narrowing.session = session }
        if let kinds = principal.narrowing.kinds, key.narrowing.kinds == nil { key.narrowing.kinds = kinds }
        if let error = principal.refusal(toMake: key) { return completion(.failure(error)) }
        if let expiresAt = key.expiresAt, expiresAt <= now { return completion(.failure(.field(FieldError("expires_at", .outOfRange("in the future"))))) }
        let text = KeyText.random()
        key.prefix = text.prefix
        key.hash = text.hash
        make(key, .create([key.record]), text, principal, context, at: now, completion)
    }

    func rotateKey(_ id: Identifier, _ overlapSeconds: Int64, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        guard (0...MemoryEngine.overlapSecondsMax).contains(overlapSeconds) else {
            return completion(.failure(.field(FieldError("overlap_seconds", .outOfRange("from 0 to \(MemoryEngine.overlapSecondsMax)")))))
        }
        let now = clock.now()
        store.reads.records(.key, [id], of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: { context.interruption == nil }) {
            [self] result in
            finish(result, context, completion) { [self] found, completion in
                guard let old = found.first.flatMap({ AccessKey($0) }), old.revokedAt == nil, old.expiresAt.map({ $0 > now }) ?? true else {
                    return completion(.failure(.notFound(.key, id)))
                }
                if let error = principal.refusal(toMake: old) { return completion(.failure(error)) }
                let text = KeyText.random()
                var key = old
                key.id = identifiers.next(at: now)
                key.createdAt = now
                key.prefix = text.prefix
                key.hash = text.hash
                make(key, .rotateKey(id, new: key.record, until: now.adding(seconds: overlapSeconds)), text, principal, context, at: now, completion)
            }
        }
    }

    func revokeKey(_ id: Identifier, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let now = clock.now()
        if let error = refusal(toTouch: id, principal) { return completion(.failure(error)) }
        guard !access.isLastOfItsKind(id, of: principal.organization, at: now) else {
            return completion(.failure(.field(FieldError("id", .malformed("it is the last key that can do everything; make another first")))))
        }
        write(.revokeKey(id), principal, context, at: now, completion)
    }

    /// Why this one may not change or end that key: it allows more than his own. Of keys that he does not see he is told nothing here.
    func refusal(toTouch id: Identifier, _ principal: Principal) -> EngineError? {
        guard let key = access.key(id), key.organization == principal.organization, principal.narrowing.shows(key.record) else { return nil }
        return principal.refusal(toMake: key)
    }

    /// A change of a key that could lock everybody out.
    func check(_ patch: RecordPatch, _ principal: Principal, at now: Timestamp) throws(FieldError) {
        guard access.isLastOfItsKind(patch.id, of: principal.organization, at: now) else { return }
        for field in [RecordField.networks, .expiresAt] where patch.values[field] != nil {
            throw FieldError(field.name, .malformed("it is the last key that can do everything from anywhere and without end; make another first"))
        }
    }

    private func make(
        _ key: AccessKey, _ action: WriteAction, _ text: KeyText, _ principal: Principal, _ context: OperationContext, at now: Timestamp,
        _ completion: @escaping Completion
    ) {
        write(action, principal, context, at: now, completion) { outcome, finish in
            // The text was told with the first answer, and is kept nowhere.
            guard !outcome.isReplay, let record = outcome.records.first else {
                return finish(.failure(.alreadyExists(.key, outcome.receipt.rows.first?.id.description ?? "")))
            }
            finish(.success(.key(record.shown, text: text.text)))
        }
    }

    private static func check(_ draft: RecordDraft) throws(FieldError) {
        if case .texts(let scopes)? = draft.values[.scopes], let unknown = scopes.first(where: { Scope(rawValue: $0) == nil }) {
            throw FieldError("scopes", .malformed("there is no scope \(unknown); there are \(Scope.allCases.map(\.rawValue).joined(separator: ", "))"))
        }
        if case .texts(let kinds)? = draft.values[.kinds], let unknown = kinds.first(where: { Kind(name: $0) == nil }) {
            throw FieldError("kinds", .malformed("there is no kind \(unknown); there are \(Kind.allCases.map(\.name).joined(separator: ", "))"))
        }
        // None at all would be taken for all of them.
        if case .texts(let kinds)? = draft.values[.kinds], kinds.isEmpty { throw FieldError("kinds", .empty) }
        if case .texts(let networks)? = draft.values[.networks] { try check(networks: networks) }
        guard draft.values[.role] != nil || draft.values[.scopes] != nil else { throw FieldError("role", .missing) }
    }

    /// The key of a record that has all but its hash and prefix.
    private func newKey(_ given: Record, at now: Timestamp) throws(FieldError) -> AccessKey {
        var record = given
        record[.prefix] = .text("new")
        record[.hash] = .bytes([UInt8](repeating: 0, count: 32))
        guard let key = AccessKey(record) else { throw FieldError("key", .malformed("it names what is not known")) }
        return key
    }

    // MARK: Use

    /// Writes what keys were used for. Nothing waits for it; what a crash loses is a count.
    public func writeKeyUses() {
        let now = clock.now()
        for (organization, uses) in access.takeUses() {
            store.write(WriteRequest(organization: organization, at: now, action: .noteKeyUses(uses))) { [log] result in
                if case .failure(let error) = result { log.warning("the use of keys could not be written", (.detail, error.description)) }
            }
        }
    }
}

extension Principal {
    /// Why this one may not make such a key; nobody gives what he does not have.
    fileprivate func refusal(toMake key: AccessKey) -> EngineError? {
        if let scope = key.allScopes.subtracting(scopes).min(by: { $0.rawValue < $1.rawValue }) { return .forbidden(scope) }
        return narrowing.covers(key.narrowing) ? nil : .narrowed(.key)
    }
}
