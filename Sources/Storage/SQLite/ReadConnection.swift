import Records

/// A connection that only reads, with its statements. Belongs to one thread at a time.
final class ReadConnection: ReadSession {
    let connection: SQLiteConnection
    let stored: StatementCache
    private let begin: SQLiteStatement
    private let commit: SQLiteStatement
    private let memory: SQLiteStatement
    private let newest: SQLiteStatement
    private let newestOfAgent: SQLiteStatement
    private let newestOfSession: SQLiteStatement
    private let newestOfType: SQLiteStatement
    private let counter: SQLiteStatement
    private let changes: SQLiteStatement

    init(path: String) throws(StorageError) {
        connection = try SQLiteConnection(path: path, .readOnly)
        try connection.execute("PRAGMA cache_size = -16384; PRAGMA query_only = ON")
        stored = StatementCache(connection)
        begin = try connection.prepare("BEGIN")
        commit = try connection.prepare("COMMIT")
        let memories = Table.agentMemories.selection
        memory = try connection.prepare(memories + " WHERE organization_id = ?1 AND id = ?2")
        newest = try connection.prepare(memories + " WHERE organization_id = ?1 AND id < ?2 ORDER BY id DESC")
        newestOfAgent = try connection.prepare(
            memories + " INDEXED BY idx_agent_memories_agent WHERE organization_id = ?1 AND agent_id = ?3 AND id < ?2 ORDER BY id DESC")
        newestOfSession = try connection.prepare(
            memories + " INDEXED BY idx_agent_memories_session WHERE organization_id = ?1 AND session_id = ?3 AND id < ?2 ORDER BY id DESC")
        newestOfType = try connection.prepare(
            memories + " INDEXED BY idx_agent_memories_type WHERE organization_id = ?1 AND memory_type = ?3 AND id < ?2 ORDER BY id DESC")
        counter = try connection.prepare(Table.counters.selection + " WHERE organization_id = ?1")
        changes = try connection.prepare(Table.changes.selection + " WHERE number > ?1 ORDER BY number LIMIT ?2")
    }

    /// It reads whatever organization it is asked for.
    func snapshot<Value>(of organization: Identifier?, _ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        try begin.run()
        do throws(StorageError) {
            let value = try body()
            try commit.run()
            return value
        } catch {
            try connection.rollBack()
            throw error
        }
    }

    func memories(_ ids: [Identifier], of organization: Identifier, withVectors: Bool) throws(StorageError) -> [Memory] {
        var memories: [Memory] = []
        for id in ids {
            if let row = try find(id, organization, withVectors) { memories.append(row) }
        }
        return memories
    }

    private func find(_ id: Identifier, _ organization: Identifier, _ withVector: Bool) throws(StorageError) -> Memory? {
        try memory.bind(1, organization)
        try memory.bind(2, id)
        defer { memory.reset() }
        guard try memory.step() else { return nil }
        let row = try MemoryRow.decode(memory, withVector: withVector)
        guard row.id == id, row.organization == organization else { throw MemoryRow.corrupt(memory) }
        return row
    }

    func memories(supersededBy ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory] {
        let statement = try stored[Table.agentMemories.selection + " WHERE organization_id = ?1 AND superseded_by = ?2 AND superseded_by IS NOT NULL"]
        var memories: [Memory] = []
        for id in ids {
            try statement.bind(1, organization)
            try statement.bind(2, id)
            defer { statement.reset() }
            while try statement.step() { memories.append(try MemoryRow.decode(statement, withVector: false)) }
        }
        return memories
    }

