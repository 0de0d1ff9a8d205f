import Records

/// The connection that writes.
///
/// What needs no answer waits until something does, and goes out with it: a request of many rows takes one way there and back for each row that could be refused.
final class PostgresSession: WriteSession {
    static let holdsOneOrganization = true

    let link: PostgresLink
    let names: PostgresNames
    var waiting: [Waiting] = []
    private var waitingRows = 0
    private var waitingBytes = 0
    /// Places in `waiting` of what more may be added to: it comes before all that was asked for meanwhile, to which it makes no difference.
    var openBatches: [PostgresRowBatch.Target: Int] = [:]
    var openEnds: [Kind: Int] = [:]
    private var layouts: [Table: PostgresLayout] = [:]
    /// A refused row undoes nothing but itself; that costs each row a mark.
    var isCareful = false
    private(set) var wantsCare = false

    /// Change numbers that are this session's to give out, the next at `numberPlace`: some at a time, so that not each costs a way there and back.
    private var numbers: [Int64] = []
    private var numberPlace = 0
    private var numberPlaceAtBegin = 0
    private var numberPlacesAtMarks: [Int] = []

    /// The database's, once there is one.
    var mainSpace: Identifier?

    private static let numbersAtOnce: Int64 = 256
    /// Statements and rows that wait for the next that needs an answer.
    private static let waitingMax = 512
    private static let waitingBytesMax = 4 << 20
    private static let numbersKeptMax = 4_096

    init(_ link: PostgresLink) {
        self.link = link
        names = link.names
    }

    // MARK: Statements

    enum Waiting {
        case step(PostgresStep)
        case rows(PostgresRowBatch)
        /// Waits that have ended, of one kind.
        case ends(Kind, [Identifier], of: Identifier)
    }

    private func step(_ waiting: Waiting) -> PostgresStep {
        switch waiting {
        case .step(let step): return step
        case .rows(let batch): return batch.step(names)
        case .ends(let kind, let ids, let organization):
            return PostgresStep("DELETE FROM \(names.table(.embeddingWaits)) WHERE organization_id = $1 AND kind = $2 AND record_id = ANY($3)") { parameters in
                parameters.add(organization)
                parameters.add(Int64(kind.rawValue))
                parameters.add(ids)
            }
        }
    }

    /// Sends what waits, and then this.
    func ask(_ sql: String, _ fill: (inout PostgresParameters) -> Void = { _ in }) throws(StorageError) -> PostgresRows {
        do throws(PostgresFailure) { return try send([PostgresStep(sql, fill)])[0] } catch { throw StorageError(error) }
    }

    func later(_ sql: String, mustWrite: Int? = nil, mayBeRefused: Bool = false, _ fill: (inout PostgresParameters) -> Void = { _ in }) {
        var step = PostgresStep(sql, fill)
        step.mustWrite = mustWrite
        step.mayBeRefused = mayBeRefused
        waiting.append(.step(step))
    }

    private func forget() {
        waiting = []
        waitingRows = 0
        waitingBytes = 0
        closeBatches()
    }

    /// What is written from now on comes behind what waits.
    func closeBatches() {
        openBatches = [:]
        openEnds = [:]
    }

    /// Adds a row to those that go out together. Rows of another table that it may refer to stay before it.
    func add(_ table: Table, _ place: PostgresNames.VectorPlace = .main, mayBeThere: Bool, _ fill: (inout PostgresParameters) -> Void) throws(StorageError) {
        let target = PostgresRowBatch.Target(table: table, place: place, mayBeThere: mayBeThere)
        if openBatches[target] == nil {
            if layouts[table] == nil {
                guard let layout = PostgresLayout(try ask(PostgresLayout.query(names.table(table)))) else { throw .internalError("\(table.name) has no columns") }
                layouts[table] = layout
            }
            if let layout = layouts[table] {
                if table.kind != nil || table == .agentMemories { openBatches = openBatches.filter { $0.key.table == .changes } }
                openBatches[target] = waiting.count
                waiting.append(.rows(PostgresRowBatch(target, layout)))
            }
        }
        guard let open = openBatches[target], case .rows(var batch) = waiting[open] else { return }
        var row = PostgresParameters()
        fill(&row)
        // Not copied, while it is in one place only.
        waiting[open] = .step(PostgresStep(""))
        batch.add(row)
        waiting[open] = .rows(batch)
        waitingRows += 1
        waitingBytes += row.bytes.count
        if waiting.count + waitingRows >= PostgresSession.waitingMax || waitingBytes >= PostgresSession.waitingBytesMax { do throws(PostgresFailure) { _ = try send([]) } catch { throw StorageError(error) } }
    }

