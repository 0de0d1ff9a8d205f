import Synchronization

/// What filters that come again and again say of chunks of rows, so that only rows which came since are tried.
///
/// A row's columns never change, so what an expression says of the first rows of a chunk holds as long as the chunk does.
public final class SelectionCache: Sendable {
    /// What an expression says of the first `count` rows that a chunk has, alive or not.
    fileprivate struct Part: Sendable {
        let columns: ColumnChunk
        let count: Int
        let rows: Bitmap
    }

    private struct Entry: Sendable {
        var parts: [Part?]
        var usedAt: UInt64
    }

    private struct State {
        var entries: [Expression: Entry] = [:]
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private static let bytesMax = 16 << 20
    private static let entriesMax = 256

    public init() {}

    /// What is known of an expression, to be used and completed by one search.
    public func selections(of expression: Expression) -> Selections {
        let parts = state.withLock { state in
            state.uses += 1
            state.entries[expression]?.usedAt = state.uses
            return state.entries[expression]?.parts ?? []
        }
        return Selections(expression: expression, parts: parts)
    }

    /// Keeps what a search had to find out.
    public func keep(_ selections: Selections) {
        guard selections.hasNew else { return }
        let countMax = max(1, min(SelectionCache.entriesMax, SelectionCache.bytesMax / max(1, selections.parts.count * MemoryLayout<Part?>.stride)))
        state.withLock { state in
            state.entries[selections.expression] = Entry(parts: selections.parts, usedAt: state.uses)
            while state.entries.count > countMax, let oldest = state.entries.min(by: { $0.value.usedAt < $1.value.usedAt }) { state.entries[oldest.key] = nil }
        }
    }

    /// What one expression says of chunks, each by its slot.
    public struct Selections {
        fileprivate let expression: Expression
        fileprivate var parts: [Part?]
        fileprivate var hasNew = false

        /// The rows below `count` that the expression admits, alive or not.
        public mutating func rows(of columns: ColumnChunk, below count: Int, slot: Int) -> Bitmap {
            while parts.count <= slot { parts.append(nil) }
            if let known = parts[slot], known.columns === columns, known.count == count { return known.rows }
            let rows = expression.select(in: columns, among: Bitmap(below: count))
            parts[slot] = Part(columns: columns, count: count, rows: rows)
            hasNew = true
            return rows
        }
    }
}
