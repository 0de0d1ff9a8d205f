import Records

/// The one connection that writes, with its statements.
final class SQLiteSession: WriteSession {
    static let holdsOneOrganization = false

    let connection: SQLiteConnection
    private let directory: DataDirectory
    private let checkpoints: Checkpoints
    private let statements: WriteStatements
    private let stored: StatementCache
    private let row = RowEncoder()
    /// The number of the next change. The writer alone gives them out, so that they have no gaps.
    private var nextChange: Int64
    private var nextChangeAtBegin: Int64
    private var nextChangeAtMarks: [Int64] = []
    /// False only while no row waits for a vector, so that writes need not look.
    private var mayWait: Bool

    init(_ connection: SQLiteConnection, _ directory: DataDirectory, _ checkpoints: Checkpoints) throws(StorageError) {
        self.connection = connection
        self.directory = directory
        self.checkpoints = checkpoints
        statements = try WriteStatements(connection)
        stored = StatementCache(connection)
        nextChange = try SQLiteSchema.lastChange(connection) + 1
        nextChangeAtBegin = nextChange
        mayWait = try connection.integer("SELECT EXISTS (SELECT 1 FROM embedding_waits)") != 0
    }

    // MARK: Transactions

    /// A refused row never undoes more than itself.
    let wantsCare = false

    func begin(of organization: Identifier, carefully: Bool) throws(StorageError) {
        nextChangeAtBegin = nextChange
        try statements.begin.run()
    }

    func commit() throws(StorageError) -> UInt64? {
        try statements.commit.run()
        return nil
    }

    func rollBack() throws(StorageError) {
        nextChange = nextChangeAtBegin
        nextChangeAtMarks = []
        try connection.rollBack()
    }

    func mark() throws(StorageError) {
        try statements.savepoint.run()
        nextChangeAtMarks.append(nextChange)
    }

    func release() throws(StorageError) {
        try statements.release.run()
        nextChangeAtMarks.removeLast()
    }

    func rollBackToMark() throws(StorageError) {
        try statements.rollBackToSavepoint.run()
        try statements.release.run()
        nextChange = nextChangeAtMarks.removeLast()
    }

    func acknowledge() { directory.acknowledge(lastChange) }

    func tidy() { checkpoints.committed(connection) }

