internal import Records

/// The entries of one owner, or those that many owners share, as a few tables each more than four times as long as the next.
///
/// A value: who reads keeps what he began with. A write makes a table of what is new, together with those that are not longer, so that an entry is moved a few
/// times in all; what went is marked until its table is made anew.
struct TermDictionary: Sendable {
    struct Part: Sendable {
        let table: TermTable
        /// Rows that are gone, a bit each; empty where none is.
        fileprivate(set) var dead: [UInt64] = []
        fileprivate(set) var liveCount: Int

        func isLive(_ row: Int) -> Bool { dead.isEmpty || dead[row >> 6] >> UInt64(row & 63) & 1 == 0 }

        fileprivate mutating func bury(_ row: Int) {
            if dead.isEmpty { dead = [UInt64](repeating: 0, count: (table.count + 63) / 64) }
            dead[row >> 6] |= 1 << UInt64(row & 63)
            liveCount -= 1
        }
    }

    private(set) var parts: [Part] = []
    /// The larger, the fewer tables there are to look into, and the more often an entry is moved to another.
    private static let growth = 4
    private let hasOwners: Bool

    init(hasOwners: Bool) {
        self.hasOwners = hasOwners
    }

    var byteCount: Int { parts.reduce(0) { $0 + $1.table.byteCount + $1.dead.count * 8 } }

    /// Takes entries out, and puts others in.
    mutating func apply(put: [TermEntry], remove: [Identifier], contexts: inout ContextCodes) {
        for id in remove { bury(id) }
        guard !put.isEmpty || parts.contains(where: { $0.liveCount < $0.table.count / 2 }) else { return }
        // Plain SQL may have left a term without a letter.
        var rows: [(key: TermKey, entry: TermEntry)] = put.map { (TermKey($0.term), $0) }.filter { !$0.0.bytes.isEmpty }
        // Shorter ones go into the new table, and those of which half is gone.
        while let last = parts.last, last.table.count <= TermDictionary.growth * rows.count {
            rows += TermDictionary.rows(of: last, contexts)
            parts.removeLast()
        }
        for place in parts.indices.reversed() where parts[place].liveCount < parts[place].table.count / 2 {
            rows += TermDictionary.rows(of: parts[place], contexts)
            parts.remove(at: place)
        }
        guard !rows.isEmpty else { return }
        let table = TermTable(rows, contexts: rows.map { contexts.code(of: $0.entry.context) }, hasOwners: hasOwners)
        let place = parts.firstIndex { $0.table.count < table.count } ?? parts.count
        parts.insert(Part(table: table, liveCount: table.count), at: place)
    }

    private mutating func bury(_ id: Identifier) {
        for place in parts.indices {
            guard let row = parts[place].table.row(of: id), parts[place].isLive(row) else { continue }
            return parts[place].bury(row)
        }
    }

    private static func rows(of part: Part, _ contexts: ContextCodes) -> [(key: TermKey, entry: TermEntry)] {
        (0..<part.table.count).filter(part.isLive).map { (part.table.key($0), part.table.entry($0, contexts)) }
    }

    /// Makes tables anew of which something is gone.
    mutating func shed(_ contexts: inout ContextCodes) {
        for place in parts.indices where parts[place].liveCount < parts[place].table.count {
            let rows = TermDictionary.rows(of: parts[place], contexts)
            let table = TermTable(rows, contexts: rows.map { contexts.code(of: $0.entry.context) }, hasOwners: hasOwners)
            parts[place] = Part(table: table, liveCount: table.count)
        }
        parts.removeAll { $0.liveCount == 0 }
    }

    /// All that are there, in no order.
    func entries(_ contexts: ContextCodes) -> [TermEntry] {
        parts.flatMap { part in (0..<part.table.count).filter(part.isLive).map { part.table.entry($0, contexts) } }
    }
}

/// Contexts by small numbers; zero is none. There are as many as callers have named.
struct ContextCodes: Sendable {
    private var names: [String?] = [nil]
    private var codes: [String: UInt16] = [:]

    mutating func code(of name: String?) -> UInt16 {
        guard let name else { return 0 }
        if let code = codes[name] { return code }
        // More than that many are told apart no further: they lift nothing.
        guard names.count <= Int(UInt16.max) else { return 0 }
        names.append(name)
        codes[name] = UInt16(names.count - 1)
        return UInt16(names.count - 1)
    }

    func known(_ name: String?) -> UInt16? { name.flatMap { codes[$0] } }

    /// By which it is known what was rejected there, which is so where no context is named as well; nil for one that nobody ever named.
    func place(of name: String?) -> UInt16? { name == nil ? 0 : known(name) }

    func name(_ code: UInt16) -> String? { names[Int(code)] }
}
