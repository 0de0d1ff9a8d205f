import Records

/// A connection that only reads, one snapshot at a time. What a snapshot begins with goes out with its first question.
final class PostgresReadSession: ReadSession {
    private let link: PostgresLink
    private let names: PostgresNames
    private var opening: [PostgresStep] = []

    /// Rows of a list that are asked for at once.
    private static let rowsAtOnce = 256

    private let epoch: KnownEpoch

    init(_ link: PostgresLink, _ epoch: KnownEpoch) {
        self.link = link
        self.epoch = epoch
        names = link.names
    }

    private func ask(_ sql: String, _ fill: (inout PostgresParameters) -> Void = { _ in }) throws(StorageError) -> PostgresRows {
        let (before, connection) = (opening, try link.connection)
        opening = []
        guard connection.isInTransaction || !before.isEmpty else { throw .unavailable("the connection was lost within a snapshot") }
        do throws(PostgresFailure) {
            let answers = try link.run(before + [PostgresStep(sql, fill)], over: connection, beginning: !before.isEmpty)
            return answers[answers.count - 1]
        } catch {
            throw StorageError(error)
        }
    }

    func snapshot<Value>(of organization: Identifier?, _ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        opening = link.opening("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", as: organization == nil ? names.feed : names.service, of: organization)
        defer { opening = [] }
        do throws(StorageError) {
            let value = try body()
            try link.open?.finish()
            return value
        } catch {
            do throws(PostgresFailure) { try link.open?.rollBack() } catch { link.close() }
            throw error
        }
    }

    // MARK: Memories

    func memories(_ ids: [Identifier], of organization: Identifier, withVectors: Bool) throws(StorageError) -> [Memory] {
        let found = try rows(.memory, ids, organization, withVectors)
        var memories: [Memory] = []
        for row in 0..<found.count { memories.append(try found.memory(row)) }
        return memories
    }

    private func rows(_ kind: Kind, _ ids: [Identifier], _ organization: Identifier, _ withVectors: Bool) throws(StorageError) -> PostgresRows {
        if ids.count == 1 { return try ask(names.row(of: kind, withVectors: withVectors)) { $0.add(organization, ids[0]) } }
        return try ask(names.rows(of: kind, withVectors: withVectors)) {
            $0.add(organization)
            $0.add(ids)
        }
    }

    func each(_ listing: MemoryListing, of organization: Identifier, _ body: (Memory) throws(StorageError) -> Bool) throws(StorageError) {
        var (after, rowsAtOnce) = (listing.after, max(1, min(listing.limit, PostgresReadSession.rowsAtOnce - 1) + 1))
        while true {
            var conditions = ["organization_id = $1"]
            var parameters = PostgresParameters()
            parameters.add(organization)
            parameters.add(Int64(rowsAtOnce))
            func narrow(_ condition: String) { conditions.append("\(condition) $\(parameters.places.count)") }
            if let after {
                parameters.add(after)
                narrow("id <")
            }
            if let session = listing.session {
                parameters.add(session)
                narrow("session_id =")
            }
            if let agent = listing.agent {
                parameters.add(agent)
                narrow("agent_id =")
            }
            if let type = listing.type {
                parameters.add(type.name)
                narrow("memory_type =")
            }
            if let dueAt = listing.dueAt {
                parameters.add(dueAt)
                let place = "$\(parameters.places.count)"
                conditions.append("deleted_at IS NULL AND (forget_at <= \(place) OR expires_at <= \(place))")
            }
            let sql = names.selection(.agentMemories, withVectors: listing.withVectors) + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT $2"
            let filled = parameters
            let found = try ask(sql) { $0 = filled }
            for row in 0..<found.count {
                let memory = try found.memory(row)
                after = memory.id
                guard try body(memory) else { return }
            }
            if found.count < rowsAtOnce { return }
            rowsAtOnce = PostgresReadSession.rowsAtOnce
        }
    }

    // MARK: Records

