import Records

extension PostgresSession {
    // MARK: Spaces and waits

    func mainSpace(of organization: Identifier) throws(StorageError) -> EmbeddingSpace? {
        let found = try ask(names.selection(.embeddingSpaces) + " WHERE organization_id = $1 AND is_main") { $0.add(organization) }
        return found.count == 0 ? nil : try found.space(0)
    }

    func space(_ id: Identifier, of organization: Identifier) throws(StorageError) -> EmbeddingSpace? {
        let found = try ask(names.selection(.embeddingSpaces) + " WHERE organization_id = $1 AND id = $2") { $0.add(organization, id) }
        return found.count == 0 ? nil : try found.space(0)
    }

    func insert(_ space: EmbeddingSpace) throws(StorageError) -> RowRefusal? {
        let refusal = try write(names.insertion(.embeddingSpaces) + " ON CONFLICT DO NOTHING") { $0.add(space, isMain: true) }
        if refusal == nil, mainSpace == nil {
            later("SELECT \(names.quoted).lay_space($1, $2)") {
                $0.add(space.id)
                $0.add(Int64(space.dimension))
            }
        }
        return refusal
    }

    func putWait(_ kind: Kind, _ id: Identifier, of organization: Identifier, since time: Timestamp) throws(StorageError) {
        openEnds = [:]
        try add(.embeddingWaits, mayBeThere: true) { parameters in
            parameters.add(organization)
            parameters.add(Int64(kind.rawValue))
            parameters.add(id)
            parameters.add(time)
        }
    }

    func endWait(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError) {
        openBatches = openBatches.filter { $0.key.table != .embeddingWaits }
        guard let open = openEnds[kind], case .ends(_, var ids, _) = waiting[open] else {
            openEnds[kind] = waiting.count
            return waiting.append(.ends(kind, [id], of: organization))
        }
        ids.append(id)
        waiting[open] = .ends(kind, ids, of: organization)
    }

    // MARK: Receipts

    /// Whoever carries out a request under the same key now is waited for.
    func receipt(under key: Identifier, of organization: Identifier) throws(StorageError) -> IdempotencyRow? {
        later("SELECT pg_advisory_xact_lock($1)") { $0.add(Int64(bitPattern: key.high ^ key.low ^ organization.high ^ organization.low)) }
        let found = try ask(names.selection(.idempotencyKeys) + " WHERE organization_id = $1 AND idempotency_key = $2") { $0.add(organization, key) }
        return found.count == 0 ? nil : try found.receipt(0)
    }

    /// One that is there and is not too old stays, and this request is tried again: it then finds that it was carried out.
    func put(_ receipt: WriteReceipt, under idempotency: Idempotency, of organization: Identifier, at time: Timestamp) throws(StorageError) -> RowRefusal? {
        let table = names.table(.idempotencyKeys)
        let refusal = try write(
            names.insertion(.idempotencyKeys)
                + """
                 ON CONFLICT (organization_id, idempotency_key) DO UPDATE SET digest = excluded.digest, change_number = excluded.change_number,
                receipt = excluded.receipt, created_at = excluded.created_at, details = excluded.details
                WHERE \(table).created_at <= excluded.created_at - interval '\(Limits.idempotencySeconds) seconds'
                """
        ) { $0.add(idempotency, receipt, of: organization, at: time) }
        if case .unique = refusal { throw .busy }
        return refusal
    }

    func purgeReceipts(until time: Timestamp, limit: Int) throws(StorageError) {
        let table = names.table(.idempotencyKeys)
        later("DELETE FROM \(table) WHERE ctid IN (SELECT ctid FROM \(table) WHERE created_at <= $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)") {
            $0.add(time)
            $0.add(Int64(limit))
        }
    }
}

extension PostgresParameters {
    mutating func add(_ organization: Identifier, _ id: Identifier) {
        add(organization)
        add(id)
    }
}
