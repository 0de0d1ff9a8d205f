/// What the writing connection keeps prepared.
struct WriteStatements {
    let begin: SQLiteStatement
    let commit: SQLiteStatement
    let savepoint: SQLiteStatement
    let release: SQLiteStatement
    let rollBackToSavepoint: SQLiteStatement

    let insertSpace: SQLiteStatement
    let mainSpace: SQLiteStatement
    let space: SQLiteStatement

    let insertMemory: SQLiteStatement
    let memory: SQLiteStatement
    let updateMemory: SQLiteStatement

    let insertChange: SQLiteStatement
    let insertCounter: SQLiteStatement
    let counter: SQLiteStatement
    let updateCounter: SQLiteStatement
    let idempotency: SQLiteStatement
    let putIdempotency: SQLiteStatement
    let purgeIdempotency: SQLiteStatement

    init(_ connection: SQLiteConnection) throws(StorageError) {
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commit = try connection.prepare("COMMIT")
        savepoint = try connection.prepare("SAVEPOINT request")
        release = try connection.prepare("RELEASE request")
        rollBackToSavepoint = try connection.prepare("ROLLBACK TO request")

        insertSpace = try connection.prepare(Table.embeddingSpaces.insertion)
        mainSpace = try connection.prepare(Table.embeddingSpaces.selection + " WHERE organization_id = ?1 AND is_main = 1")
        space = try connection.prepare(Table.embeddingSpaces.selection + " WHERE organization_id = ?1 AND id = ?2")

        insertMemory = try connection.prepare(Table.agentMemories.insertion)
        memory = try connection.prepare(Table.agentMemories.selection + " WHERE organization_id = ?1 AND id = ?2")
        updateMemory = try connection.prepare(Table.agentMemories.update)

        insertChange = try connection.prepare(Table.changes.insertion)
        insertCounter = try connection.prepare(Table.counters.insertion)
        counter = try connection.prepare(Table.counters.selection + " WHERE organization_id = ?1 AND kind = ?2")
        updateCounter = try connection.prepare(Table.counters.update)
        idempotency = try connection.prepare(Table.idempotencyKeys.selection + " WHERE organization_id = ?1 AND idempotency_key = ?2")
        putIdempotency = try connection.prepare("REPLACE" + Table.idempotencyKeys.insertion.dropFirst("INSERT".count))
        purgeIdempotency = try connection.prepare(
            """
            DELETE FROM idempotency_keys
            WHERE rowid IN (SELECT rowid FROM idempotency_keys WHERE created_at <= ?1 ORDER BY created_at LIMIT ?2)
            """)
    }
}