    func records(_ kind: Kind, _ ids: [Identifier], of organization: Identifier, withVectors: Bool) throws(StorageError) -> [Record] {
        let found = try rows(kind, ids, organization, withVectors)
        var records: [Record] = []
        for row in 0..<found.count { records.append(try found.record(row, kind)) }
        return records
    }

    func deletedConversations(_ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Identifier] {
        try ask("SELECT id FROM \(names.table(.conversations)) WHERE organization_id = $1 AND id = ANY($2) AND deleted_at IS NOT NULL") {
            $0.add(organization)
            $0.add(ids)
        }.identifiers()
    }

    func each(_ listing: RecordListing, of organization: Identifier, passingDamage: Bool, _ body: (Record) throws(StorageError) -> Bool) throws(StorageError) {
        var (listing, rowsAtOnce) = (listing, max(1, min(listing.limit, PostgresReadSession.rowsAtOnce - 1) + 1))
        while true {
            let found = try page(listing, organization, rowsAtOnce)
            for row in 0..<found.count {
                let record: Record
                do throws(StorageError) { record = try found.record(row, listing.kind) } catch {
                    guard passingDamage, listing.order == nil, case .corruptRow = error, let id = found.identifier(row, 1) else { throw error }
                    listing.after = RecordListing.Cursor(id: id)
                    continue
                }
                listing.after = listing.cursor(at: record)
                guard try body(record) else { return }
            }
            if found.count < rowsAtOnce { return }
            rowsAtOnce = PostgresReadSession.rowsAtOnce
        }
    }

    private func page(_ listing: RecordListing, _ organization: Identifier, _ rowsAtOnce: Int) throws(StorageError) -> PostgresRows {
        let schema = Schema.of(listing.kind)
        var conditions = [listing.kind == .organization ? "id = $1" : "organization_id = $1"]
        var parameters = PostgresParameters()
        parameters.add(organization)
        parameters.add(Int64(rowsAtOnce))
        for field in listing.fields {
            parameters.add(listing.values[field])
            let comparison = if case .texts = listing.values[field] { "@>" } else { "=" }
            conditions.append("\(schema[field]?.column ?? "id") \(comparison) $\(parameters.places.count)")
        }
        let (direction, comparison) = listing.isAscending ? ("ASC", ">") : ("DESC", "<")
        let order = listing.order.map { schema[$0]?.column ?? $0.name }
        if let after = listing.after {
            parameters.add(after.id)
            let id = parameters.places.count
            if let order {
                parameters.add(after.value)
                conditions.append("(\(order), id) \(comparison) ($\(id + 1), $\(id))")
            } else {
                conditions.append("id \(comparison) $\(id)")
            }
        }
        if listing.deleted == .without, schema.deletesSoftly { conditions.append("deleted_at IS NULL") }
        let ordering = order.map { "\($0) \(direction), id \(direction)" } ?? "id \(direction)"
        let filled = parameters
        return try ask(
            names.selection(.of(listing.kind), withVectors: listing.withVectors) + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(ordering) LIMIT $2"
        ) { $0 = filled }
    }

    func openJobs() throws(StorageError) -> [Record] {
        let found = try ask(names.selection(.jobs) + " WHERE state IN ('queued', 'running') ORDER BY state, id")
        var jobs: [Record] = []
        for row in 0..<found.count { jobs.append(try found.record(row, .job)) }
        return jobs
    }

    // MARK: Counts and waits

    func waits(of organization: Identifier) throws(StorageError) -> StoreCounts.Waits {
        let found = try ask("SELECT count(*), min(since) FROM \(names.table(.embeddingWaits)) WHERE organization_id = $1") { $0.add(organization) }
        return StoreCounts.Waits(count: found.integer(0, 0) ?? 0, since: found.time(0, 1))
    }