    /// Copies the log into the database file.
    func close() {
        checkpoints.close()
        try? connection.execute("PRAGMA analysis_limit = 1000; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
    }

    // MARK: Changes and counts

    /// The number of the last change that was given out; 0 before the first.
    var lastChange: Int64 { nextChange - 1 }

    func append(
        _ operation: ChangeRecord.Operation, _ kind: Kind, _ record: Identifier, version: Int64, of organization: Identifier, at time: Timestamp
    ) throws(StorageError) -> Int64 {
        let change = ChangeRecord(
            number: nextChange, organization: organization, kind: kind, record: record, version: version, operation: operation, at: time)
        ChangeRow.encode(change, into: row)
        try statements.insertChange.bind(row)
        try statements.insertChange.run()
        nextChange += 1
        return change.number
    }

    func beginCounting(_ organization: Identifier) throws(StorageError) {
        for kind in StoreCounts.kinds {
            CounterRow.encode(StoreCounts.Count(), of: kind, organization, into: row)
            try statements.insertCounter.bind(row)
            try statements.insertCounter.run()
        }
    }

    func count(_ more: StoreCounts.Count, of kind: Kind, _ organization: Identifier) throws(StorageError) {
        let statement = statements.counter
        try statement.bind(1, organization)
        try statement.bind(2, Int64(kind.rawValue))
        defer { statement.reset() }
        guard try statement.step() else { throw .corruptRow(table: Table.counters.name, place: "\(organization)/\(kind.rawValue)") }
        var count = try CounterRow.decode(statement, of: organization).count
        count += more
        CounterRow.encode(count, of: kind, organization, into: row)
        statement.reset()
        try statements.updateCounter.bind(row)
        try statements.updateCounter.run()
    }

    // MARK: Records

    func find(_ kind: Kind, _ id: Identifier, of organization: Identifier, withVector: Bool) throws(StorageError) -> Record? {
        try stored.find(kind, id, of: organization, withVector: withVector)
    }

    func records(_ kind: Kind, _ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Record] {
        var records: [Record] = []
        for id in ids {
            if let record = try stored.find(kind, id, of: organization) { records.append(record) }
        }
        return records
    }

    func memories(_ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory] {
        var memories: [Memory] = []
        for id in ids {
            if let memory = try memory(id, of: organization) { memories.append(memory) }
        }
        return memories
    }

    func insert(_ record: Record) throws(StorageError) -> RowRefusal? {
        RecordRow.encode(record, into: row)
        let statement = try stored.insertion(record.kind)
        try statement.bind(row)
        return try statement.runUnlessRefused()
    }

    func update(_ record: Record) throws(StorageError) -> RowRefusal? {
        RecordRow.encode(record, into: row)
        let statement = try stored.update(record.kind)
        try statement.bind(row)
        return try statement.runUnlessRefused()
    }

    func delete(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError) {
        let statement = try stored["DELETE FROM \(Table.of(kind).name) WHERE organization_id = ?1 AND id = ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, id)
        try statement.run()
    }

    func agent(slug: String, of organization: Identifier) throws(StorageError) -> Record? {
        let statement = try stored[Table.agents.selection + " WHERE organization_id = ?1 AND slug = ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, slug)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let found = try RecordRow.decode(statement, .agent, of: organization)
        guard found.text(.slug) == slug else { throw statement.corrupt(.agents) }
        return found
    }

    func messages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) -> [WriteReceipt.Row] {
        let statement = try stored["SELECT id, version FROM messages WHERE organization_id = ?1 AND conversation_id = ?2 AND deleted_at IS NULL ORDER BY id"]
        try statement.bind(1, organization)
        try statement.bind(2, conversation)
        defer { statement.reset() }
        var messages: [WriteReceipt.Row] = []
        while try statement.step() {
            guard let id = statement.identifier(0) else { throw statement.corrupt(.messages) }
            messages.append(WriteReceipt.Row(id: id, version: statement.integer(1)))
        }
        return messages
    }

    func liveMessages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) -> [Record] {
        let statement = try stored[Table.messages.selection + " WHERE organization_id = ?1 AND conversation_id = ?2 AND deleted_at IS NULL ORDER BY id"]
        try statement.bind(1, organization)
        try statement.bind(2, conversation)
        defer { statement.reset() }
        var messages: [Record] = []
        while try statement.step() { messages.append(try RecordRow.decode(statement, .message, of: organization)) }
        return messages
    }

    func older(_ kind: Kind, than time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Identifier] {
        let (table, column) = (Table.of(kind).name, kind == .conversation ? "last_activity_at" : "created_at")
        let isEmpty = kind != .conversation ? "" : " AND NOT EXISTS (SELECT 1 FROM messages AS m WHERE m.organization_id = ?1 AND m.conversation_id = \(table).id)"
        let statement = try stored["SELECT id FROM \(table) WHERE organization_id = ?1 AND \(column) < ?2\(isEmpty) ORDER BY \(column), id LIMIT ?3"]
        try statement.bind(1, organization)
        try statement.bind(2, time.microseconds)
        try statement.bind(3, Int64(limit))
        return try identifiers(statement)
    }

    func identifiers(_ kind: Kind, _ field: RecordField, _ value: Identifier, limit: Int, of organization: Identifier) throws(StorageError) -> [Identifier] {
        let column = Schema.of(kind)[field]?.column ?? "id"
        let statement = try stored["SELECT id FROM \(Table.of(kind).name) WHERE organization_id = ?1 AND \(column) = ?2 AND \(column) IS NOT NULL LIMIT ?3"]
        try statement.bind(1, organization)
        try statement.bind(2, value)
        try statement.bind(3, Int64(limit))
        return try identifiers(statement)
    }

    private func identifiers(_ statement: SQLiteStatement) throws(StorageError) -> [Identifier] {
        defer { statement.reset() }
        var ids: [Identifier] = []
        while try statement.step() {
            if let id = statement.identifier(0) { ids.append(id) }
        }
        return ids
    }

    // MARK: Memories

    func memory(_ id: Identifier, of organization: Identifier) throws(StorageError) -> Memory? {
        let statement = statements.memory
        try statement.bind(1, organization)
        try statement.bind(2, id)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let memory = try MemoryRow.decode(statement, withVector: true)
        guard memory.id == id, memory.organization == organization else { throw MemoryRow.corrupt(statement) }
        return memory
    }

    /// One that is damaged is left out where others must not wait for it; `verify` finds it.
    private func memories(
        _ conditions: String, _ organization: Identifier, skippingDamaged: Bool = true, _ bind: (SQLiteStatement) throws(StorageError) -> Void
    ) throws(StorageError) -> [Memory] {
        let statement = try stored[Table.agentMemories.selection + " WHERE organization_id = ?1 AND \(conditions)"]
        try statement.bind(1, organization)
        try bind(statement)
        defer { statement.reset() }
        var memories: [Memory] = []
        while try statement.step() {
            do throws(StorageError) {
                let memory = try MemoryRow.decode(statement, withVector: true)
                guard memory.organization == organization else { throw MemoryRow.corrupt(statement) }
                memories.append(memory)
            } catch {
                guard skippingDamaged, case .corruptRow = error else { throw error }
            }
        }
        return memories
    }

    func traces(of kind: Kind, _ id: Identifier, in organization: Identifier) throws(StorageError) -> RowTraces? {
        let schema = Schema.of(kind)
        let (vector, deleted) = (schema.hasVector ? "embedding IS NOT NULL" : "0", kind == .memory || schema.deletesSoftly ? "deleted_at IS NOT NULL" : "0")
        let statement = try stored["SELECT version, \(vector), \(deleted) FROM \(Table.of(kind).name) WHERE organization_id = ?1 AND id = ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, id)
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        return RowTraces(version: max(1, statement.integer(0)), hasVector: statement.integer(1) != 0, isDeleted: statement.integer(2) != 0)
    }

    func memories(hash: Int64, beside memory: Memory, after begin: Timestamp, limit: Int) throws(StorageError) -> [Memory] {
        let (user, session) = (memory.user.map { _ in "= ?4" } ?? "IS NULL", memory.session.map { _ in "= ?5" } ?? "IS NULL")
        let scope = "content_hash = ?2 AND agent_id = ?3 AND user_id \(user) AND session_id \(session)"
        return try memories(scope + " AND deleted_at IS NULL AND (valid_to IS NULL OR valid_to > ?6) LIMIT ?7", memory.organization) { statement throws(StorageError) in
            try statement.bind(2, hash)
            try statement.bind(3, memory.agent)
            if let user = memory.user { try statement.bind(4, user) }
            if let session = memory.session { try statement.bind(5, session) }
            try statement.bind(6, begin.microseconds)
            try statement.bind(7, Int64(limit))
        }
    }

    func memories(supersededBy ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory] {
        var found: [Memory] = []
        for id in ids {
            found += try memories("superseded_by = ?2 AND superseded_by IS NOT NULL", organization) { statement throws(StorageError) in try statement.bind(2, id) }
        }
        return found
    }

    func memories(due column: DueColumn, at time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Memory] {
        let name = column.rawValue
        return try memories("\(name) IS NOT NULL AND \(name) <= ?2 AND deleted_at IS NULL ORDER BY \(name) LIMIT ?3", organization) { statement throws(StorageError) in
            try statement.bind(2, time.microseconds)
            try statement.bind(3, Int64(limit))
        }
    }

    func hiddenMemories(before time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Memory] {
        try memories("deleted_at < ?2 ORDER BY deleted_at LIMIT ?3", organization) { statement throws(StorageError) in
            try statement.bind(2, time.microseconds)
            try statement.bind(3, Int64(limit))
        }
    }

    func memories(_ part: MemoryPart, of organization: Identifier) throws(StorageError) -> [Memory] {
        let (agent, session) = (part.agent.map { _ in " AND agent_id = ?4" } ?? "", part.session.map { _ in " AND session_id = ?5" } ?? "")
        return try memories("id > ?2 AND deleted_at IS NULL\(agent)\(session) ORDER BY id LIMIT ?3", organization, skippingDamaged: false) { statement throws(StorageError) in
            try statement.bind(2, part.after ?? .none)
            try statement.bind(3, Int64(part.limit))
            if let agent = part.agent { try statement.bind(4, agent) }
            if let session = part.session { try statement.bind(5, session) }
        }
    }

    func memorySettings(of organization: Identifier) throws(StorageError) -> JSON? {
        try stored.find(.organization, organization, of: organization)?.json(.settings)?[Organization.memoryMember]
    }

    func insert(_ memory: Memory) throws(StorageError) -> RowRefusal? {
        MemoryRow.encode(memory, into: row)
        try statements.insertMemory.bind(row)
        return try statements.insertMemory.runUnlessRefused()
    }

    func update(_ memory: Memory) throws(StorageError) -> RowRefusal? {
        MemoryRow.encode(memory, into: row)
        try statements.updateMemory.bind(row)
        return try statements.updateMemory.runUnlessRefused()
    }

    // MARK: Spaces and waits

    func mainSpace(of organization: Identifier) throws(StorageError) -> EmbeddingSpace? {
        let statement = statements.mainSpace
        try statement.bind(1, organization)
        return try space(statement, of: organization)
    }

    func space(_ id: Identifier, of organization: Identifier) throws(StorageError) -> EmbeddingSpace? {
        let statement = statements.space
        try statement.bind(1, organization)
        try statement.bind(2, id)
        return try space(statement, of: organization, id)
    }

    private func space(_ statement: SQLiteStatement, of organization: Identifier, _ id: Identifier? = nil) throws(StorageError) -> EmbeddingSpace? {
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        let space = try SpaceRow.decode(statement)
        guard space.organization == organization, id == nil || space.id == id else { throw statement.corrupt(.embeddingSpaces) }
        return space
    }

    func insert(_ space: EmbeddingSpace) throws(StorageError) -> RowRefusal? {
        SpaceRow.encode(space, isMain: true, into: row)
        try statements.insertSpace.bind(row)
        return try statements.insertSpace.runUnlessRefused()
    }

    func putWait(_ kind: Kind, _ id: Identifier, of organization: Identifier, since time: Timestamp) throws(StorageError) {
        mayWait = true
        WaitRow.encode(kind, id, of: organization, since: time, into: row)
        let statement = try stored[Table.embeddingWaits.insertion + " ON CONFLICT DO NOTHING"]
        try statement.bind(row)
        try statement.run()
    }

    func endWait(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError) {
        guard mayWait else { return }
        let statement = try stored["DELETE FROM embedding_waits WHERE organization_id = ?1 AND kind = ?2 AND record_id = ?3"]
        try statement.bind(1, organization)
        try statement.bind(2, Int64(kind.rawValue))
        try statement.bind(3, id)
        try statement.run()
    }

    // MARK: Digests of texts

    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [(memory: Identifier, key: AuditKey?)] {
        var keys: [(memory: Identifier, key: AuditKey?)] = []
        for memory in memories {
            do throws(StorageError) {
                // Where there is a key there is its memory.
                if let key = try stored.auditKey(of: memory, organization) { keys.append((memory, key)) } else if try exists(memory, organization) { keys.append((memory, nil)) }
            } catch {
                guard case .corruptRow = error else { throw error }
            }
        }
        return keys
    }

    private func exists(_ memory: Identifier, _ organization: Identifier) throws(StorageError) -> Bool {
        let statement = try stored["SELECT 1 FROM agent_memories WHERE organization_id = ?1 AND id = ?2"]
        try statement.bind(1, organization)
        try statement.bind(2, memory)
        defer { statement.reset() }
        return try statement.step()
    }

    func put(_ key: AuditKey, of memory: Identifier, _ organization: Identifier) throws(StorageError) {
        AuditKeyRow.encode(key, of: memory, organization, into: row)
        let statement = try stored[Table.auditKeys.insertion]
        try statement.bind(row)
        try statement.run()
    }

    // MARK: Receipts

    func receipt(under key: Identifier, of organization: Identifier) throws(StorageError) -> IdempotencyRow? {
        let statement = statements.idempotency
        try statement.bind(1, organization)
        try statement.bind(2, key)
        defer { statement.reset() }
        return try statement.step() ? try IdempotencyRow.decode(statement) : nil
    }

    func put(_ receipt: WriteReceipt, under idempotency: Idempotency, of organization: Identifier, at time: Timestamp) throws(StorageError) -> RowRefusal? {
        IdempotencyRow.encode(idempotency, receipt, of: organization, at: time, into: row)
        try statements.putIdempotency.bind(row)
        return try statements.putIdempotency.runUnlessRefused()
    }

    func purgeReceipts(until time: Timestamp, limit: Int) throws(StorageError) {
        try statements.purgeIdempotency.bind(1, time.microseconds)
        try statements.purgeIdempotency.bind(2, Int64(limit))
        try statements.purgeIdempotency.run()
    }

    func purgeReceipts(of organization: Identifier) throws(StorageError) {
        let statement = try stored["DELETE FROM idempotency_keys WHERE organization_id = ?1"]
        try statement.bind(1, organization)
        try statement.run()
    }
}
