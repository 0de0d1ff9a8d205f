internal import Recall
internal import Records

/// One question to the tables: finds, ranks, and keeps the best.
///
/// The order, by what comes first: all that was typed, exact before prefix before fewer typos; then its last words in the same way; what resembles all of it; its last
/// word. What the user rejected twice in the context is behind all of that. Among those alike: own before others', those of the context, those used more and lately, those
/// with fewer letters left to type, and the alphabet.
struct Suggesting {
    struct Found {
        let rank: UInt64
        let table: Int
        let row: Int
        /// What was found, where another is preferred to it.
        let original: (table: Int, row: Int)?
        let start: Int
        let reason: Suggestion.Reason
    }

    private let terms: VisibleTerms
    private let context: UInt16?
    /// Where it is asked for, as what was rejected knows it.
    private let place: UInt16?
    private let limit: Int
    private(set) var best: [Found] = []
    /// The public row that was looked at last, and the least rank of those of its key that followed each other.
    private var lastPublic: (table: Int, row: Int, rank: UInt64)?

    static let similarityMin = 0.3

    init(_ terms: VisibleTerms, _ contexts: ContextCodes, context: String?, limit: Int) {
        self.terms = terms
        self.context = contexts.known(context)
        place = contexts.place(of: context)
        self.limit = limit
        best.reserveCapacity(limit + 1)
    }

    private var tables: [TermDictionary.Part] { terms.tables }

    mutating func find(_ text: TypedText) {
        guard let whole = text.parts.first else { return }
        findTyped(whole, .whole)
        let rests = text.parts.dropFirst()
        for (order, part) in rests.enumerated() where part.words > 1 && best.count < limit {
            for place in tables.indices { _ = findBeginnings(part, .lastWords, place, order: order) }
        }
        if best.count < limit {
            let possible = Typos.possible(letters: whole.letters.count, isAlone: best.isEmpty)
            for place in tables.indices { findSimilar(whole, possible, place) }
        }
        if best.count < limit, let word = rests.last, word.words == 1 { findTyped(word, .lastWord) }
    }

    /// What begins with that, and where there is room left, what does so but for typos.
    private mutating func findTyped(_ part: TypedText.Part, _ stage: Stage) {
        let known = tables.indices.map { findBeginnings(part, stage, $0) }
        let allowed = Typos.allowed(letters: part.letters.count)
        guard allowed > 0, best.count < limit else { return }
        for place in tables.indices { findTypos(part, stage, allowed, place, besides: known[place]) }
    }

    private mutating func findTypos(_ part: TypedText.Part, _ stage: Stage, _ allowed: Int, _ place: Int, besides known: Range<Int>) {
        let table = tables[place].table
        table.findTypos(of: part.letters, allowed: allowed) { rows, nearest in
            guard let first = rows.first else { return }
            // All these rows begin with the same.
            let foreign = Suggesting.foreignWeight * table.foreign(part.key.bytes, first, upTo: nearest.bytes)
            for row in rows where !known.contains(row) {
                take(place, row, part, Step(stage, tier: 1 + UInt64(nearest.typos), left: Int(table.lengths[row]) - nearest.letters + foreign), .typos(Int(nearest.typos)))
            }
        }
    }

    /// A letter that a term does not have at all says as much against it as so many that are left to type: letters are more often left out, or change places, than
    /// others come in.
    private static let foreignWeight = 3

    private mutating func findBeginnings(_ part: TypedText.Part, _ stage: Stage, _ place: Int, order: Int = 0) -> Range<Int> {
        let table = tables[place].table
        let rows = table.rows(beginningWith: part.key.bytes)
        for row in rows {
            let left = Int(table.lengths[row]) - part.letters.count
            take(place, row, part, Step(stage, tier: left == 0 ? 0 : 1, detail: UInt64(order), left: left), left == 0 ? .exact : .prefix)
        }
        return rows
    }

    /// What has so many trigrams in common with what was typed; and where a typo is less likely to be one, so that none is forgiven while typing, what it would lead to.
    /// First come those that have all of its letters.
    private mutating func findSimilar(_ part: TypedText.Part, _ possible: Int, _ place: Int) {
        let table = tables[place].table
        let known = Set(best.filter { $0.table == place }.map(\.row))
        var (near, typos): ([Range<Int>], [Int]) = ([], [])
        table.findTypos(of: part.letters, allowed: possible, isStrict: false) { rows, nearest in
            near.append(rows)
            typos.append(Int(nearest.typos))
        }
        let typed = Double(part.letters.count)
        table.findSimilar(to: Trigrams.of(part.key), atLeast: Suggesting.similarityMin, within: near) { found in
            let length = Double(table.lengths[found.row])
            // A term that is much shorter is one of the words that were typed, and is found by these.
            guard length >= Suggesting.lengthShareMin * typed, !known.contains(found.row) else { return }
            let foreign = UInt64(min(15, table.foreign(part.key.bytes, found.row, upTo: part.key.bytes.count + Typos.mostAllowed)))
            let likeness = (found.similarity + Suggesting.lengthWeight * min(typed, length) / max(typed, length)) / (1 + Suggesting.lengthWeight)
            take(place, found.row, part, Step(.similar, detail: foreign << 8 | UInt64((1 - likeness) * 255)), reason(found, near, typos))
        }
    }