    func waitingRows(of organization: Identifier, limit: Int) throws(StorageError) -> [WaitingRow] {
        let found = try ask("SELECT kind, record_id, since FROM \(names.table(.embeddingWaits)) WHERE organization_id = $1 ORDER BY since, place LIMIT $2") {
            $0.add(organization)
            $0.add(Int64(limit))
        }
        var rows: [WaitingRow] = []
        for row in 0..<found.count {
            guard let kind = found.integer(row, 0).flatMap({ UInt8(exactly: $0) }).flatMap(Kind.init), let id = found.identifier(row, 1), let since = found.time(row, 2) else {
                throw .corruptRow(table: Table.embeddingWaits.name, place: organization.description)
            }
            rows.append(WaitingRow(kind: kind, id: id, since: since))
        }
        return rows
    }

    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [Identifier: AuditKey] {
        var keys: [Identifier: AuditKey] = [:]
        try eachAuditKey("memory_id = ANY($2)", { $0.add(memories) }, organization) { memory, key throws(StorageError) in keys[memory] = key }
        return keys
    }

    func eachAuditKey(of organization: Identifier, _ body: (Identifier, AuditKey) throws(StorageError) -> Void) throws(StorageError) {
        var (after, isDone) = (Identifier.none, false)
        while !isDone {
            var count = 0
            let limit = PostgresReadSession.rowsAtOnce
            let last = after
            try eachAuditKey("memory_id > $2 ORDER BY memory_id LIMIT \(limit)", { $0.add(last) }, organization) { memory, key throws(StorageError) in
                try body(memory, key)
                (after, count) = (memory, count + 1)
            }
            isDone = count < limit
        }
    }

    private func eachAuditKey(
        _ conditions: String, _ fill: (inout PostgresParameters) -> Void, _ organization: Identifier, _ body: (Identifier, AuditKey) throws(StorageError) -> Void
    ) throws(StorageError) {
        let found = try ask("SELECT memory_id, audit_key FROM \(names.table(.auditKeys)) WHERE organization_id = $1 AND \(conditions)") {
            $0.add(organization)
            fill(&$0)
        }
        for row in 0..<found.count {
            guard let memory = found.identifier(row, 0) else { throw .corruptRow(table: Table.auditKeys.name, place: organization.description) }
            try body(memory, AuditKey(bytes: found.blob(row, 1)))
        }
    }

    func eachReceipt(of organization: Identifier, _ body: (Identifier, IdempotencyRow) throws(StorageError) -> Void) throws(StorageError) {
        var after = Identifier.none
        while true {
            let found = try ask(names.selection(.idempotencyKeys) + " WHERE organization_id = $1 AND idempotency_key > $2 ORDER BY idempotency_key LIMIT $3") {
                $0.add(organization)
                $0.add(after)
                $0.add(Int64(PostgresReadSession.rowsAtOnce))
            }
            for row in 0..<found.count {
                guard let key = found.identifier(row, 1) else { throw .corruptRow(table: Table.idempotencyKeys.name, place: organization.description) }
                try body(key, try found.receipt(row))
                after = key
            }
            if found.count < PostgresReadSession.rowsAtOnce { return }
        }
    }

    /// The columns in which one of the texts stands, of whichever organization.
    func places(of texts: [String]) throws(StorageError) -> [Absence.Finding] {
        var findings: [Absence.Finding] = []
        for table in Table.allCases {
            for column in table.columns where !column.hasSuffix("embedding") {
                for (place, text) in texts.enumerated() {
                    for form in Absence.forms(text) {
                        let found = try ask("SELECT 1 FROM \(names.table(table)) WHERE position($1 IN \(column)::text) > 0 LIMIT 1") { $0.add(form) }
                        guard found.count > 0 else { continue }
                        findings.append(Absence.Finding(text: place, place: "\(table.name), column \(column)"))
                        break
                    }
                }
            }
        }
        return findings
    }

