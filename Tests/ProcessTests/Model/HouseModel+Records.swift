import Foundation
import Recall
import Records
import Wire

extension HouseModel {
    private static let referring: [Kind: [RecordField: Kind]] = [
        .agent: [.user: .user], .conversation: [.user: .user, .agent: .agent], .term: [.user: .user], .pattern: [.user: .user],
        .key: [.user: .user, .agent: .agent],
    ]

    /// Whether the rows that it names are there, deleted ones too.
    func hasReferences(_ record: Record) -> Bool {
        (HouseModel.referring[record.kind] ?? [:]).allSatisfy { field, kind in record.identifier(field).map { self[kind, $0] != nil } ?? true }
    }

    private func isTaken(_ record: Record) -> Bool {
        switch record.kind {
        case .user: all(.user).contains { $0.id != record.id && $0.deletedAt == nil && record.deletedAt == nil && $0.text(.email) == record.text(.email) }
        case .agent: all(.agent).contains { $0.id != record.id && $0.text(.slug) == record.text(.slug) }
        case .memory, .organization, .key, .conversation, .message, .term, .pattern, .job, .audit: false
        }
    }

    func live(_ kind: Kind, _ id: Identifier, _ holder: Holder) -> Record? {
        guard let record = self[kind, id], isLive(record), holder.reach.writes(record) else { return nil }
        return record
    }

    mutating func create(_ drafts: [RecordDraft], _ holder: Holder) -> Expected {
        var made: [Record] = []
        for draft in drafts {
            guard let id = draft.id, let createdAt = draft.createdAt else { return .error(.internalError) }
            var record = Record(draft.kind, id: id, organization: organization, createdAt: createdAt, values: draft.values)
            for (field, own) in [(RecordField.user, holder.narrowing.user), (.agent, holder.narrowing.agent)] {
                guard let own, record[field] == nil, draft.kind != .message, HouseModel.referring[draft.kind]?[field] != nil else { continue }
                record[field] = .identifier(own)
            }
            if case .text(let email)? = record[.email] { record[.email] = .text(email.lowercased()) }
            for field in [RecordField.lastActivityAt, .lastUsedAt, .lastSeenAt] where record.schema[field] != nil && record[field] == nil { record[field] = .time(createdAt) }
            if let vector = draft.vector {
                if draft.kind == .conversation { record[.titleVector] = .vector(vector) } else { record.embedding = Embedding(space: HouseModel.space, vector: vector) }
            }
            made.append(record)
        }
        if made.contains(where: { $0.kind != .message && !holder.reach.writes($0) }) { return .error(.forbidden) }
        for given in made {
            var record = given
            if record.kind == .message {
                let reach = Reach(narrowing: Narrowing(user: holder.narrowing.user, agent: holder.narrowing.agent, session: holder.narrowing.session))
                guard let id = record.identifier(.conversation), var conversation = self[.conversation, id], conversation.deletedAt == nil,
                    reach.writes(conversation), conversation.time(.endedAt) == nil
                else { return .error(.invalidField) }
                record[.user] = conversation[.user]
                record[.agent] = conversation[.agent]
                conversation[.lastActivityAt] = .time(max(record.createdAt, conversation.time(.lastActivityAt) ?? record.createdAt))
                self[.conversation, id] = conversation
            }
            guard self[record.kind, record.id] == nil, !isTaken(record) else { return .error(.alreadyExists) }
            guard hasReferences(record) else { return .error(.invalidField) }
            self[record.kind, record.id] = record
        }
        return .rows(made.map { ($0.id, 1) })
    }

