public import Columns
public import Records
import Synchronization
import Vectors

/// The rows of one partition in memory, searched by cosine.
///
/// Rows lie in chunks of 1,024; each search runs on the snapshot that stood when it began. A search never waits for a writer: what they share is
/// one pointer, held no longer than it takes to copy it. Writers take turns.
public final class CosineIndex: Sendable {
    public let kind: Kind
    public let dimension: Int
    let writer: Mutex<IndexWriter>
    private let published = Mutex(Snapshot())

    /// Vectors of any other dimension are refused, one by one.
    public init(kind: Kind = .memory, dimension: Int, style: ListStyle = .codes) {
        self.kind = kind
        self.dimension = dimension
        writer = Mutex(IndexWriter(dimension: dimension, style: style))
    }

    /// Carries out changes in order; every search that starts after the return sees all of them, and no search sees a part.
    ///
    /// Returns the ids of puts that could not be taken, because the vector has another dimension, is zero or not finite; such a row is not in
    /// the index any more. A change copies one row and the small parts of a chunk or two; now and then the live rows of a chunk move as well.
    @discardableResult
    public func apply(_ changes: [IndexChange]) -> [Identifier] {
        writer.withLock { writer in
            let refused = writer.apply(changes)
            publish(writer.snapshot())
            return refused
        }
    }

    /// Leaves no row behind that is gone, where there are no lists; with lists they are trained anew for that.
    public func shed() {
        writer.withLock { writer in
            writer.shed()
            publish(writer.snapshot())
        }
    }

    func publish(_ snapshot: Snapshot) {
        var snapshot = snapshot
        // The old one is let go after the lock: unmapping memory takes longer than a reader should wait.
        published.withLock { swap(&$0, &snapshot) }
    }

    /// The answer on the rows of this moment: exact without lists, and where it is asked for; else as good as the recall target says, on average.
    public func search(_ query: IndexQuery) throws(IndexError) -> IndexAnswer {
        let unit = try unitVector(query)
        let snapshot = current
        return try search(query, unit: unit, expression: query.filter.map { Expression($0, on: kind, tags: snapshot.tags) }, in: snapshot)
    }

    /// What filters know of those of the rows that are here.
    public func attributes(of ids: [Identifier]) -> [Identifier: Attributes] {
        writer.withLock { writer in Dictionary(ids.compactMap { id in writer.attributes(of: id).map { (id, $0) } }, uniquingKeysWith: { first, _ in first }) }
    }

    /// The cosine of each row; nil of one that is not here.
    public func cosines(of vector: [Float], _ ids: [Identifier]) -> [Float?] {
        guard vector.count == dimension, let unit = normalized(vector) else { return ids.map { _ in nil } }
        let snapshot = current
        var (places, numbers): ([Int], [UInt32]) = ([], [])
        for (place, id) in ids.enumerated() {
            guard let number = snapshot.number(of: id) else { continue }
            places.append(place)
            numbers.append(UInt32(number))
        }
        var (cosines, scores) = ([Float?](repeating: nil, count: ids.count), [Float](repeating: 0, count: ids.count))
        snapshot.chunks.forEachRun(of: numbers) { chunk, run, rows in
            Kernels.best.score(of: unit, selected: rows, in: chunk.matrix, into: &scores)
            for place in run { cosines[places[place]] = min(max(scores[place - run.lowerBound], -1), 1) }
        }
        return cosines
    }

    /// Those of the rows that the query's filter admits.
    public func admitted(_ ids: some Sequence<Identifier>, by query: IndexQuery) throws(IndexError) -> Set<Identifier> {
        let snapshot = current
        let search = IndexSearch(query: query, unit: [], expression: query.filter.map { Expression($0, on: kind, tags: snapshot.tags) }, snapshot: snapshot)
        let scopes = Dictionary(uniqueKeysWithValues: try search.scopes().map { ($0.slot, $0.rows) })
        return Set(ids.filter { id in snapshot.number(of: id).map { scopes[$0 / Chunk.capacity]?[$0 % Chunk.capacity] ?? false } ?? false })
    }

    /// Whether the row has a vector here.
    public func has(_ id: Identifier) -> Bool { current.number(of: id) != nil }

    /// Whether the vector of a row can be compared with the others.
    public func takes(_ change: IndexChange) -> Bool {
        guard case .put(_, let vector) = change else { return true }
        return vector.count == dimension && normalized(vector) != nil
    }

    /// Those that would change something.
    public func differing(_ changes: [IndexChange]) -> [Identifier] { writer.withLock { writer in changes.compactMap { writer.isDone($0) ? nil : $0.id } } }

    /// Of all its rows at this moment.
    public var ids: [Identifier] {
        var ids: [Identifier] = []
        current.chunks.forEach { _, chunk in chunk.live.forEach { ids.append(chunk.columns.identifier($0)) } }
        return ids
    }

    /// Whether an answer can be expected within some hundred microseconds.
    public func isBrief(_ query: IndexQuery) -> Bool {
        guard !query.exact, query.filter == nil, query.ranking == nil, query.probes == nil, query.k <= CosineIndex.briefKMax else { return false }
        let snapshot = current
        guard let lists = snapshot.lists else { return snapshot.chunks.count * Chunk.capacity * dimension <= CosineIndex.briefFloatsMax }
        guard lists.style == .codes else { return false }
        return lists.setting(for: query.recallTarget, k: query.k).visited * Double(lists.trainedRows) <= CosineIndex.briefRowsMax * Double(lists.count)
    }

