internal import Records
internal import Synchronization

struct RowName: Hashable, Sendable {
    let organization: Identifier
    let kind: Kind
    let id: Identifier
}

/// Keeps what is on its way into memory from replacing what is newer.
///
/// A write is known as it was committed, a row as it was read, and either is taken into memory somewhat later. What came there meanwhile of the same rows may be
/// newer: those rows are read once more.
final class Freshness: Sendable {
    enum Source: Sendable {
        /// A write of this process. Those are taken in the order of their commits, so that none is in the way of another.
        case write
        case read
    }

    private struct Sight {
        let source: Source
        var passed: Set<RowName> = []
    }

    private struct State {
        var next: UInt64 = 0
        var sights: [UInt64: Sight] = [:]
    }

    private let state = Mutex(State())

    /// Before a write is handed to the store, or rows are asked for.
    func begin(_ source: Source) -> UInt64 {
        state.withLock { state in
            state.next += 1
            state.sights[state.next] = Sight(source: source)
            return state.next
        }
    }

    /// The rows of which something else was taken since the sight began.
    @discardableResult
    func end(_ sight: UInt64) -> Set<RowName> { state.withLock { $0.sights.removeValue(forKey: sight)?.passed ?? [] } }

    /// The same of a sight that goes on.
    func passed(_ sight: UInt64) -> Set<RowName> { state.withLock { $0.sights[sight]?.passed ?? [] } }

    func took(_ rows: Set<RowName>, from source: Source) {
        state.withLock { state in
            for (number, sight) in state.sights where source == .read || sight.source == .read { state.sights[number]?.passed.formUnion(rows) }
        }
    }
}
