import Records

extension ReadConnection {
    /// Those that exist and may be seen, in the order asked.
    func records(
        _ kind: Kind, _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool
    ) throws(StorageError) -> [Record] {
        var found: [Record] = []
        found.reserveCapacity(ids.count)
        var conversations = ConversationStates()
        var bytes = 0
        for id in ids {
            guard let record = try stored.find(kind, id, of: organization, withVector: withVectors), record.deletedAt == nil, narrowing.shows(record),
                try !isHidden(record, &conversations)
            else { continue }
            bytes += RecordRow.bytes(of: record)
            guard bytes <= Limits.answerBytesMax else { throw .tooLarge(bytesMax: Limits.answerBytesMax) }
            found.append(record)
        }
        return found
    }

    /// What the index does not answer is judged here, after the checksum: a damaged field must not hide a row.
    func page(_ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing) throws(StorageError) -> RecordPage {
        let statement = try stored[ReadConnection.sql(listing)]
        try bind(listing, organization, to: statement)
        defer { statement.reset() }
        let limit = max(1, min(listing.limit, Limits.pageMax))
        var records: [Record] = []
        var conversations = ConversationStates()
        var bytes = 0
        while try statement.step() {
            let record = try RecordRow.decode(statement, listing.kind, of: organization, withVector: listing.withVectors)
            guard listing.admits(record), narrowing.shows(record) else { continue }
            if listing.deleted == .without, try isHidden(record, &conversations) { continue }
            bytes += RecordRow.bytes(of: record)
            let isFull = records.count == limit || bytes > Limits.answerBytesMax
            if isFull, let last = records.last { return RecordPage(records: records, next: listing.cursor(at: last)) }
            records.append(record)
        }
        return RecordPage(records: records, next: nil)
    }

    /// One statement for each order, direction, and set of fields that the listing narrows by.
    private static func sql(_ listing: RecordListing) -> String {
        let schema = Schema.of(listing.kind)
        var conditions = [listing.kind == .organization ? "id = ?1" : "organization_id = ?1"]
        for (place, field) in listing.fields.enumerated() { conditions.append("\(schema[field]?.column ?? "id") = ?\(place + 4)") }
        let direction = listing.isAscending ? "ASC" : "DESC"
        let comparison = listing.isAscending ? ">" : "<"
        let order = listing.order.map { schema[$0]?.column ?? $0.name }
        if listing.after != nil { conditions.append(order.map { "(\($0), id) \(comparison) (?2, ?3)" } ?? "id \(comparison) ?3") }
        if listing.deleted == .without, schema.deletesSoftly { conditions.append("deleted_at IS NULL") }
        let ordering = order.map { "\($0) \(direction), id \(direction)" } ?? "id \(direction)"
        return Table.of(listing.kind).selection + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY \(ordering)"
    }

    private func bind(_ listing: RecordListing, _ organization: Identifier, to statement: SQLiteStatement) throws(StorageError) {
        try statement.bind(1, organization)
        if let after = listing.after {
            try statement.bind(3, after.id)
            if let value = after.value { try statement.bind(2, value) }
        }
        for (place, field) in listing.fields.enumerated() {
            if let value = listing.values[field] { try statement.bind(place + 4, value) }
        }
    }

    func waitingJobs(_ types: Set<JobType>, at time: Timestamp) throws(StorageError) -> [Record] {
        let statement = try stored[Table.of(.job).selection + " WHERE state IN ('queued', 'running') ORDER BY state, id"]
        defer { statement.reset() }
        var jobs: [Record] = []
        while try statement.step() {
            let job = try RecordRow.decode(statement, .job, of: nil)
            guard let type = job.jobType, types.contains(type) else { continue }
            let isDead = job.time(.leaseUntil).map { $0 <= time } ?? true
            if job.jobState == .queued || isDead { jobs.append(job) }
        }
        return jobs
    }

    /// Conversations that one read has looked at, and whether they are deleted.
    struct ConversationStates {
        var areDeleted: [Identifier: Bool] = [:]
    }

    private func isHidden(_ record: Record, _ conversations: inout ConversationStates) throws(StorageError) -> Bool {
        guard record.kind == .message, let id = record.identifier(.conversation) else { return false }
        if let known = conversations.areDeleted[id] { return known }
        let isDeleted = try stored.find(.conversation, id, of: record.organization, withVector: false)?.deletedAt != nil
        conversations.areDeleted[id] = isDeleted
        return isDeleted
    }

    /// Every record that has a vector and can be found.
    func load(_ kind: Kind, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) {
        var conversations = ConversationStates()
        let row = try connection.prepare(Table.of(kind).selection + " NOT INDEXED ORDER BY rowid")
        while try row.step() {
            do throws(StorageError) {
                let record = try RecordRow.decode(row, kind, of: nil)
                if record.embedding != nil, record.deletedAt == nil, try !isHidden(record, &conversations) { body(.success(.record(record))) }
            } catch {
                body(.failure(error))
            }
        }
    }
}

extension RecordListing {
    /// The fields that it narrows by, in one order for all listings of that shape.
    fileprivate var fields: [RecordField] { values.keys.sorted { $0.rawValue < $1.rawValue } }

    fileprivate func admits(_ record: Record) -> Bool {
        switch deleted {
        case .without: if record.deletedAt != nil { return false }
        case .with: break
        case .only: if record.deletedAt == nil { return false }
        }
        return values.allSatisfy { record[$0.key] == $0.value }
    }
}

extension SQLiteStatement {
    fileprivate func bind(_ index: Int, _ value: Value) throws(StorageError) {
        switch value {
        case .flag(let flag): try bind(index, flag ? 1 as Int64 : 0)
        case .integer(let integer): try bind(index, integer)
        case .number(let number): try bind(index, number)
        case .text(let text): try bind(index, text)
        case .identifier(let id): try bind(index, id)
        case .time(let time): try bind(index, time.microseconds)
        case .texts, .json, .bytes, .vector: throw .internalError("a list is ordered by a value that has no order")
        }
    }
}
