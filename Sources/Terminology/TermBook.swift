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
/// Every question runs on what stood when it began. A writer works beside, on a copy that shares all tables that it does not make anew.
public final class TermBook: Sendable {
    fileprivate struct State {
        /// Owners by small numbers, so that an entry can be found by its identifier alone.
        var owners: [Identifier: UInt32] = [:]
        var dictionaries: [TermDictionary] = []
        var shared = TermDictionary(hasOwners: true)
        var ownerByEntry: [Identifier: UInt32] = [:]
        var contexts = ContextCodes()
    }

    private let state = Mutex(State())

    public init() {}

    /// Carries out changes in order.
    public func apply(_ changes: [TermChange]) { state.withLock { $0.apply(changes) } }

    public func suggest(_ request: SuggestRequest, to user: Identifier) -> [Suggestion] {
        let text = TypedText(request.typed)
        let (own, shared, contexts) = state.withLock { state in
            (state.owners[user].map { state.dictionaries[Int($0)] } ?? TermDictionary(hasOwners: false), state.shared, state.contexts)
        }
        var suggesting = Suggesting(own: own, shared: shared, user: user, context: contexts.known(request.context), limit: request.limit)
        suggesting.find(text)
        return suggesting.suggestions(contexts)
    }

    /// Leaves nothing behind of entries that are gone.
    public func shed() {
        state.withLock { state in
            for place in state.dictionaries.indices { state.dictionaries[place].shed(&state.contexts) }
            state.shared.shed(&state.contexts)
        }
    }

    /// Of all entries at this moment.
    public var ids: [Identifier] { state.withLock { Array($0.ownerByEntry.keys) } }

    public var count: Int { state.withLock { $0.ownerByEntry.count } }

    /// Those who have a dictionary.
    public var ownerCount: Int { state.withLock { $0.dictionaries.count } }

    /// What it takes in memory, roughly.
    public var byteCount: Int {
        state.withLock { state in
            state.dictionaries.reduce(0) { $0 + $1.byteCount } + state.shared.byteCount + state.ownerByEntry.capacity * 21 + state.owners.capacity * 21
                + state.dictionaries.capacity * MemoryLayout<TermDictionary>.stride
        }
    }
}

extension TermBook.State {
    /// The last change of an entry is the one that counts.
    fileprivate mutating func apply(_ changes: [TermChange]) {
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
        for owner in Set(put.keys).union(gone.keys) {
            dictionaries[Int(owner)].apply(put: put[owner] ?? [], remove: gone[owner] ?? [], contexts: &contexts)
        }
        shared.apply(put: put.values.flatMap { $0.filter(\.isPublic) }, remove: gone.values.flatMap(\.self), contexts: &contexts)
    }

    private mutating func number(of owner: Identifier) -> UInt32 {
        if let known = owners[owner] { return known }
        owners[owner] = UInt32(dictionaries.count)
        dictionaries.append(TermDictionary(hasOwners: false))
        return UInt32(dictionaries.count - 1)
    }
}
