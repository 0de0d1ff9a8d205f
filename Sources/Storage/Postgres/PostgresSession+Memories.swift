import Records

/// The rows of memories.
extension PostgresSession {
    func memory(_ id: Identifier, of organization: Identifier) throws(StorageError) -> Memory? {
        let found = try ask(names.row(of: .memory, withVectors: true) + PostgresSession.held) { $0.add(organization, id) }
        return found.count == 0 ? nil : try found.memory(0)
    }

    func memories(_ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory] {
        try memories(in: try rows(.memory, ids, organization))
    }

    private func memories(in found: PostgresRows) throws(StorageError) -> [Memory] {
        var memories: [Memory] = []
        for row in 0..<found.count { memories.append(try found.memory(row)) }
        return memories
    }

    private func memories(_ conditions: String, _ organization: Identifier, _ fill: (inout PostgresParameters) -> Void) throws(StorageError) -> [Memory] {
        let found = try ask(names.selection(.agentMemories) + " WHERE organization_id = $1 AND \(conditions)" + PostgresSession.held) {
            $0.add(organization)
            fill(&$0)
        }
        return try memories(in: found)
    }

    func memories(hash: Int64, beside memory: Memory, after begin: Timestamp, limit: Int) throws(StorageError) -> [Memory] {
        let conditions = """
            content_hash = $2 AND agent_id = $3 AND user_id IS NOT DISTINCT FROM $4::uuid AND session_id IS NOT DISTINCT FROM $5::uuid AND deleted_at IS NULL
            AND (valid_to IS NULL OR valid_to > $6) LIMIT $7
            """
        return try memories(conditions, memory.organization) {
            $0.add(hash)
            $0.add(memory.agent)
            $0.add(memory.user)
            $0.add(memory.session)
            $0.add(begin)
            $0.add(Int64(limit))
        }
    }

    func memories(supersededBy ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Memory] {
        try memories("superseded_by = ANY($2)", organization) { $0.add(ids) }
    }

    func memories(due column: DueColumn, at time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Memory] {
        try memories("\(column.rawValue) <= $2 AND deleted_at IS NULL ORDER BY \(column.rawValue), id LIMIT $3", organization) {
            $0.add(time)
            $0.add(Int64(limit))
        }
    }

    func hiddenMemories(before time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Memory] {
        try memories("deleted_at < $2 ORDER BY deleted_at, id LIMIT $3", organization) {
            $0.add(time)
            $0.add(Int64(limit))
        }
    }

    func memories(_ part: MemoryPart, of organization: Identifier) throws(StorageError) -> [Memory] {
        try memories("id > $2 AND deleted_at IS NULL AND ($4::uuid IS NULL OR agent_id = $4) AND ($5::uuid IS NULL OR session_id = $5) ORDER BY id LIMIT $3", organization) {
            $0.add(part.after ?? .none)
            $0.add(Int64(part.limit))
            $0.add(part.agent)
            $0.add(part.session)
        }
    }

    func memorySettings(of organization: Identifier) throws(StorageError) -> JSON? {
        let found = try ask("SELECT settings -> '\(Organization.memoryMember)' FROM \(names.table(.organizations)) WHERE id = $1") { $0.add(organization) }
        return found.count == 0 || found.isNull(0, 0) ? nil : found.json(0, 0)
    }

    func insert(_ memory: Memory) throws(StorageError) -> RowRefusal? {
        let place = try place(memory.embedding)
        guard isCareful else {
            try add(.agentMemories, place, mayBeThere: false) { $0.add(memory) }
            return nil
        }
        return try write(names.insertion(.agentMemories, place) + " ON CONFLICT DO NOTHING") { $0.add(memory) }
    }

    func update(_ memory: Memory) throws(StorageError) -> RowRefusal? {
        let place = try place(memory.embedding)
        return try write(names.update(.agentMemories, place)) { $0.add(memory) }
    }

    func identifiers(_ kind: Kind, _ field: RecordField, _ value: Identifier, limit: Int, of organization: Identifier) throws(StorageError) -> [Identifier] {
        let column = Schema.of(kind)[field]?.column ?? "id"
        return try ask("SELECT id FROM \(names.table(.of(kind))) WHERE organization_id = $1 AND \(column) = $2 ORDER BY id LIMIT $3") {
            $0.add(organization, value)
            $0.add(Int64(limit))
        }.identifiers()
    }

    func auditKeys(of memories: [Identifier], _ organization: Identifier) throws(StorageError) -> [(memory: Identifier, key: AuditKey?)] {
        let found = try ask(
            """
            SELECT m.id, k.audit_key FROM \(names.table(.agentMemories)) AS m
            LEFT JOIN \(names.table(.auditKeys)) AS k ON k.organization_id = m.organization_id AND k.memory_id = m.id
            WHERE m.organization_id = $1 AND m.id = ANY($2) ORDER BY m.id FOR KEY SHARE OF m
            """
        ) {
            $0.add(organization)
            $0.add(memories)
        }
        return (0..<found.count).compactMap { row in found.identifier(row, 0).map { ($0, found.isNull(row, 1) ? nil : AuditKey(bytes: found.blob(row, 1))) } }
    }

    func put(_ key: AuditKey, of memory: Identifier, _ organization: Identifier) throws(StorageError) {
        // Where another server makes one in the same moment, that one stays, and of what this one writes now it cannot be told what it said.
        try add(.auditKeys, mayBeThere: true) {
            $0.add(organization, memory)
            $0.add(key.bytes)
        }
    }

    /// Rows bear no checksums of ours here: one that cannot be read is none that is damaged.
    func traces(of kind: Kind, _ id: Identifier, in organization: Identifier) throws(StorageError) -> RowTraces? { nil }

    func purgeReceipts(of organization: Identifier) throws(StorageError) {
        closeBatches()
        later("DELETE FROM \(names.table(.idempotencyKeys)) WHERE organization_id = $1") { $0.add(organization) }
    }
}
