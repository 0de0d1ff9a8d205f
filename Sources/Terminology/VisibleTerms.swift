internal import Records

/// The tables that a user sees, as they stood when he asked: his own, and what others made public.
struct VisibleTerms: Sendable {
    let tables: [TermDictionary.Part]
    /// So many of them are of the user's own dictionary, the first ones.
    let ownCount: Int
    let user: Identifier
    private let sunk: SunkTerms
    private let hasSunk: Bool

    init(own: TermDictionary, shared: TermDictionary, user: Identifier, sunk: SunkTerms) {
        tables = own.parts + shared.parts
        ownCount = own.parts.count
        self.user = user
        self.sunk = sunk
        hasSunk = sunk.has(user)
    }

    func isOwn(_ place: Int) -> Bool { place < ownCount }

    /// Whether that entry is there, and not the public side of one of his own.
    func isShown(_ place: Int, _ row: Int) -> Bool {
        tables[place].isLive(row) && (isOwn(place) || tables[place].table.owners[row] != user)
    }

    /// Whether the user rejected that entry where it is asked for now. Zero is no context.
    func isSunk(_ place: Int, _ row: Int, in context: UInt16) -> Bool { hasSunk && sunk.has(tables[place].table.ids[row], of: user, in: context) }

    /// That entry, own ones before others'.
    func place(of id: Identifier) -> (place: Int, row: Int)? {
        for place in tables.indices { if let row = tables[place].table.row(of: id), isShown(place, row) { return (place, row) } }
        return nil
    }

    /// By its identifier, or by how it is written.
    func place(named name: String) -> (place: Int, row: Int)? {
        if let id = Identifier(name), let found = place(of: id) { return found }
        let key = TermKey(name)
        return place(of: key, isDeprecated: false) ?? place(of: key, isDeprecated: true)
    }

    /// Whether it is so of all entries of a table.
    func showsAll(_ place: Int) -> Bool { isOwn(place) && tables[place].liveCount == tables[place].table.count }

    /// What is to be said in the place of a deprecated term: where the one that it names is deprecated as well, the one that that names, and so on, if there is one.
    func preferred(to row: Int, of place: Int) -> (Int, Int)? {
        var name = tables[place].table.preferred[row]
        for _ in 0..<VisibleTerms.stepsMax {
            guard let key = name.map({ TermKey($0) }) else { return nil }
            if let found = self.place(of: key, isDeprecated: false) { return found }
            name = self.place(of: key, isDeprecated: true).flatMap { tables[$0.0].table.preferred[$0.1] }
        }
        return nil
    }

    private static let stepsMax = 4

    /// That entry, own ones before others'.
    private func place(of key: TermKey, isDeprecated: Bool) -> (Int, Int)? {
        for place in tables.indices {
            let table = tables[place].table
            for row in table.rows(equalTo: key.bytes) where tables[place].isLive(row) && (table.standing(row) == .deprecated) == isDeprecated { return (place, row) }
        }
        return nil
    }
}
