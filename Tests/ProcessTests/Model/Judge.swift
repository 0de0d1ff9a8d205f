import Foundation
import Recall
import Records
import Wire

/// Holds an answer against what it must be. Every function says what is wrong, or nothing.
struct Judge {
    /// Where the server's clock decides: only whether there is something.
    private static let ofClock: Set<RecordField> = [.endedAt, .revokedAt, .expiresAt]
    /// What moves by itself.
    private static let open: Set<RecordField> = [
        .startedAt, .finishedAt, .heartbeatAt, .leaseUntil, .rate, .useCount, .lastUsedFrom, .prefix, .lastLoginAt, .lastActiveAt,
    ]
    private static let scoreTolerance = 3e-5
    /// A row that was made at a time of ours, later than any that the server's clock shows.
    static let farAway = Timestamp("2090-01-01T00:00:00Z")?.microseconds ?? 0

    static func difference(_ want: Record, _ got: Record?, withVectors: Bool) -> String? {
        guard let got else { return "nothing for \(want.kind) \(want.id)" }
        let name = "\(want.kind) \(got.id)"
        guard got.kind == want.kind, got.id == want.id || want.id == HouseModel.space else { return "\(name) in place of \(want.id)" }
        guard got.version == want.version else { return "\(name): version \(got.version), not \(want.version)" }
        guard (got.deletedAt == nil) == (want.deletedAt == nil) else { return "\(name): deleted at \(got.deletedAt?.description ?? "no time")" }
        if want.createdAt.microseconds > farAway, got.createdAt != want.createdAt || got.updatedAt != want.updatedAt { return "\(name): other times" }
        for rule in want.schema.rules where !open.contains(rule.field) {
            if want.kind == .key, rule.field == .lastUsedAt { continue }
            // What was learned was so at a time of the server's.
            if want.kind == .pattern, rule.field == .lastSeenAt, want.createdAt.microseconds < farAway { continue }
            let (wanted, found) = (rule.setter == .hidden ? nil : rule.field == .titleVector && !withVectors ? nil : want[rule.field], got[rule.field])
            if ofClock.contains(rule.field) ? (wanted == nil) != (found == nil) : !agree(wanted, found) {
                return "\(name): \(rule.field.name) is \(String(describing: found)), not \(String(describing: wanted))"
            }
        }
        return vectorDifference(want.embedding?.vector, got.embedding?.vector, withVectors, isSum: want.kind == .conversation).map { "\(name): \($0)" }
    }

    /// An empty list is as good as none.
    private static func agree(_ a: Value?, _ b: Value?) -> Bool {
        if case .texts(let a)? = a, a.isEmpty { return b == nil || b == .texts([]) }
        return a == b
    }

    private static func vectorDifference(_ want: [Float]?, _ got: [Float]?, _ withVectors: Bool, isSum: Bool) -> String? {
        guard withVectors else { return got == nil ? nil : "a vector that nobody asked for" }
        guard isSum, let want, let got, want.count == got.count else { return want == got ? nil : "another vector: \(String(describing: got)), not \(String(describing: want))" }
        return zip(want, got).allSatisfy { abs($0 - $1) < 1e-3 } ? nil : "another sum: \(got), not \(want)"
    }

    static func difference(_ want: Memory, _ got: Memory?, withVectors: Bool) -> String? {
        guard let got else { return "nothing for memory \(want.id)" }
        guard got.id == want.id, got.version == want.version, got.createdAt == want.createdAt, got.updatedAt == want.updatedAt, got.expiresAt == want.expiresAt,
            min(1, got.accessCount) == min(1, want.accessCount), got.agent == want.agent, got.user == want.user, got.session == want.session, got.type == want.type,
            got.content == want.content, got.importance == want.importance, got.tags == want.tags, got.metadata == want.metadata,
            got.isPinned == want.isPinned, got.validity.from == want.validity.from, got.validity.to == want.validity.to, got.supersededBy == want.supersededBy,
            got.sourceMessage == want.sourceMessage, (got.deletedAt == nil) == (want.deletedAt == nil)
        else { return "memory \(got) in place of \(want)" }
        let forgetAt = Fading().forgetAt(MemoryFacts(got))
        guard got.forgetAt == forgetAt else { return "memory \(got.id) is forgotten at \(String(describing: got.forgetAt)), not \(String(describing: forgetAt))" }
        return vectorDifference(want.embedding?.vector, got.embedding?.vector, withVectors, isSum: false).map { "memory \(got.id): \($0)" }
    }

