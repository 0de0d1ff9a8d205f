import Records
import Wire

/// Records of every kind, their drafts and updates, as `RandomMessages` makes the rest.
extension RandomMessages {
    private static let kinds = Kind.allCases.filter { $0 != .memory }

    private mutating func value(_ type: ValueType) -> Value {
        switch type {
        case .flag: .flag(chance())
        case .integer: .integer(pick(RandomMessages.integers))
        case .number: .number(pick(RandomMessages.numbers))
        case .text: .text(text())
        case .choice(let known): .text(pick(known))
        case .identifier: .identifier(identifier())
        case .time: .time(time())
        case .texts: .texts(some(3) { $0.text() } + ["last"])
        case .object: .json(metadata())
        case .list: .json(.list(some(3) { .text($0.text()) }))
        case .bytes(let count): .bytes((0..<count).map { UInt8(truncatingIfNeeded: $0) })
        case .vector: .vector(vector())
        }
    }

    mutating func record(_ kind: Kind) -> Record {
        var record = Record(
            kind, id: identifier(), organization: Message.organization, createdAt: time(), updatedAt: time(), deletedAt: maybe { $0.time() },
            version: pick(RandomMessages.integers), row: [Value?](repeating: nil, count: Schema.of(kind).rules.count))
        for rule in record.schema.rules where rule.setter != .hidden && (rule.isRequired || chance()) { record[rule.field] = value(rule.type) }
        if record.schema.hasVector { record.embedding = maybe { Embedding(space: $0.identifier(), vector: $0.vector()) } }
        return record
    }

    mutating func draft(_ kind: Kind) -> RecordDraft {
        var draft = RecordDraft(kind, id: maybe { $0.identifier() }, createdAt: maybe { $0.time() }, vector: maybe { $0.vector() }, space: maybe { $0.identifier() })
        for rule in Schema.of(kind).rules where chance() { draft.values[rule.field] = value(rule.type) }
        return draft
    }

    mutating func patch(_ kind: Kind) -> RecordPatch {
        var patch = RecordPatch(kind, id: identifier(), ifVersion: maybe { $0.pick(RandomMessages.integers) })
        for rule in Schema.of(kind).rules {
            switch count(2) {
            case 0: patch.values[rule.field] = value(rule.type)
            case 1: patch.cleared.insert(rule.field)
            default: break
            }
        }
        switch count(2) {
        case 0: patch.vector = .clear
        case 1: patch.vector = .set(vector())
        default: break
        }
        patch.space = maybe { $0.identifier() }
        return patch
    }

    private mutating func cursor() -> RecordListing.Cursor {
        RecordListing.Cursor(value: maybe { random in random.pick([.integer(7), .number(0.5), .text("日本"), .time(random.time())]) }, id: identifier())
    }

    private mutating func records(_ kind: Kind) -> RecordListing {
        var listing = RecordListing(
            kind, order: maybe { $0.pick(RecordField.allCases) }, isAscending: chance(), deleted: pick(RecordListing.Deleted.allCases),
            after: maybe { $0.cursor() }, limit: Int(short()), withVectors: chance())
        for rule in Schema.of(kind).rules where count(3) == 0 { listing.values[rule.field] = value(rule.type) }
        return listing
    }

    mutating func recordOperation(_ name: Operation.Name) -> Operation {
        let kind = pick(RandomMessages.kinds)
        switch name {
        case .create: return .create([draft(kind)] + some(3) { $0.draft(kind) })
        case .fetch: return .fetch(kind, some(5) { $0.identifier() }, withVectors: chance())
        case .browse: return .browse(records(kind))
        case .change: return .change(patch(kind))
        case .remove: return .remove(kind, some(5) { $0.identifier() })
        case .restore: return .restore(kind, some(5) { $0.identifier() })
        case .use: return .use(kind, some(5) { $0.identifier() })
        case .end: return .end(some(5) { $0.identifier() })
        case .open: return .open(identifier(), messages: Int(short()))
        case .createKey: return .createKey(draft(.key))
        case .rotateKey: return .rotateKey(identifier(), overlapSeconds: pick(RandomMessages.integers))
        case .revokeKey: return .revokeKey(identifier())
        case .ping, .status, .verify, .ensureAgent, .remember, .get, .list, .update, .delete, .search, .recall, .stream, .startJob, .claimJob, .stepJob, .controlJob, .watchJob,
            .importing, .history, .endSession, .erase, .suggest, .detect, .related, .learn:
            return operation(name)
        }
    }

    private mutating func step() -> JobStep {
        JobStep(
            job: identifier(), worker: identifier(), cursor: maybe { $0.text() }, done: pick(RandomMessages.integers), failed: pick(RandomMessages.integers),
            error: maybe { $0.text() }, end: maybe { $0.pick(JobState.allCases) })
    }

    /// As it is before anybody says whose it becomes.
    private mutating func batch() -> ImportBatch {
        let nobody = Identifier(high: 0, low: 0)
        guard chance() else {
            return .memories([memory()].map { memory in memory.moved(to: nobody, space: memory.embedding?.space) })
        }
        let kind = pick(RandomMessages.kinds)
        return .records(
            ([record(kind)] + some(2) { $0.record(kind) }).map { given in
                Record(
                    kind, id: given.id, organization: nobody, createdAt: given.createdAt, updatedAt: given.updatedAt, deletedAt: given.deletedAt,
                    version: given.version, row: given.values, embedding: given.embedding)
            })
    }

    mutating func jobOperation(_ name: Operation.Name) -> Operation {
        switch name {
        case .startJob: .startJob(draft(.job))
        case .claimJob: .claimJob(identifier(), worker: identifier())
        case .stepJob: .stepJob(step())
        case .controlJob: .controlJob(identifier(), pick(JobControl.allCases))
        case .watchJob: .watchJob(identifier(), after: pick(RandomMessages.integers))
        case .importing: .importing(batch(), step())
        case .ping, .status, .verify, .ensureAgent, .remember, .get, .list, .update, .delete, .search, .recall, .stream, .create, .fetch, .browse, .change, .remove, .restore,
            .use, .end, .open, .createKey, .rotateKey, .revokeKey, .history, .endSession, .erase, .suggest, .detect, .related, .learn:
            operation(name)
        }
    }

    mutating func recordOutcome(_ name: Operation.Name) -> Outcome {
        let kind = pick(RandomMessages.kinds)
        switch name {
        case .fetch, .claimJob, .watchJob: return .records(some(3) { $0.record(kind) })
        case .browse: return .recordPage(RecordPage(records: some(3) { $0.record(kind) }, next: maybe { $0.cursor() }))
        case .open: return .conversation(record(.conversation), messages: some(3) { $0.record(.message) })
        case .createKey, .rotateKey: return .key(record(.key), text: text())
        case .ping, .status, .verify, .ensureAgent, .remember, .get, .list, .update, .delete, .search, .recall, .stream, .create, .change, .remove, .restore, .use, .end,
            .revokeKey, .startJob, .stepJob, .controlJob, .importing, .history, .endSession, .erase, .suggest, .detect, .related, .learn:
            return outcome(name)
        }
    }
}