    mutating func change(_ patch: RecordPatch, _ holder: Holder) -> Expected {
        if patch.kind == .key, let refused = refusalToTouch(patch.id, holder) { return refused }
        let own: [RecordField] = [.email, .role, .permissions]
        if patch.kind == .user, !holder.narrowing.isNone, own.contains(where: { patch.values[$0] != nil || patch.cleared.contains($0) }) { return .error(.forbidden) }
        guard let old = live(patch.kind, patch.id, holder) else { return .error(.notFound) }
        if let version = patch.ifVersion, version != old.version { return .error(.versionMismatch) }
        var new = old
        for (field, value) in patch.values { new[field] = value }
        for field in patch.cleared { new[field] = nil }
        if case .text(let email)? = new[.email] { new[.email] = .text(email.lowercased()) }
        new.version += 1
        let saying: [RecordField] = [.conversation: [.title], .message: [.content], .term: [.term, .definition]][patch.kind] ?? []
        let isNewText = saying.contains { new[$0] != old[$0] }
        if new[.content] != old[.content], patch.kind == .message {
            new[.edited] = .flag(true)
            new[.editedAt] = .time(new.updatedAt)
        }
        let vector: [Float]?
        switch patch.vector {
        case .set(let given): vector = given
        case .clear: vector = nil
        case .keep: vector = isNewText ? nil : patch.kind == .conversation ? old.vector(.titleVector) : old.embedding?.vector
        }
        if patch.kind == .conversation {
            new[.titleVector] = vector.map { .vector($0) }
        } else {
            new.embedding = vector.map { Embedding(space: HouseModel.space, vector: $0) }
        }
        guard !isTaken(new) else { return .error(.alreadyExists) }
        self[patch.kind, patch.id] = new
        return .rows([(new.id, new.version)])
    }

    private func each(_ ids: [Identifier]) -> [Identifier] {
        var seen: Set<Identifier> = []
        return ids.filter { seen.insert($0).inserted }
    }

    mutating func remove(_ kind: Kind, _ ids: [Identifier], _ holder: Holder) -> Expected {
        let found = each(ids).map { live(kind, $0, holder) }
        guard found.allSatisfy({ $0 != nil }) else { return .error(.notFound) }
        var rows: [(id: Identifier?, version: Int64)] = []
        for var record in found.compactMap({ $0 }) {
            if [.term, .pattern].contains(kind) {
                records[kind]?[record.id] = nil
            } else {
                record.deletedAt = record.createdAt
                record.version += 1
                if kind == .conversation { record[.status] = .text("deleted") }
                self[kind, record.id] = record
            }
            rows.append((record.id, record.version))
        }
        return .rows(rows)
    }

    mutating func restore(_ kind: Kind, _ ids: [Identifier], _ holder: Holder) -> Expected {
        let found = each(ids).map { self[kind, $0] }
        for record in found {
            guard let record, record.deletedAt != nil, holder.reach.writes(record), !isHidden(record) else { return .error(.notFound) }
        }
        var rows: [(id: Identifier?, version: Int64)] = []
        for var record in found.compactMap({ $0 }) {
            record.deletedAt = nil
            record.version += 1
            if kind == .conversation { record[.status] = .text("active") }
            guard !isTaken(record) else { return .error(.alreadyExists) }
            self[kind, record.id] = record
            rows.append((record.id, record.version))
        }
        return .rows(rows)
    }

    mutating func use(_ kind: Kind, _ ids: [Identifier], _ holder: Holder) -> Expected {
        let counter: RecordField = kind == .term ? .frequency : .occurrences
        learnedCount += 1
        for id in ids {
            guard var record = self[kind, id], holder.reach.sees(record) else { return .error(.notFound) }
            // So far ahead of the server's clock its weight is a number to which one more adds nothing.
            if kind == .term, record[.frecencyAt] == nil, let last = record.time(.lastUsedAt) {
                let ahead = 30 * 86_400e6 * log2(Double(record.integer(counter) ?? 1))
                record[.frecencyAt] = .time(Timestamp(microseconds: Int64((Double(last.microseconds) + ahead).rounded())))
            }
            record[counter] = .integer((record.integer(counter) ?? 0) + 1)
            // One that was learned is seen at the server's time.
            if kind == .pattern, record.createdAt.microseconds < Judge.farAway { record[.lastSeenAt] = .time(Timestamp(microseconds: learnedCount)) }
            self[kind, id] = record
        }
        return .rows(ids.map { ($0, self[kind, $0]?.version ?? 0) })
    }

