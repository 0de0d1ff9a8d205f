public import Recall
public import Records
internal import Synchronization

/// A pattern of what a user did with a term, new or as it is now, or one that is gone.
public enum LessonChange: Sendable {
    case put(Identifier, TermLesson)
    case remove(Identifier)
}

/// Where users do not want to be offered which terms any more.
struct SunkTerms: Sendable {
    private struct Place: Hashable {
        let user: Identifier
        let term: Identifier
    }

    /// By the pattern that says so.
    private var patterns: [Identifier: (place: Place, context: UInt16)] = [:]
    private var contexts: [Place: Set<UInt16>] = [:]
    /// Who is in it at all: most are not.
    private var users: [Identifier: Int] = [:]

    mutating func apply(_ change: LessonChange, _ codes: inout ContextCodes) {
        switch change {
        case .remove(let pattern): remove(pattern)
        case .put(let pattern, let lesson):
            remove(pattern)
            guard lesson.isSunk else { return }
            // Of contexts beyond those that are told apart none is remembered: in the general one nothing may sink that was not rejected there.
            let code = codes.code(of: lesson.context)
            guard code > 0 || lesson.context == nil else { return }
            let place = Place(user: lesson.user, term: lesson.term)
            patterns[pattern] = (place, code)
            contexts[place, default: []].insert(code)
            users[lesson.user, default: 0] += 1
        }
    }

    private mutating func remove(_ pattern: Identifier) {
        guard let (place, code) = patterns.removeValue(forKey: pattern) else { return }
        contexts[place]?.remove(code)
        if contexts[place]?.isEmpty ?? false { contexts[place] = nil }
        users[place.user] = users[place.user].flatMap { $0 > 1 ? $0 - 1 : nil }
    }

    func has(_ user: Identifier) -> Bool { users[user] != nil }

    func has(_ term: Identifier, of user: Identifier, in context: UInt16) -> Bool { contexts[Place(user: user, term: term)]?.contains(context) ?? false }

    var ids: [Identifier] { Array(patterns.keys) }

    var byteCount: Int { patterns.capacity * 64 + contexts.capacity * 56 + users.capacity * 32 }
}

extension TermBook {
    /// Carries out changes in order.
    public func learn(_ changes: [LessonChange]) {
        guard !changes.isEmpty else { return }
        ownerByEntry.withLock { _ in published.withLock { published in for change in changes { published.sunk.apply(change, &published.contexts) } } }
    }

    /// The patterns by which terms are sunk.
    public var lessons: [Identifier] { published.withLock { $0.sunk.ids } }
}