    func organizationsDue(at time: Timestamp) throws(StorageError) -> [DueOrganization] {
        let memories = "\(names.table(.agentMemories)) WHERE organization_id = o.id AND deleted_at"
        let found = try ask(
            """
            SELECT id, is_due, hidden_at, audited_at FROM (
                SELECT o.id, EXISTS (SELECT 1 FROM \(memories) IS NULL AND forget_at <= $1) OR EXISTS (SELECT 1 FROM \(memories) IS NULL AND expires_at <= $1) AS is_due,
                    (SELECT min(deleted_at) FROM \(memories) IS NOT NULL) AS hidden_at,
                    (SELECT min(created_at) FROM \(names.table(.auditLogs)) WHERE organization_id = o.id) AS audited_at
                FROM \(names.table(.organizations)) AS o
            ) AS due WHERE is_due OR hidden_at IS NOT NULL OR audited_at IS NOT NULL
            """) { $0.add(time) }
        return (0..<found.count).compactMap { row in
            found.identifier(row, 0).map { DueOrganization(organization: $0, isDue: found.flag(row, 1) ?? false, hiddenAt: found.time(row, 2), auditedAt: found.time(row, 3)) }
        }
    }

    func memories(supersededBy ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory] {
        let found = try ask(names.selection(.agentMemories, withVectors: false) + " WHERE organization_id = $1 AND superseded_by = ANY($2)") {
            $0.add(organization)
            $0.add(ids)
        }
        var memories: [Memory] = []
        for row in 0..<found.count { memories.append(try found.memory(row)) }
        return memories
    }

    func organizationsWaiting() throws(StorageError) -> [Identifier] {
        try ask("SELECT DISTINCT organization_id FROM \(names.table(.embeddingWaits))").identifiers()
    }

    func counters(of organization: Identifier) throws(StorageError) -> [(kind: Kind, count: StoreCounts.Count)] {
        let found = try ask(
            """
            SELECT c.organization_id, c.kind, c.rows + coalesce(d.rows, 0), c.with_vectors + coalesce(d.with_vectors, 0), c.deleted + coalesce(d.deleted, 0)
            FROM \(names.table(.counters)) AS c LEFT JOIN (
                SELECT kind, sum(rows)::bigint AS rows, sum(with_vectors)::bigint AS with_vectors, sum(deleted)::bigint AS deleted
                FROM \(names.quoted).counted WHERE organization_id = $1 GROUP BY kind
            ) AS d ON d.kind = c.kind WHERE c.organization_id = $1
            """
        ) { $0.add(organization) }
        var counters: [(kind: Kind, count: StoreCounts.Count)] = []
        for row in 0..<found.count { counters.append(try found.counter(row)) }
        return counters
    }

    // MARK: All organizations

    /// Only what no transaction can come before any more: a number that was given out earlier may be committed later.
    func changes(after position: ChangePosition, limit: Int) throws(StorageError) -> [ChangeRecord] {
        let found = try ask(
            """
            SELECT transaction, \(Table.changes.columns.joined(separator: ", ")) FROM \(names.table(.changes))
            WHERE (transaction, number) > ($1, $2) AND transaction < pg_snapshot_xmin(pg_current_snapshot())
            ORDER BY transaction, number LIMIT $3
            """
        ) {
            $0.add(Int64(bitPattern: position.transaction))
            $0.add(position.number)
            $0.add(Int64(max(0, limit)))
        }
        let state = try ask("SELECT \(PostgresMigrations.epoch), epoch, pruned_transaction, pruned_number, made FROM \(names.quoted).feed_state")
        guard state.count == 1, let transaction = state.integer(0, 2), let number = state.integer(0, 3) else { throw .internalError("the feed has no state") }
        let pruned = ChangePosition(transaction: UInt64(bitPattern: transaction), number: number)
        guard state.text(0, 0) == state.text(0, 1), epoch.value ?? state.identifier(0, 4) == state.identifier(0, 4), pruned == .start || pruned <= position else {
            throw .changesGone
        }
        var changes: [ChangeRecord] = []
        for row in 0..<found.count { changes.append(try found.change(row)) }
        return changes
    }