    func suggest(_ request: SuggestRequest, _ holder: Holder) -> Expected {
        let expected = terms(of: request.user, holder) { .suggestions(request, user: $0, $1) }
        guard case .suggestions = expected, request.byMeaning else { return expected }
        return .error(.noEmbedder)
    }

    func related(_ request: RelatedRequest, _ holder: Holder) -> Expected {
        terms(of: request.user, holder) { user, rows in rows.contains { $0.id == request.id } ? .related(request.id, user: user, rows) : .error(.notFound) }
    }

    /// What is typed here are words that no term has.
    mutating func learn(_ request: LearnRequest, _ holder: Holder) -> Expected {
        var told: Identifier?
        let refusal = terms(of: request.user, holder) { user, _ in
            told = user
            return .pong
        }
        guard let user = told else { return refusal }
        learnedCount += 1
        var (lessons, order): ([Identifier: TermLesson], [Identifier]) = ([:], [])
        for event in request.events {
            guard let term = self[.term, event.term], holder.reach.sees(term), term.identifier(.user) == user || term.flag(.isPublic) == true else { return .error(.notFound) }
            let new = TermLesson(of: event.term, by: user, context: event.context)
            if lessons[new.id] == nil { order.append(new.id) }
            var lesson = lessons[new.id] ?? self[.pattern, new.id].flatMap { TermLesson($0) } ?? new
            lesson.add(event.reaction)
            lessons[new.id] = lesson
        }
        guard self[.user, user] != nil else { return .error(.invalidField) }
        for id in order {
            guard let lesson = lessons[id], let term = self[.term, lesson.term]?.text(.term) else { continue }
            keep(id, TermLesson.type, [.data: .json(lesson.data(naming: term)), .confidence: .number(lesson.confidence), .occurrences: .integer(lesson.occurrences)], of: user)
        }
        if !request.typed.isEmpty {
            let id = WordCounts.id(of: user)
            var counts = self[.pattern, id].flatMap { WordCounts($0) } ?? WordCounts()
            for text in request.typed { for word in text.split(separator: " ") { counts.add(String(word)) } }
            keep(id, WordCounts.type, [.data: .json(counts.data), .occurrences: .integer((self[.pattern, id]?.integer(.occurrences) ?? 0) + 1)], of: user)
            order.append(id)
        }
        let accepted = request.events.filter { $0.reaction == .accepted }.map(\.term)
        guard case .rows(let used) = use(.term, accepted, holder) else { return .error(.notFound) }
        return .rows(order.map { ($0, self[.pattern, $0]?.version ?? 0) } + used)
    }

    private mutating func keep(_ id: Identifier, _ type: String, _ values: [RecordField: Value], of user: Identifier) {
        let now = Timestamp(microseconds: learnedCount)
        var record = self[.pattern, id] ?? Record(.pattern, id: id, organization: organization, createdAt: now, version: 0, values: [.user: .identifier(user), .type: .text(type)])
        for (field, value) in values { record[field] = value }
        record[.lastSeenAt] = .time(now)
        record.version += 1
        self[.pattern, id] = record
    }

    /// What that user may be offered: his own, and what others made public.
    func terms(of asked: Identifier?, _ holder: Holder, _ expected: (Identifier, [Record]) -> Expected) -> Expected {
        let narrowing = holder.narrowing
        if narrowing.agent != nil || narrowing.session != nil { return .error(.forbidden) }
        guard let user = asked ?? narrowing.user else { return .error(.invalidField) }
        if let own = narrowing.user, own != user { return .error(.forbidden) }
        return expected(user, all(.term).filter { $0.identifier(.user) == user || $0.flag(.isPublic) == true })
    }