    /// Whether many such queries at once are answered sooner than one after the other.
    public func sharesReading(_ query: IndexQuery) -> Bool { current.lists.map { query.exact || $0.style == .flat } ?? true }

    private static let briefKMax = 100
    private static let briefFloatsMax = 1 << 20
    private static let briefRowsMax = 8_192.0

    /// Answers to many queries on one and the same snapshot, in their order; each is what `search` would have given, to the last bit, but for
    /// lists without codes, where it is as good.
    ///
    /// Queries with equal filters and times read the rows together, where all rows are read. With `threads` they are shared out among so many.
    public func search(_ queries: [IndexQuery], threads: Int = 1) -> [Result<IndexAnswer, IndexError>] {
        let snapshot = current
        guard threads > 1, queries.count > 1 else { return search(queries, in: snapshot) }
        // So many parts that threads end at about the same time, each with enough queries to read rows together.
        let size = max(1, min(BatchScan.queriesMax, (queries.count + 4 * threads - 1) / (4 * threads)))
        let parts = Slots<[Result<IndexAnswer, IndexError>]>(count: (queries.count + size - 1) / size)
        Workers.forEachRange(below: queries.count, size: size, threads: threads) { range, _ in
            parts[range.lowerBound / size] = search(Array(queries[range]), in: snapshot)
        }
        return parts.all.flatMap { $0 }
    }

    private func search(_ queries: [IndexQuery], in snapshot: Snapshot) -> [Result<IndexAnswer, IndexError>] {
        struct Scope: Hashable {
            let expression: Expression?
            let moment: Moment
            /// Every row, and by its cosine alone.
            let comparesAll: Bool
        }
        var results = [Result<IndexAnswer, IndexError>](repeating: .failure(.stopped), count: queries.count)
        var units: [[Float]] = Array(repeating: [], count: queries.count)
        var scopes: [Scope: [Int]] = [:]
        for (place, query) in queries.enumerated() {
            do {
                units[place] = try unitVector(query)
                let scope = Scope(
                    expression: query.filter.map { Expression($0, on: kind, tags: snapshot.tags) }, moment: query.moment,
                    comparesAll: query.ranking == nil && (snapshot.lists == nil || query.exact))
                scopes[scope, default: []].append(place)
            } catch {
                results[place] = .failure(error)
            }
        }
        for (scope, places) in scopes {
            for start in stride(from: 0, to: places.count, by: BatchScan.queriesMax) {
                let block = places[start..<min(start + BatchScan.queriesMax, places.count)]
                let searches = block.map { IndexSearch(query: queries[$0], unit: units[$0], expression: scope.expression, snapshot: snapshot) }
                let answers = scope.comparesAll && searches.count >= BatchScan.queriesMin ? compareAll(searches) : IndexBatch(searches: searches).answers()
                for (place, answer) in zip(block, answers) { results[place] = answer }
            }
        }
        return results
    }

    public var statistics: IndexStatistics {
        let snapshot = current
        var (deadRows, bytesVectors, bytesColumns) = (0, 0, snapshot.chunks.count > 0 ? snapshot.finder.byteCount : 0)
        snapshot.chunks.forEach { _, chunk in
            deadRows += chunk.deadCount
            bytesVectors += chunk.matrix.byteCount
            bytesColumns += chunk.columns.byteCount
        }
        return IndexStatistics(
            rows: snapshot.rows, deadRows: deadRows, bytesVectors: bytesVectors, bytesColumns: bytesColumns, dimension: dimension,
            chunks: snapshot.chunks.count, lists: snapshot.lists?.count ?? 0, style: snapshot.lists?.style, bytesCodes: snapshot.lists?.byteCount ?? 0,
            trainedRows: snapshot.lists?.trainedRows ?? 0, changedRows: snapshot.lists?.changes ?? 0)
    }

    var current: Snapshot { published.withLock { $0 } }

    /// Checks everything about a query that can be wrong, and gives its vector the length one.
    private func unitVector(_ query: IndexQuery) throws(IndexError) -> [Float] {
        guard query.vector.count == dimension else { throw .wrongDimension(found: query.vector.count, expected: dimension) }
        do throws(FieldError) {
            try Checks.vector(query.vector, "vector")
            try query.filter?.check(on: kind)
            try query.ranking?.check()
        } catch {
            throw .refused(error)
        }
        guard query.k >= 1 else { throw .refused(FieldError("k", .outOfRange("at least 1"))) }
        guard let unit = normalized(query.vector) else { throw .refused(FieldError("vector", .zeroVector)) }
        return unit
    }

    private func search(_ query: IndexQuery, unit: [Float], expression: Expression?, in snapshot: Snapshot) throws(IndexError) -> IndexAnswer {
        try IndexSearch(query: query, unit: unit, expression: expression, snapshot: snapshot).answer()
    }

    private func compareAll(_ searches: [IndexSearch]) -> [Result<IndexAnswer, IndexError>] {
        guard let first = searches.first else { return [] }
        var batch = BatchScan(searches.map(\.query), units: searches.map(\.unit), expression: first.expression, moment: first.query.moment, dimension: dimension)
        return batch.run(first.snapshot).map { $0.map(first.overAll) }
    }
}