    func unread(after position: ChangePosition) throws(StorageError) -> (count: Int64, since: Timestamp?) {
        let found = try ask("SELECT count(*), min(at) FROM (SELECT at FROM \(names.table(.changes)) WHERE (transaction, number) > ($1, $2) ORDER BY transaction, number LIMIT 100000) AS unread") { parameters in
            parameters.add(Int64(bitPattern: position.transaction))
            parameters.add(position.number)
        }
        return (found.integer(0, 0) ?? 0, found.time(0, 1))
    }

    func tenancy() throws(StorageError) -> Tenancy {
        var damaged: [StorageError] = []
        func read<Row>(_ found: PostgresRows, _ body: (Int) throws(StorageError) -> Row) -> [Row] {
            (0..<found.count).compactMap { row in
                do throws(StorageError) { return try body(row) } catch {
                    damaged.append(error)
                    return nil
                }
            }
        }
        let found = try ask(names.selection(.organizations) + " ORDER BY created_at, id")
        let organizations = read(found) { row throws(StorageError) in
            let record = try found.record(row, .organization)
            guard let organization = Organization(record) else { throw .corruptRow(table: Table.organizations.name, place: record.id.description) }
            return organization
        }
        let kept = try ask(names.selection(.apiKeys) + " ORDER BY created_at, id")
        let keys = read(kept) { row throws(StorageError) in
            let record = try kept.record(row, .key)
            guard let key = AccessKey(record) else { throw .corruptRow(table: Table.apiKeys.name, place: record.id.description) }
            return key
        }
        let known = try ask(names.selection(.embeddingSpaces) + " ORDER BY created_at, id")
        let spaces = read(known) { row throws(StorageError) in try known.space(row) }
        return Tenancy(organizations: organizations, keys: keys, spaces: spaces, damaged: damaged)
    }

    func load(_ part: LoadedPart, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) -> ChangePosition {
        // Of later transactions some are here already, and are read once more.
        let last = try ask(
            """
            (SELECT transaction, number FROM \(names.table(.changes)) WHERE transaction < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY transaction DESC, number DESC LIMIT 1)
            UNION ALL SELECT pruned_transaction, pruned_number FROM \(names.quoted).feed_state ORDER BY transaction DESC, number DESC LIMIT 1
            """)
        epoch.value = try ask("SELECT made FROM \(names.quoted).feed_state").identifier(0, 0)
        // However long it takes.
        _ = try ask("SELECT set_config('statement_timeout', '0', true)")
        for kind in Kind.searchable { try load(kind, part, body) }
        guard last.count == 1, let transaction = last.integer(0, 0), let number = last.integer(0, 1) else { return .start }
        return ChangePosition(transaction: UInt64(bitPattern: transaction), number: number)
    }

    private func load(_ kind: Kind, _ part: LoadedPart, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) {
        var conditions = part == .vectors ? ["embedding_space_id IS NOT NULL"] : ["true"]
        if kind == .memory || Schema.of(kind).deletesSoftly { conditions.append("deleted_at IS NULL") }
        if kind == .message {
            conditions.append(
                "NOT EXISTS (SELECT 1 FROM \(names.table(.conversations)) AS c WHERE c.organization_id = r.organization_id AND c.id = r.conversation_id AND c.deleted_at IS NOT NULL)")
        }
        let columns = names.loaded(kind, part)
        let query = "SELECT \(columns.joined(separator: ", ")) FROM \(names.table(.of(kind))) AS r WHERE \(conditions.joined(separator: " AND "))"
        try link.connection.copy(query, columns: columns.count) { found throws(StorageError) in
            for row in 0..<found.count {
                do throws(StorageError) {
                    if kind == .memory { body(.success(.memory(try found.memory(row)))) } else { body(.success(.record(try found.record(row, kind)))) }
                } catch {
                    body(.failure(error))
                }
            }
        }
    }
}

extension PostgresConnection {
    /// Ends what only read; whoever asked need not wait for it.
    fileprivate func finish() throws(StorageError) {
        guard isInTransaction else { return }
        do throws(PostgresFailure) { try runLater(PostgresStep("COMMIT")) } catch { throw StorageError(error) }
    }
}