    mutating func end(_ ids: [Identifier], _ holder: Holder) -> Expected {
        let found = each(ids).map { live(.conversation, $0, holder) }
        guard found.allSatisfy({ $0 != nil }) else { return .error(.notFound) }
        for var record in found.compactMap({ $0 }) where record.time(.endedAt) == nil {
            record[.endedAt] = .time(record.createdAt)
            record.version += 1
            self[.conversation, record.id] = record
        }
        return .rows(each(ids).map { ($0, self[.conversation, $0]?.version ?? 0) })
    }

    mutating func ensureAgent(_ slug: String, _ name: String, _ holder: Holder) -> Expected {
        guard var found = all(.agent).first(where: { $0.text(.slug) == slug }) else {
            // Its identifier is the server's, so that a key of one agent cannot make it.
            return holder.narrowing.agent == nil && holder.narrowing.user == nil && holder.narrowing.session == nil ? .agent(slug: slug, known: nil) : .error(.forbidden)
        }
        guard holder.reach.sees(found) else { return .error(.forbidden) }
        if found.deletedAt != nil {
            guard holder.reach.writes(found) else { return .error(.forbidden) }
            found.deletedAt = nil
            found.version += 1
            self[.agent, found.id] = found
        }
        return .agent(slug: slug, known: found.id)
    }

    // MARK: Reading

    func fetch(_ kind: Kind, _ ids: [Identifier], _ withVectors: Bool, _ holder: Holder) -> Expected {
        let found = ids.compactMap { self[kind, $0] }.filter { isLive($0) && holder.reach.sees($0) }
        return found.isEmpty ? .error(.notFound) : .records(found.map(whole), withVectors: withVectors)
    }

    func browse(_ listing: RecordListing, _ holder: Holder) -> Expected {
        var found = all(listing.kind).filter { record in
            guard holder.reach.sees(record), listing.values.allSatisfy({ HouseModel.holds(record[$0.key], $0.value) }) else { return false }
            switch listing.deleted {
            case .without: return isLive(record)
            case .with: return true
            case .only: return record.deletedAt != nil
            }
        }
        let key = { (record: Record) -> Value? in listing.order == .createdAt ? .time(record.createdAt) : listing.order.flatMap { record[$0] } }
        let precedes = { (a: (Value?, Identifier), b: (Value?, Identifier)) -> Bool in
            let order = HouseModel.compare(a.0, b.0)
            let less = order < 0 || order == 0 && a.1 < b.1
            return listing.isAscending ? less : !less && !(order == 0 && a.1 == b.1)
        }
        found.sort { precedes((key($0), $0.id), (key($1), $1.id)) }
        if let after = listing.after { found = found.filter { precedes((after.value, after.id), (key($0), $0.id)) } }
        return .page(found.prefix(listing.limit).map(whole), hasMore: found.count > listing.limit, withVectors: listing.withVectors)
    }

    /// The same, or, of lists, all that is wanted.
    private static func holds(_ value: Value?, _ wanted: Value) -> Bool {
        guard case .texts(let wanted) = wanted, case .texts(let texts)? = value else { return value == wanted }
        return Set(wanted).isSubset(of: texts)
    }

    /// Nothing comes before something; texts by their bytes.
    static func compare(_ a: Value?, _ b: Value?) -> Int {
        switch (a, b) {
        case (nil, nil): 0
        case (nil, _): -1
        case (_, nil): 1
        case (.text(let a)?, .text(let b)?): a.utf8.elementsEqual(b.utf8) ? 0 : a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
        case (.integer(let a)?, .integer(let b)?): a == b ? 0 : a < b ? -1 : 1
        case (.number(let a)?, .number(let b)?): a == b ? 0 : a < b ? -1 : 1
        case (.time(let a)?, .time(let b)?): a == b ? 0 : a < b ? -1 : 1
        default: 0
        }
    }

    func open(_ id: Identifier, _ count: Int, _ holder: Holder) -> Expected {
        guard let conversation = self[.conversation, id], conversation.deletedAt == nil, holder.reach.sees(conversation) else { return .error(.notFound) }
        let spoken = messages(of: id).filter(holder.reach.sees).sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        return .conversation(whole(conversation), Array(spoken.suffix(count)))
    }
}
