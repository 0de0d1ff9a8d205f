import Records

/// Answers questions about rows, whatever keeps them: what may be seen of them, and how much one answer holds.
struct Reader {
    let session: any ReadSession

    /// Rows that are asked for at once; even the largest of them fit into memory together.
    private static let rowsAtOnce = 64

    // MARK: Memories

    func memories(
        _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool
    ) throws(StorageError) -> [Memory] {
        var found: [Memory] = []
        found.reserveCapacity(ids.count)
        var bytes = 0
        for part in ids.parts(of: Reader.rowsAtOnce) {
            let memories = try session.memories(part, of: organization, withVectors: withVectors)
            for memory in memories.inOrder(of: part, by: \.id) where memory.deletedAt == nil && narrowing.admits(memory) {
                bytes += WriteAction.bytes(of: memory)
                guard bytes <= Limits.answerBytesMax else { throw .tooLarge(bytesMax: Limits.answerBytesMax) }
                found.append(memory)
            }
        }
        return found
    }

    /// What the listing's index does not answer is judged here, after the row was checked: a damaged time of expiry must not hide a row.
    func page(_ listing: MemoryListing, of organization: Identifier, shownTo narrowing: Narrowing, at time: Timestamp) throws(StorageError) -> MemoryPage {
        let limit = max(1, min(listing.limit, Limits.pageMax))
        var (memories, bytes, isFull): ([Memory], Int, Bool) = ([], 0, false)
        try session.each(listing, of: organization) { memory throws(StorageError) in
            guard listing.admits(memory, at: time), narrowing.admits(memory) else { return true }
            bytes += WriteAction.bytes(of: memory)
            isFull = !memories.isEmpty && (memories.count == limit || bytes > Limits.answerBytesMax)
            if !isFull { memories.append(memory) }
            return !isFull
        }
        return MemoryPage(memories: memories, next: isFull ? memories.last?.id : nil)
    }

    /// A memory, those that took its place one after the other, and those whose place they took, in the order in which they were so.
    func history(of id: Identifier, _ organization: Identifier, shownTo narrowing: Narrowing, at time: Timestamp) throws(StorageError) -> [Memory] {
        var found: [Identifier: Memory] = [:]
        var (ahead, bytes) = ([id], 0)
        while !ahead.isEmpty, found.count < Limits.pageMax {
            let wanted = Array(ahead.prefix(Reader.rowsAtOnce))
            ahead.removeFirst(wanted.count)
            let memories = try session.memories(wanted, of: organization, withVectors: false) + session.memories(supersededBy: wanted, of: organization)
            for memory in memories where found[memory.id] == nil && memory.isShown(at: time) && narrowing.admits(memory) {
                bytes += WriteAction.bytes(of: memory)
                guard bytes <= Limits.answerBytesMax else { throw .tooLarge(bytesMax: Limits.answerBytesMax) }
                found[memory.id] = memory
                if !wanted.contains(memory.id) { ahead.append(memory.id) }
                if let next = memory.supersededBy { ahead.append(next) }
            }
        }
        func begin(_ memory: Memory) -> Timestamp { memory.validity.from ?? memory.createdAt }
        guard found[id] != nil else { return [] }
        return found.values.sorted { a, b in begin(a) != begin(b) ? begin(a) < begin(b) : a.id < b.id }
    }

    // MARK: Records

    /// Those that exist and may be seen, in the order asked.
    func records(
        _ kind: Kind, _ ids: [Identifier], of organization: Identifier, shownTo narrowing: Narrowing, withVectors: Bool
    ) throws(StorageError) -> [Record] {
        var found: [Record] = []
        found.reserveCapacity(ids.count)
        var conversations = ConversationStates()
        var bytes = 0
        for part in ids.parts(of: Reader.rowsAtOnce) {
            let records = try session.records(kind, part, of: organization, withVectors: withVectors)
            try conversations.learn(records, session)
            for record in records.inOrder(of: part, by: \.id) where record.deletedAt == nil && narrowing.shows(record) {
                guard try !conversations.hide(record, session) else { continue }
                bytes += record.approximateBytes
                guard bytes <= Limits.answerBytesMax else { throw .tooLarge(bytesMax: Limits.answerBytesMax) }
                found.append(record)
            }
        }
        return kind == .audit ? try told(found, of: organization) : found
    }

    /// A conversation that may be seen, and its last messages, newest first.
    func conversation(
        _ id: Identifier, messages: Int, of organization: Identifier, shownTo narrowing: Narrowing
    ) throws(StorageError) -> (conversation: Record, messages: [Record])? {
        guard let conversation = try records(.conversation, [id], of: organization, shownTo: narrowing, withVectors: false).first else { return nil }
        guard messages > 0 else { return (conversation, []) }
        var states = ConversationStates()
        states.note(conversation)
        let last = RecordListing(.message, [.conversation: .identifier(id)], order: .createdAt, limit: messages)
        return (conversation, try page(last, of: organization, shownTo: narrowing, states).records)
    }