    static func difference(_ want: [Record], _ got: [Record], withVectors: Bool) -> String? {
        guard want.count == got.count else { return "\(got.count) rows, not \(want.count)" }
        return zip(want, got).lazy.compactMap { difference($0, $1, withVectors: withVectors) }.first
    }

    static func difference(_ want: [Memory], _ got: [Memory], withVectors: Bool) -> String? {
        guard want.count == got.count else { return "\(got.count) memories, not \(want.count)" }
        return zip(want, got).lazy.compactMap { difference($0, $1, withVectors: withVectors) }.first
    }

    static func difference(_ expected: Expected, _ outcome: Outcome, admits: (Record) -> Bool) -> String? {
        switch (expected, outcome) {
        case (.pong, .pong): return nil
        case (.status(let counts), .status(let facts)): return status(counts, facts)
        case (.verified(let searchable), .verified(let facts)):
            for (name, count) in searchable where facts["kinds"]?[name] != ["stored": .integer(count), "indexed": .integer(count), "differing": 0, "mended": 0, "unusable": 0] {
                return "\(count) \(name) can be found, and verified are \(facts)"
            }
            return facts["is_same"] == true ? nil : "not the same: \(facts)"
        case (.rows(let rows), .written(let receipt)):
            guard rows.count == receipt.rows.count, zip(rows, receipt.rows).allSatisfy({ $0.id ?? $1.id == $1.id && $0.version == $1.version }) else {
                return "a receipt for \(receipt.rows), not \(rows)"
            }
            return nil
        case (.records(let want, let withVectors), .records(let got)): return difference(want, got, withVectors: withVectors)
        case (.page(let want, let hasMore, let withVectors), .recordPage(let page)):
            if hasMore != (page.next != nil) { return "\(hasMore ? "no" : "a") next page" }
            if let next = page.next, next.id != want.last?.id { return "the next page after \(next)" }
            return difference(want, page.records, withVectors: withVectors)
        case (.memories(let want, let withVectors), .memories(let got)): return difference(want, got, withVectors: withVectors)
        case (.memoryPage(let want, let hasMore, let withVectors), .page(let page)):
            if hasMore != (page.next != nil) { return "\(hasMore ? "no" : "a") next page" }
            if let next = page.next, next != want.last?.id { return "the next page after \(next)" }
            return difference(want, page.memories, withVectors: withVectors)
        case (.conversation(let want, let messages), .conversation(let got, let found)):
            return difference(want, got, withVectors: false) ?? difference(messages, found, withVectors: false)
        case (.agent(let slug, let known), .agent(let agent)): return agent.slug == slug && known ?? agent.id == agent.id ? nil : "the agent \(agent), not \(slug)"
        case (.key(let want), .key(let key, let text)):
            if text.isEmpty || key[.hash] != nil { return "a key without a text, or with its hash" }
            return difference(want, key, withVectors: false)
        case (.counted(let want), .counted(let got)): return want == got ? nil : "counts of \(got), not \(want)"
        case (.job(let want), .records(let jobs)): return jobs.count == 1 ? difference(want, jobs.first, withVectors: false) : "\(jobs.count) jobs"
        case (.suggestions(let request, let user, let rows), .suggested(let found)): return difference(request, user, rows, found)
        case (.detection(let request, let user, let rows), .detected(let found)): return difference(request, user, rows, found)
        case (.related(let id, let user, let rows), .related(let found)): return difference(id, user, rows, found)
        case (.hits(let request, let rows), .found(let answer)): return difference(request, rows.filter(admits), answer)
        default: return "another sort of answer: \(outcome)"
        }
    }

    /// All that begins with what was typed comes first, if there is room; nothing that may not be seen comes at all.
    private static func difference(_ request: SuggestRequest, _ user: Identifier, _ rows: [Record], _ found: [Suggestion]) -> String? {
        let known = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
        guard found.count <= request.limit, Set(found.map(\.id)).count == found.count else { return "\(found.count) suggestions, or one twice" }
        for suggestion in found {
            guard let row = known[suggestion.id] else { return "the suggestion \(suggestion) of a term that is not there for \(user)" }
            let (isOwn, definition) = (row.identifier(.user) == user, request.withDefinitions ? row.text(.definition) : nil)
            guard suggestion.term == row.text(.term), suggestion.isOwn == isOwn, suggestion.context == row.text(.context), suggestion.definition == definition else {
                return "the suggestion \(suggestion) of \(row)"
            }
        }
        // One that is deprecated may stand for another.
        let wanted = rows.filter { $0.text(.status) != "deprecated" && $0.text(.term)?.lowercased().hasPrefix(request.typed.lowercased()) == true }
        guard rows.count(where: { $0.text(.term)?.lowercased().hasPrefix(request.typed.lowercased()) == true }) <= request.limit else { return nil }
        let first = Set(found.filter { $0.reason == .exact || $0.reason == .prefix }.map(\.id))
        return wanted.allSatisfy { first.contains($0.id) } ? nil : "\(request.typed) begins \(wanted.map { $0.text(.term) ?? "" }), and suggested are \(found)"
    }