    /// What each of these steps gave. A failure tells which of them failed; what failed before them has a negative place.
    private func send(_ steps: [PostgresStep]) throws(PostgresFailure) -> [PostgresRows] {
        let before = waiting.map(step)
        forget()
        let connection: PostgresConnection
        do throws(StorageError) { connection = try link.connection } catch { throw PostgresFailure(code: "", message: error.detail) }
        // What was open on a connection that is gone is gone with it.
        let isBeginning = before.first?.sql == PostgresSession.begin
        guard connection.isInTransaction || isBeginning else {
            throw PostgresFailure(code: "", message: "the connection was lost within a transaction")
        }
        let all = before + steps
        do throws(PostgresFailure) {
            let answers = try link.run(all, over: connection, beginning: isBeginning)
            for (place, step) in all.enumerated() {
                guard let wanted = step.mustWrite, answers[place].written != wanted else { continue }
                throw PostgresFailure(code: "XX000", message: "a statement wrote \(answers[place].written) rows in place of \(wanted)", statement: place)
            }
            return Array(answers[before.count...])
        } catch {
            // Whose turn it was to give way is tried again by itself; so is what failed when a row before it may not have been taken.
            let mayFollowRefusal = !error.isOfConnection && error.code != "55P03" && all.prefix(error.statement + 1).contains(where: \.mayBeRefused)
            if !isCareful, mayFollowRefusal || ["40001", "40P01"].contains(error.code) { wantsCare = true }
            // A table may have changed.
            layouts = [:]
            var failure = error
            failure.statement -= before.count
            throw failure
        }
    }

    /// Writes a row that may be refused. A careful transaction asks at once, and undoes that row alone; another takes it for written until all goes out, and
    /// fails as a whole where it was not.
    func write(_ sql: String, _ fill: (inout PostgresParameters) -> Void) throws(StorageError) -> RowRefusal? {
        guard isCareful else {
            closeBatches()
            later(sql, mustWrite: 1, mayBeRefused: true, fill)
            if waiting.count >= PostgresSession.waitingMax { do throws(PostgresFailure) { _ = try send([]) } catch { throw StorageError(error) } }
            return nil
        }
        do throws(PostgresFailure) {
            return try send([PostgresStep("SAVEPOINT row"), PostgresStep(sql, fill), PostgresStep("RELEASE SAVEPOINT row")])[1].written == 0 ? .unique : nil
        } catch {
            guard error.statement >= 0, let refusal = RowRefusal(error) else { throw StorageError(error) }
            later("ROLLBACK TO SAVEPOINT row")
            later("RELEASE SAVEPOINT row")
            return refusal
        }
    }

    // MARK: Transactions

    private static let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"

    func begin(of organization: Identifier, carefully: Bool) throws(StorageError) {
        isCareful = carefully
        wantsCare = false
        numberPlaceAtBegin = numberPlace
        forget()
        waiting = link.opening(PostgresSession.begin, as: names.service, of: organization).map { .step($0) }
    }

    /// What waits goes first: that it wrote what it must is known before anything is committed.
    func commit() throws(StorageError) -> UInt64? {
        let transaction = try ask("SELECT pg_current_xact_id_if_assigned()").integer(0, 0).map { UInt64(bitPattern: $0) }
        // Whatever becomes of it, its numbers are not given out again.
        numberPlaceAtBegin = numberPlace
        _ = try ask("COMMIT")
        if numberPlace > PostgresSession.numbersKeptMax {
            numbers.removeFirst(numberPlace)
            numberPlace = 0
        }
        return transaction
    }

    func rollBack() throws(StorageError) {
        forget()
        // It may have been laid in what is undone now.
        mainSpace = nil
        numberPlace = numberPlaceAtBegin
        numberPlacesAtMarks = []
        // With the connection goes what was open on it.
        do throws(PostgresFailure) { try link.open?.rollBack() } catch { link.close() }
    }

    func mark() throws(StorageError) {
        closeBatches()
        later("SAVEPOINT request")
        numberPlacesAtMarks.append(numberPlace)
    }

    func release() throws(StorageError) {
        later("RELEASE SAVEPOINT request")
        numberPlacesAtMarks.removeLast()
    }

    func rollBackToMark() throws(StorageError) {
        closeBatches()
        later("ROLLBACK TO SAVEPOINT request")
        later("RELEASE SAVEPOINT request")
        mainSpace = nil
        numberPlace = numberPlacesAtMarks.removeLast()
    }

    func acknowledge() {}
    func tidy() {}
    func close() { link.close() }

    // MARK: Changes and counts

    func append(
        _ operation: ChangeRecord.Operation, _ kind: Kind, _ record: Identifier, version: Int64, of organization: Identifier, at time: Timestamp
    ) throws(StorageError) -> Int64 {
        if numberPlace == numbers.count {
            let given = try ask("SELECT nextval('\(names.quoted).change_numbers') FROM generate_series(1, $1::bigint)") { $0.add(PostgresSession.numbersAtOnce) }
            numbers += (0..<given.count).compactMap { given.integer($0, 0) }
            guard numberPlace < numbers.count else { throw .internalError("the change sequence gave no number") }
        }
        let change = ChangeRecord(
            number: numbers[numberPlace], organization: organization, kind: kind, record: record, version: version, operation: operation, at: time)
        numberPlace += 1
        try add(.changes, mayBeThere: false) { $0.add(change) }
        return change.number
    }