    /// What has too little in common is there for its typos.
    private func reason(_ found: Likeness, _ near: [Range<Int>], _ typos: [Int]) -> Suggestion.Reason {
        guard found.similarity < Suggesting.similarityMin else { return .similar(found.similarity) }
        return near.indices.filter { near[$0].contains(found.row) }.map { typos[$0] }.min().map { .typos($0) } ?? .similar(found.similarity)
    }

    private static let lengthShareMin = 0.6
    private static let lengthWeight = 0.4

    private enum Stage: UInt64 { case whole, lastWords, similar, lastWord }

    /// How a term was found, as far as that orders suggestions.
    private struct Step {
        let stage: Stage
        let tier: UInt64
        let detail: UInt64
        let left: Int

        init(_ stage: Stage, tier: UInt64 = 0, detail: UInt64 = 0, left: Int = 0) {
            (self.stage, self.tier, self.detail, self.left) = (stage, tier, detail, left)
        }
    }

    private mutating func take(_ place: Int, _ row: Int, _ part: TypedText.Part, _ step: Step, _ reason: Suggestion.Reason) {
        let table = tables[place].table
        guard terms.isShown(place, row) else { return }
        let isOwn = terms.isOwn(place)
        // From the highest bits on: 2, 2, 12, 1, 1, 20 and 12 of them.
        var rank = step.stage.rawValue << 2 | step.tier
        rank = rank << 12 | step.detail
        rank = rank << 1 | (isOwn ? 0 : 1)
        rank = rank << 1 | (context.map { $0 == table.contexts[row] } ?? true ? 0 : 1)
        rank = rank << 20 | table.frecencies[row].rank
        rank = rank << 12 | UInt64(min(step.left, 0xFFF))
        guard isOwn || isBetter(rank, place, row) else { return }
        // Only what would be among the best is looked up.
        if best.count >= limit, let last = best.last, rank > last.rank { return }
        let preferred = terms.preferred(to: row, of: place)
        let (shownPlace, shownRow) = preferred ?? (place, row)
        if isSunk(shownPlace, shownRow) { rank |= Suggesting.sunk }
        insert(Found(rank: rank, table: shownPlace, row: shownRow, original: preferred == nil ? nil : (place, row), start: part.start, reason: reason))
    }

    /// Behind all others.
    private static let sunk: UInt64 = 1 << 50

    private func isSunk(_ place: Int, _ row: Int) -> Bool { self.place.map { terms.isSunk(place, row, in: $0) } ?? false }

    /// Whether a public row is better than those of the same key right before it: many may publish the same.
    private mutating func isBetter(_ rank: UInt64, _ place: Int, _ row: Int) -> Bool {
        if let last = lastPublic, last.table == place, last.row == row - 1, tables[place].table.hasKeyOfRowBefore(row) {
            lastPublic = (place, row, min(rank, last.rank))
            return rank < last.rank
        }
        lastPublic = (place, row, rank)
        return true
    }

    private mutating func insert(_ found: Found) {
        if best.count >= limit, let last = best.last, !isBefore(found, last) { return }
        if let place = best.firstIndex(where: { isRepeated(found, $0) }) {
            guard isBefore(found, best[place]) else { return }
            best.remove(at: place)
        }
        var place = best.count
        while place > 0, isBefore(found, best[place - 1]) { place -= 1 }
        best.insert(found, at: place)
        if best.count > limit { best.removeLast() }
    }

    /// Whether both are one entry, or say the same term and one of them is another's.
    private func isRepeated(_ left: Found, _ right: Found) -> Bool {
        if left.table == right.table, left.row == right.row { return true }
        guard !terms.isOwn(left.table) || !terms.isOwn(right.table) else { return false }
        return tables[left.table].table.hasKey(left.row, of: tables[right.table].table, right.row)
    }

    private func isBefore(_ left: Found, _ right: Found) -> Bool {
        if left.rank != right.rank { return left.rank < right.rank }
        guard left.table != right.table else { return left.row < right.row }
        let (one, other) = (tables[left.table].table, tables[right.table].table)
        guard one.hasKey(left.row, of: other, right.row) else { return one.key(left.row).bytes.lexicographicallyPrecedes(other.key(right.row).bytes) }
        return one.ids[left.row] < other.ids[right.row]
    }
}

extension Suggesting {
    /// The best, in order.
    func suggestions(_ contexts: ContextCodes) -> [Suggestion] {
        best.map { found in
            terms.suggestion(
                of: (found.table, found.row), insteadOf: found.original, found.reason, start: found.start, isRejected: found.rank & Suggesting.sunk != 0, contexts, asked: context)
        }
    }
}

extension VisibleTerms {
    /// As an answer names it.
    func suggestion(
        of shown: (table: Int, row: Int), insteadOf original: (table: Int, row: Int)?, _ reason: Suggestion.Reason, start: Int, isRejected: Bool, _ contexts: ContextCodes,
        asked context: UInt16?
    ) -> Suggestion {
        let (table, row) = (tables[shown.table].table, shown.row)
        let code = table.contexts[row]
        return Suggestion(
            id: table.ids[row], term: table.term(row), reason: reason, start: start, context: contexts.name(code), fitsContext: context == code, isOwn: isOwn(shown.table),
            insteadOf: original.map { tables[$0.table].table.term($0.row) }, isDeprecated: table.standing(row) == .deprecated, preferred: table.preferred[row],
            isRejected: isRejected)
    }
}

extension Frecency {
    /// In 20 bits, less where it weighs more.
    var rank: UInt64 { UInt64(max(0, min(0xF_FFFF, 0x8_0000 - step))) }
}