    /// What the listing's index does not answer is judged here, after the row was checked: a damaged field must not hide a row.
    func page(
        _ listing: RecordListing, of organization: Identifier, shownTo narrowing: Narrowing, _ known: ConversationStates = ConversationStates()
    ) throws(StorageError) -> RecordPage {
        let limit = max(1, min(listing.limit, Limits.pageMax))
        var (records, bytes, isFull): ([Record], Int, Bool) = ([], 0, false)
        var conversations = known
        // An entry that is damaged must not hide what happened besides.
        try session.each(listing, of: organization, passingDamage: listing.kind == .audit) { record throws(StorageError) in
            guard listing.admits(record), narrowing.shows(record) else { return true }
            if listing.deleted == .without, try conversations.hide(record, session) { return true }
            bytes += record.approximateBytes
            isFull = !records.isEmpty && (records.count == limit || bytes > Limits.answerBytesMax)
            if !isFull { records.append(record) }
            return !isFull
        }
        return RecordPage(records: records, next: isFull ? records.last.flatMap { listing.cursor(at: $0) } : nil)
    }

    func waitingJobs(_ types: Set<JobType>, at time: Timestamp) throws(StorageError) -> [Record] {
        try session.openJobs().filter { job in
            guard let type = job.jobType, types.contains(type) else { return false }
            let isDead = job.time(.leaseUntil).map { $0 <= time } ?? true
            return job.jobState == .queued || isDead
        }
    }

    // MARK: Counts and waits

    func counts(of organization: Identifier) throws(StorageError) -> StoreCounts {
        let counters = try session.counters(of: organization)
        guard counters.count == StoreCounts.kinds.count else { throw .notFound(.organization, organization) }
        var counts = StoreCounts()
        for (kind, count) in counters { counts[kind] = count }
        counts.waits = try session.waits(of: organization)
        return counts
    }

    /// Those that wait longest, with what is to be embedded of them, hidden rows too.
    func waitingTexts(of organization: Identifier, limit: Int) throws(StorageError) -> [WaitingText] {
        var texts: [WaitingText] = []
        for wait in try session.waitingRows(of: organization, limit: limit) {
            let (kind, id) = (wait.kind, wait.id)
            let text =
                if kind == .memory {
                    try session.memory(id, of: organization, withVector: false)?.content
                } else {
                    try session.find(kind, id, of: organization, withVector: false)?.embeddedText
                }
            texts.append(WaitingText(kind: kind, id: id, text: text))
        }
        return texts
    }
}

extension RecordListing {
    fileprivate func admits(_ record: Record) -> Bool {
        switch deleted {
        case .without: if record.deletedAt != nil { return false }
        case .with: break
        case .only: if record.deletedAt == nil { return false }
        }
        return values.allSatisfy { field, wanted in
            guard case .texts(let wanted) = wanted, case .texts(let texts)? = record[field] else { return record[field] == wanted }
            return wanted.allSatisfy(texts.contains)
        }
    }
}

/// Conversations that one read has looked at, and whether they are deleted: their messages cannot be found then.
struct ConversationStates {
    private var areDeleted: [Identifier: Bool] = [:]

    /// Looks at once at the conversations of all of them.
    mutating func learn(_ records: [Record], _ session: any ReadSession) throws(StorageError) {
        let unknown = Set(records.compactMap { $0.kind == .message ? $0.identifier(.conversation) : nil }).subtracting(areDeleted.keys)
        guard let organization = records.first?.organization, unknown.count > 1 else { return }
        for id in unknown { areDeleted[id] = false }
        for id in try session.deletedConversations(unknown.sorted(), of: organization) { areDeleted[id] = true }
    }

    mutating func note(_ conversation: Record) { areDeleted[conversation.id] = conversation.deletedAt != nil }

    mutating func hide(_ record: Record, _ session: any ReadSession) throws(StorageError) -> Bool {
        guard record.kind == .message, let id = record.identifier(.conversation) else { return false }
        if let known = areDeleted[id] { return known }
        let isDeleted = try session.find(.conversation, id, of: record.organization, withVector: false)?.deletedAt != nil
        areDeleted[id] = isDeleted
        return isDeleted
    }
}

extension Array {
    /// The rows as they were asked for, without those that are missing.
    fileprivate func inOrder(of ids: [Identifier], by id: (Element) -> Identifier) -> [Element] {
        if count == 1, ids.count == 1 { return self }
        let found = keyed(by: id)
        return ids.compactMap { found[$0] }
    }
}
