internal import Lexical
public import Records
internal import Synchronization

/// One change of the entries that are suggested.
public enum TermChange: Sendable {
    /// A new entry, or what an old one is now.
    case put(TermEntry)
    case remove(Identifier)
}

/// The dictionaries of one organization in memory: one of each user, and one of what users made public.
///
/// Every question runs on what stood when it began, and waits for no writer longer than it takes to copy a few pointers: tables are made beside.
public final class TermBook: Sendable {
    struct Published {
        /// Owners by small numbers, so that an entry can be found by its identifier alone.
        var owners: [Identifier: UInt32] = [:]
        var dictionaries: [TermDictionary] = []
        var shared = TermDictionary(hasOwners: true)
        var contexts = ContextCodes()
        var sunk = SunkTerms()
    }

    let published = Mutex(Published())
    /// Whose each entry is; held while changes are carried out.
    let ownerByEntry = Mutex<[Identifier: UInt32]>([:])

    public init() {}

    /// Carries out changes in order; of those of one entry the last is the one that counts.
    public func apply(_ changes: [TermChange]) {
        ownerByEntry.withLock { ownerByEntry in
            var latest: [Identifier: TermEntry?] = [:]
            for change in changes {
                switch change {
                case .put(let entry): latest.updateValue(entry, forKey: entry.id)
                case .remove(let id): latest.updateValue(nil, forKey: id)
                }
            }
            var (put, gone): ([UInt32: [TermEntry]], [UInt32: [Identifier]]) = ([:], [:])
            for (id, entry) in latest {
                if let old = ownerByEntry.removeValue(forKey: id) { gone[old, default: []].append(id) }
                guard let entry else { continue }
                let owner = number(of: entry.owner)
                ownerByEntry[id] = owner
                put[owner, default: []].append(entry)
            }
            rewrite(Set(put.keys).union(gone.keys)) { owner, dictionary, contexts in
                if let owner {
                    dictionary.apply(put: put[owner] ?? [], remove: gone[owner] ?? [], contexts: &contexts)
                } else {
                    dictionary.apply(put: put.values.flatMap { $0.filter(\.isPublic) }, remove: gone.values.flatMap(\.self), contexts: &contexts)
                }
            }
        }
    }

    /// Leaves nothing behind of entries that are gone.
    public func shed() {
        ownerByEntry.withLock { _ in
            rewrite(Set(published.withLock { $0.dictionaries.indices }.map { UInt32($0) })) { _, dictionary, contexts in dictionary.shed(&contexts) }
        }
    }

    /// Has copies of these dictionaries, and of the shared one, changed, and puts them in the place of what was there, all at once. One writer at a time.
    private func rewrite(_ owners: Set<UInt32>, _ change: (UInt32?, inout TermDictionary, inout ContextCodes) -> Void) {
        var (copies, shared, contexts) = published.withLock { published in
            (owners.map { (owner: $0, dictionary: published.dictionaries[Int($0)]) }, published.shared, published.contexts)
        }
        for place in copies.indices { change(copies[place].owner, &copies[place].dictionary, &contexts) }
        change(nil, &shared, &contexts)
        let (made, sharedNow, contextsNow) = (copies, shared, contexts)
        published.withLock { published in
            for (owner, dictionary) in made { published.dictionaries[Int(owner)] = dictionary }
            (published.shared, published.contexts) = (sharedNow, contextsNow)
        }
    }

    private func number(of owner: Identifier) -> UInt32 {
        published.withLock { published in
            if let known = published.owners[owner] { return known }
            published.owners[owner] = UInt32(published.dictionaries.count)
            published.dictionaries.append(TermDictionary(hasOwners: false))
            return UInt32(published.dictionaries.count - 1)
        }
    }

    public func suggest(_ request: SuggestRequest, to user: Identifier) -> [Suggestion] {
        let text = TypedText(request.typed)
        let (terms, contexts) = terms(shownTo: user)
        var suggesting = Suggesting(terms, contexts, context: request.context, limit: request.limit)
        suggesting.find(text)
        return suggesting.suggestions(contexts)
    }

    /// Nil where it was to stop.
    public func detect(_ request: DetectRequest, for user: Identifier, shouldStop: () -> Bool) -> Detection? {
        let (terms, contexts) = terms(shownTo: user)
        var detecting = Detecting(request.text, in: terms, contexts, context: request.context)
        return detecting.detect(in: request.language.flatMap { Language(tag: $0) }, shouldStop: shouldStop)
    }

    /// As it stands now.
    func terms(shownTo user: Identifier) -> (VisibleTerms, ContextCodes) {
        published.withLock { published in
            let own = published.owners[user].map { published.dictionaries[Int($0)] } ?? TermDictionary(hasOwners: false)
            return (VisibleTerms(own: own, shared: published.shared, user: user, sunk: published.sunk), published.contexts)
        }
    }

    public var count: Int { ownerByEntry.withLock { $0.count } }

    /// Those who have a dictionary.
    public var ownerCount: Int { published.withLock { $0.dictionaries.count } }

    /// What it takes in memory, roughly.
    public var byteCount: Int {
        let map = ownerByEntry.withLock { $0.capacity * TermBook.mapBytes }
        return published.withLock { published in
            map + published.dictionaries.reduce(0) { $0 + $1.byteCount } + published.shared.byteCount + published.owners.capacity * TermBook.mapBytes
                + published.dictionaries.capacity * MemoryLayout<TermDictionary>.stride + published.sunk.byteCount
        }
    }

    /// Of an identifier and a number in a dictionary of Swift's, which is at most three quarters full.
    private static let mapBytes = 28
}