    func beginCounting(_ organization: Identifier) throws(StorageError) {
        for kind in StoreCounts.kinds {
            later(names.insertion(.counters)) { parameters in
                parameters.add(organization)
                parameters.add(Int64(kind.rawValue))
                for _ in 1...3 { parameters.add(0 as Int64) }
            }
        }
    }

    func count(_ more: StoreCounts.Count, of kind: Kind, _ organization: Identifier) throws(StorageError) {
        later("INSERT INTO \(names.quoted).counted (organization_id, kind, rows, with_vectors, deleted) VALUES ($1, $2, $3, $4, $5)") { parameters in
            parameters.add(organization)
            parameters.add(Int64(kind.rawValue))
            for count in [more.rows, more.withVectors, more.deleted] { parameters.add(count) }
        }
    }

    // MARK: Records

    func find(_ kind: Kind, _ id: Identifier, of organization: Identifier, withVector: Bool) throws(StorageError) -> Record? {
        let found = try ask(names.row(of: kind, withVectors: withVector) + PostgresSession.held) { $0.add(organization, id) }
        return found.count == 0 ? nil : try found.record(0, kind)
    }

    func records(_ kind: Kind, _ ids: [Identifier], of organization: Identifier) throws(StorageError) -> [Record] {
        let found = try rows(kind, ids, organization)
        var records: [Record] = []
        for row in 0..<found.count { records.append(try found.record(row, kind)) }
        return records
    }

    /// Two that hold the same rows wait for each other in one order.
    func rows(_ kind: Kind, _ ids: [Identifier], _ organization: Identifier) throws(StorageError) -> PostgresRows {
        try ask(names.rows(of: kind, withVectors: true) + " ORDER BY id" + PostgresSession.held) {
            $0.add(organization)
            $0.add(ids)
        }
    }

    /// What is read in order to be written stays as it is until then.
    static let held = " FOR NO KEY UPDATE"

    func insert(_ record: Record) throws(StorageError) -> RowRefusal? {
        let place = try place(record.embedding)
        guard isCareful else {
            try add(.of(record.kind), place, mayBeThere: false) { $0.add(record) }
            return nil
        }
        return try write(names.insertion(.of(record.kind), place) + " ON CONFLICT DO NOTHING") { $0.add(record) }
    }

    func update(_ record: Record) throws(StorageError) -> RowRefusal? {
        let place = try place(record.embedding)
        return try write(names.update(.of(record.kind), place)) { $0.add(record) }
    }

    func place(_ embedding: Embedding?) throws(StorageError) -> PostgresNames.VectorPlace {
        guard let embedding else { return .main }
        if mainSpace == nil { mainSpace = try ask("SELECT space_id FROM \(names.quoted).main_space") { _ in }.identifiers().first }
        return embedding.space == mainSpace ? .main : .beside
    }

    func delete(_ kind: Kind, _ id: Identifier, of organization: Identifier) throws(StorageError) {
        closeBatches()
        later("DELETE FROM \(names.table(.of(kind))) WHERE organization_id = $1 AND id = $2") { $0.add(organization, id) }
    }

    func agent(slug: String, of organization: Identifier) throws(StorageError) -> Record? {
        let found = try ask(names.selection(.agents) + " WHERE organization_id = $1 AND slug = $2" + PostgresSession.held) {
            $0.add(organization)
            $0.add(slug)
        }
        return found.count == 0 ? nil : try found.record(0, .agent)
    }

    func messages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) -> [WriteReceipt.Row] {
        let found = try ask("SELECT id, version FROM \(names.table(.messages)) WHERE organization_id = $1 AND conversation_id = $2 AND deleted_at IS NULL ORDER BY id") {
            $0.add(organization, conversation)
        }
        return (0..<found.count).compactMap { row in
            found.identifier(row, 0).map { WriteReceipt.Row(id: $0, version: found.integer(row, 1) ?? 1) }
        }
    }

    func liveMessages(of conversation: Identifier, _ organization: Identifier) throws(StorageError) -> [Record] {
        let found = try ask(names.selection(.messages) + " WHERE organization_id = $1 AND conversation_id = $2 AND deleted_at IS NULL ORDER BY id") {
            $0.add(organization, conversation)
        }
        var messages: [Record] = []
        for row in 0..<found.count { messages.append(try found.record(row, .message)) }
        return messages
    }

    func older(_ kind: Kind, than time: Timestamp, limit: Int, of organization: Identifier) throws(StorageError) -> [Identifier] {
        let (table, column) = (names.table(.of(kind)), kind == .conversation ? "last_activity_at" : "created_at")
        let isEmpty =
            kind != .conversation ? "" : " AND NOT EXISTS (SELECT 1 FROM \(names.table(.messages)) AS m WHERE m.organization_id = $1 AND m.conversation_id = r.id)"
        return try ask("SELECT id FROM \(table) AS r WHERE organization_id = $1 AND \(column) < $2\(isEmpty) ORDER BY \(column), id LIMIT $3") {
            $0.add(organization)
            $0.add(time)
            $0.add(Int64(limit))
        }.identifiers()
    }
}

extension StorageError {
    /// What happened, without what is said around it.
    fileprivate var detail: String {
        if case .unavailable(let detail) = self { detail } else { description }
    }
}