    /// The text is a term between two words that none is, so that term is found in it, or one that is written like it.
    private static func difference(_ request: DetectRequest, _ user: Identifier, _ rows: [Record], _ found: Detection) -> String? {
        let known = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
        for term in found.terms {
            guard let row = known[term.id], row.text(.term) == term.term, term.isOwn == (row.identifier(.user) == user) else { return "the detected \(term), which is not there for \(user)" }
        }
        guard found.readBytes == request.text.utf8.count else { return "\(found.readBytes) bytes were read of \(request.text)" }
        let named = rows.filter { row in row.text(.term).map { request.text == "zebra \($0) zebra" } ?? false }
        guard !named.isEmpty else { return nil }
        let whole = 6..<request.text.utf8.count - 6
        let isFound = found.occurrences.contains { $0.range == whole && !$0.isInflected && named.map(\.id).contains(found.terms[$0.term].id) }
        return isFound ? nil : "\(request.text) has the term \(named), and detected is \(found)"
    }

    /// Terms that may be seen, and never the one itself.
    private static func difference(_ id: Identifier, _ user: Identifier, _ rows: [Record], _ found: [RelatedTerm]) -> String? {
        let known = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
        for term in found {
            guard term.id != id, let row = known[term.id], row.text(.term) == term.term, term.isOwn == (row.identifier(.user) == user) else { return "\(term), related to \(id) for \(user)" }
        }
        return Set(found.map(\.id)).count == found.count ? nil : "a related term twice"
    }

    private static func status(_ counts: [String: Int64]?, _ facts: JSON) -> String? {
        guard let counts else { return facts["organization"]?["memories"] == nil && facts["operations"] == nil ? nil : "counts for a narrowed key" }
        for (name, count) in counts where facts["organization"]?[name]?.integer != count {
            return "status says \(facts["organization"]?[name]?.description ?? "nothing") \(name), not \(count)"
        }
        return nil
    }

    /// The nearest rows, each with its true cosine; among equals any.
    private static func difference(_ request: SearchRequest, _ rows: [Record], _ answer: SearchAnswer) -> String? {
        guard case .vector(let query) = request.query else { return "no vector" }
        guard answer.report.rowsMatching == rows.count, answer.report.isExact else { return "a report of \(answer.report), and \(rows.count) match" }
        guard answer.entries.count == min(request.k, rows.count) else { return "\(answer.entries.count) hits, and \(rows.count) match" }
        var scores = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, cosine(query, $0.embedding?.vector ?? [])) })
        let byId = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
        var last = Double.infinity
        for entry in answer.entries {
            guard let score = scores.removeValue(forKey: entry.hit.id), let row = byId[entry.hit.id] else { return "a hit that does not match: \(entry.hit)" }
            guard abs(score - Double(entry.hit.score)) < scoreTolerance else { return "\(row.kind) \(row.id) scores \(entry.hit.score), not \(score)" }
            guard Double(entry.hit.score) <= last else { return "hits out of their order" }
            last = Double(entry.hit.score)
            if request.kind == .memory {
                guard (entry.memory?.content == row.text(.content)) == request.withContent else { return "a hit with another content" }
            } else if request.withContent {
                var plain = row
                plain.embedding = nil
                if let wrong = difference(plain, entry.record, withVectors: false) { return wrong }
            } else if entry.record != nil {
                return "a row that nobody asked for"
            }
        }
        if let best = scores.values.max(), best > last + scoreTolerance { return "a row that scores \(best) was left out for one of \(last)" }
        return nil
    }

    static func cosine(_ a: [Float], _ b: [Float]) -> Double {
        guard a.count == b.count else { return -2 }
        var (dot, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            dot += Double(x) * Double(y)
            aa += Double(x) * Double(x)
            bb += Double(y) * Double(y)
        }
        return dot / (aa * bb).squareRoot()
    }
}