    func each(_ listing: MemoryListing, of organization: Identifier, _ body: (Memory) throws(StorageError) -> Bool) throws(StorageError) {
        let statement: SQLiteStatement
        if let dueAt = listing.dueAt {
            // Both by their indexes.
            statement = try stored[
                Table.agentMemories.selection + """
                 WHERE organization_id = ?1 AND id < ?2 AND deleted_at IS NULL
                AND (forget_at IS NOT NULL AND forget_at <= ?3 OR expires_at IS NOT NULL AND expires_at <= ?3) ORDER BY id DESC
                """]
            try statement.bind(3, dueAt.microseconds)
        } else if let session = listing.session {
            statement = newestOfSession
            try statement.bind(3, session)
        } else if let agent = listing.agent {
            statement = newestOfAgent
            try statement.bind(3, agent)
        } else if let type = listing.type {
            statement = newestOfType
            try statement.bind(3, type.name)
        } else {
            statement = newest
        }
        try statement.bind(1, organization)
        if let after = listing.after { try statement.bind(2, after) } else { try statement.bind(2, ReadConnection.aboveAll) }
        defer { statement.reset() }
        var last = listing.after
        while try statement.step() {
            let memory = try MemoryRow.decode(statement, withVector: listing.withVectors)
            guard memory.organization == organization, last.map({ memory.id < $0 }) ?? true else { throw MemoryRow.corrupt(statement) }
            last = memory.id
            guard try body(memory) else { return }
        }
    }

    /// Longer than any identifier and greater than all.
    private static let aboveAll = [UInt8](repeating: 0xFF, count: Identifier.byteCount + 1)

    func counters(of organization: Identifier) throws(StorageError) -> [(kind: Kind, count: StoreCounts.Count)] {
        try counter.bind(1, organization)
        defer { counter.reset() }
        var counters: [(kind: Kind, count: StoreCounts.Count)] = []
        while try counter.step() { counters.append(try CounterRow.decode(counter, of: organization)) }
        return counters
    }

    /// The numbers are one writer's, so none is missing.
    func changes(after position: ChangePosition, limit: Int) throws(StorageError) -> [ChangeRecord] {
        let number = position.number
        try changes.bind(1, max(0, number))
        try changes.bind(2, Int64(max(0, limit)))
        defer { changes.reset() }
        var result: [ChangeRecord] = []
        while try changes.step() {
            let change = try ChangeRow.decode(changes)
            guard change.number == max(0, number) + Int64(result.count) + 1 else { throw changes.corrupt(.changes) }
            result.append(change)
        }
        return result
    }

    func tenancy() throws(StorageError) -> Tenancy {
        var organizations: [Organization] = []
        var keys: [AccessKey] = []
        var spaces: [EmbeddingSpace] = []
        let organization = try connection.prepare(Table.organizations.selection + " NOT INDEXED ORDER BY rowid")
        while try organization.step() {
            guard let found = Organization(try RecordRow.decode(organization, .organization, of: nil)) else { throw organization.corrupt(.organizations) }
            organizations.append(found)
        }
        let key = try connection.prepare(Table.apiKeys.selection + " NOT INDEXED ORDER BY rowid")
        while try key.step() {
            guard let found = AccessKey(try RecordRow.decode(key, .key, of: nil)) else { throw key.corrupt(.apiKeys) }
            keys.append(found)
        }
        let space = try connection.prepare(Table.embeddingSpaces.selection + " NOT INDEXED ORDER BY rowid")
        while try space.step() { spaces.append(try SpaceRow.decode(space)) }
        return Tenancy(organizations: organizations, keys: keys, spaces: spaces)
    }

    func load(_ part: LoadedPart, _ body: (Result<StoredRow, StorageError>) -> Void) throws(StorageError) -> ChangePosition {
        let last = try SQLiteSchema.lastChange(connection)
        let row = try connection.prepare(Table.agentMemories.selection + " NOT INDEXED ORDER BY rowid")
        while try row.step() {
            do throws(StorageError) {
                let memory = try MemoryRow.decode(row, withVector: part == .vectors)
                if part == .texts || memory.embedding != nil, memory.deletedAt == nil { body(.success(.memory(memory))) }
            } catch {
                body(.failure(error))
            }
        }
        for kind in Kind.searchable where kind != .memory { try load(kind, part, body) }
        return ChangePosition(number: last)
    }
}
