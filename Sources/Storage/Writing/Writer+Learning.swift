import Recall
import Records

extension Writer {
    /// All events or none. A pattern that is not there yet is made.
    func learn(_ events: [LearnEvent], _ words: [String: Int64], of user: Identifier, _ request: WriteRequest) throws(StorageError) -> WriteOutcome {
        var effects = RecordEffects()
        var (lessons, order): ([Identifier: (lesson: TermLesson, term: String)], [Identifier]) = ([:], [])
        for event in events {
            guard let term = try session.find(.term, event.term, of: request.organization, withVector: false), request.narrowing.shows(term), Narrowing(user: user).shows(term),
                let text = term.text(.term)
            else { throw .notFound(.term, event.term) }
            let new = TermLesson(of: event.term, by: user, context: event.context)
            let id = new.id
            if lessons[id] == nil {
                let known = try pattern(id, TermLesson.type, of: user, request).map { TermLesson($0) ?? new }
                // Somebody may have written something else in its place.
                lessons[id] = (known.map { $0.id == id ? $0 : new } ?? new, text)
                order.append(id)
            }
            lessons[id]?.lesson.add(event.reaction)
        }
        for id in order {
            guard let (lesson, term) = lessons[id] else { continue }
            let values: [RecordField: Value] = [.data: .json(lesson.data(naming: term)), .confidence: .number(lesson.confidence), .occurrences: .integer(max(1, lesson.occurrences))]
            try keep(id, TermLesson.type, values, of: user, request, &effects)
        }
        if !words.isEmpty {
            let id = WordCounts.id(of: user)
            let known = try pattern(id, WordCounts.type, of: user, request)
            var counts = known.flatMap { WordCounts($0) } ?? WordCounts()
            for (word, count) in words.sorted(by: { $0.key < $1.key }) { counts.add(word, count) }
            let seen = known?.integer(.occurrences) ?? 0
            try keep(id, WordCounts.type, [.data: .json(counts.data), .occurrences: .integer(seen == .max ? seen : seen + 1)], of: user, request, &effects)
        }
        for event in events where event.reaction == .accepted { try use(.term, [event.term], request, &effects) }
        return effects.outcome
    }

    /// The pattern of that name, which is of that type and user.
    private func pattern(_ id: Identifier, _ type: String, of user: Identifier, _ request: WriteRequest) throws(StorageError) -> Record? {
        guard let record = try session.find(.pattern, id, of: request.organization, withVector: false) else { return nil }
        guard record.identifier(.user) == user, record.text(.type) == type else { throw .alreadyExists(.pattern, id.description) }
        return record
    }

    private func keep(
        _ id: Identifier, _ type: String, _ values: [RecordField: Value], of user: Identifier, _ request: WriteRequest, _ effects: inout RecordEffects
    ) throws(StorageError) {
        if var record = try pattern(id, type, of: user, request) {
            for (field, value) in values { record[field] = value }
            record[.lastSeenAt] = .time(max(request.at, record.time(.lastSeenAt) ?? request.at))
            return try rewrite(record, request, &effects)
        }
        let own: [RecordField: Value] = [.user: .identifier(user), .type: .text(type), .lastSeenAt: .time(request.at)]
        let record = Record(.pattern, id: id, organization: request.organization, createdAt: request.at, values: own.merging(values) { _, new in new })
        guard request.narrowing.admits(record) else { throw .notFound(.pattern, id) }
        try insert(record)
        try note(record, .put, request, &effects)
        count(.pattern, of: request.organization, StoreCounts.Count(rows: 1))
    }
}
