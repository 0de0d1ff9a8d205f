import Recall
import Records

extension Migrations {
    /// How long memories are kept: what is pinned, when what they say is so, what took their place, when they are forgotten.
    static let keeping = Migration(
        7, "keeping of memories",
        up: """
            ALTER TABLE agent_memories ADD COLUMN is_pinned INTEGER NOT NULL DEFAULT 0 CHECK (is_pinned IN (0, 1));
            ALTER TABLE agent_memories ADD COLUMN valid_from INTEGER;
            ALTER TABLE agent_memories ADD COLUMN valid_to INTEGER CHECK (valid_to > valid_from);
            ALTER TABLE agent_memories ADD COLUMN closed_at INTEGER;
            ALTER TABLE agent_memories ADD COLUMN superseded_by BLOB CHECK (length(superseded_by) = 16);
            ALTER TABLE agent_memories ADD COLUMN source_message_id BLOB CHECK (length(source_message_id) = 16);
            ALTER TABLE agent_memories ADD COLUMN forget_at INTEGER;
            ALTER TABLE agent_memories ADD COLUMN deleted_at INTEGER;
            ALTER TABLE agent_memories ADD COLUMN content_hash INTEGER;
            CREATE INDEX idx_agent_memories_content ON agent_memories (organization_id, content_hash, agent_id);
            CREATE INDEX idx_agent_memories_forget_at ON agent_memories (organization_id, forget_at) WHERE forget_at IS NOT NULL AND deleted_at IS NULL;
            CREATE INDEX idx_agent_memories_expires_at ON agent_memories (organization_id, expires_at) WHERE expires_at IS NOT NULL AND deleted_at IS NULL;
            CREATE INDEX idx_agent_memories_deleted_at ON agent_memories (organization_id, deleted_at) WHERE deleted_at IS NOT NULL;
            CREATE INDEX idx_agent_memories_superseded_by ON agent_memories (organization_id, superseded_by) WHERE superseded_by IS NOT NULL;
            CREATE INDEX idx_agent_memories_source ON agent_memories (organization_id, source_message_id) WHERE source_message_id IS NOT NULL;
            ALTER TABLE idempotency_keys ADD COLUMN details TEXT;
            """ + jobsTable(types: ["import", "export", "retention", "embed", "forget"]),
        down: """
            DELETE FROM jobs WHERE job_type = 'forget';
            ALTER TABLE idempotency_keys DROP COLUMN details;
            DROP INDEX idx_agent_memories_source;
            DROP INDEX idx_agent_memories_superseded_by;
            DROP INDEX idx_agent_memories_deleted_at;
            DROP INDEX idx_agent_memories_expires_at;
            DROP INDEX idx_agent_memories_forget_at;
            DROP INDEX idx_agent_memories_content;
            ALTER TABLE agent_memories DROP COLUMN content_hash;
            ALTER TABLE agent_memories DROP COLUMN deleted_at;
            ALTER TABLE agent_memories DROP COLUMN forget_at;
            ALTER TABLE agent_memories DROP COLUMN source_message_id;
            ALTER TABLE agent_memories DROP COLUMN superseded_by;
            ALTER TABLE agent_memories DROP COLUMN closed_at;
            ALTER TABLE agent_memories DROP COLUMN valid_to;
            ALTER TABLE agent_memories DROP COLUMN valid_from;
            ALTER TABLE agent_memories DROP COLUMN is_pinned;
            """ + jobsTable(types: ["import", "export", "retention", "embed"]),
        fill: { connection throws(StorageError) in
            try sealMemories(connection)
            try seal(.idempotencyKeys, addingAfter: idempotencyColumnsBefore, connection)
        },
        drain: { connection throws(StorageError) in
            try seal(.agentMemories, leaving: memoryColumnsBefore, connection)
            try seal(.idempotencyKeys, leaving: idempotencyColumnsBefore, connection)
        })

    private static let memoryColumnsBefore = 18
    private static let idempotencyColumnsBefore = 6

    /// Rows that were intact get what is new, and a checksum over it; what was damaged stays so.
    private static func sealMemories(_ connection: SQLiteConnection) throws(StorageError) {
        let fadings = try fadings(connection)
        let before = try connection.prepare(selection(.agentMemories, memoryColumnsBefore))
        let memories = try connection.prepare(Table.agentMemories.selection + " WHERE rowid = ?1")
        let update = try connection.prepare(Table.agentMemories.update)
        let row = RowEncoder()
        while try before.step() {
            guard before.isIntact(.agentMemories, columnCount: memoryColumnsBefore) else { continue }
            try memories.bind(1, before.integer(memoryColumnsBefore + 1))
            defer { memories.reset() }
            guard try memories.step(), var memory = MemoryRow.parse(memories, withVector: true) else { continue }
            memory.forgetAt = (fadings[memory.organization]?[memory.agent] ?? Fading()).forgetAt(MemoryFacts(memory))
            MemoryRow.encode(memory, into: row)
            try update.bind(row)
            try update.run()
        }
    }

    private static func fadings(_ connection: SQLiteConnection) throws(StorageError) -> [Identifier: [Identifier: Fading]] {
        var organizations: [Identifier: Record] = [:]
        let organization = try connection.prepare(Table.organizations.selection)
        while try organization.step() {
            guard let found = try? RecordRow.decode(organization, .organization, of: nil) else { continue }
            organizations[found.id] = found
        }
        var fadings: [Identifier: [Identifier: Fading]] = [:]
        let agent = try connection.prepare(Table.agents.selection)
        while try agent.step() {
            guard let found = try? RecordRow.decode(agent, .agent, of: nil) else { continue }
            fadings[found.organization, default: [:]][found.id] = MemorySettings(of: found, in: organizations[found.organization]).fading
        }
        return fadings
    }

    /// The first columns, the checksum, and the row's number.
    private static func selection(_ table: Table, _ count: Int) -> String {
        "SELECT \(table.columns.prefix(count).joined(separator: ", ")), checksum, rowid FROM \(table.name)"
    }

    /// A checksum over all columns, of rows that were intact without those that are new and empty.
    private static func seal(_ table: Table, addingAfter count: Int, _ connection: SQLiteConnection) throws(StorageError) {
        try reseal(table, count, connection) { statement in
            guard statement.isIntact(table, columnCount: count) else { return nil }
            var checksum = statement.checksum(table, columnCount: count)
            for _ in count..<table.columnCount { checksum.addNull() }
            return checksum
        }
    }

    private static func seal(_ table: Table, leaving count: Int, _ connection: SQLiteConnection) throws(StorageError) {
        try reseal(table, count, connection) { $0.checksum(table, columnCount: count) }
    }

    private static func reseal(_ table: Table, _ count: Int, _ connection: SQLiteConnection, _ checksum: (SQLiteStatement) -> RowChecksum?) throws(StorageError) {
        let rows = try connection.prepare(selection(table, count))
        let seal = try connection.prepare("UPDATE \(table.name) SET checksum = ?1 WHERE rowid = ?2")
        while try rows.step() {
            guard let sum = checksum(rows) else { continue }
            try seal.bind(1, Int64(sum.value))
            try seal.bind(2, rows.integer(count + 1))
            try seal.run()
        }
    }
}
