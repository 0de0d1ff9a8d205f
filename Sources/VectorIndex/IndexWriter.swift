import Columns
import Records
import Vectors

/// The writer's side of an index: where each row is, and the chunks as the next snapshot will have them.
///
/// A change touches one or two chunks: their small parts (count, live rows) are copied, vectors and columns are appended to in place.
struct IndexWriter {
    private let dimension: Int
    /// What lists keep of their rows, from the next training on.
    var style: ListStyle
    /// Rows by identifier, those that are dead among them.
    private var finder = RowFinder(capacity: 0)
    private var rowCount = 0
    private var tags = TagTable()
    private var chunks = ChunkTable()
    /// Chunks that were touched since the last snapshot; for these slots the table is out of date.
    private var touched: [Int: Chunk] = [:]
    /// The chunk that takes new rows.
    private var openSlot: Int?
    private var deadRows = 0
    /// Chunks of which so much is dead that they wait to be dissolved.
    private var crumbling: Set<Int> = []
    private var lists: ListWriter?
    private var lifespan = Lifespan()
    /// What is applied while lists are trained from an earlier snapshot.
    private var changesMeanwhile: [IndexChange]?

    init(dimension: Int, style: ListStyle) {
        self.dimension = dimension
        self.style = style
    }

    /// The rows of `chunks` under the numbers that they have there, and lists over them; `other` is the writer from whose rows they were made.
    init(_ other: IndexWriter, chunks: ChunkTable, lists: ListWriter) {
        dimension = other.dimension
        style = other.style
        tags = other.tags
        self.chunks = chunks
        self.lists = lists
        chunks.forEach { _, chunk in rowCount += chunk.liveCount }
        renewFinder()
        renewLifespan()
    }

    /// Carries out the changes in order and returns the ids that were refused: put with a vector that has no direction or another dimension.
    /// A row of such an id is gone, since what it said is no longer true.
    mutating func apply(_ changes: [IndexChange]) -> [Identifier] {
        var refused: [Identifier] = []
        for change in changes {
            switch change {
            case .remove(let id): remove(id)
            case .put(let attributes, let vector):
                remove(attributes.id)
                if vector.count == dimension, let unit = normalized(vector) {
                    put(attributes, unit: unit)
                } else {
                    refused.append(attributes.id)
                }
            }
        }
        // Lists know rows by their place, so that none moves until they are trained anew.
        if lists == nil { compact(rowsMax: IndexWriter.movedRowsMin + 2 * changes.count) }
        if finder.capacity > IndexWriter.finderShareMax * max(IndexWriter.movedRowsMin, rowCount) { renewFinder() }
        changesMeanwhile?.append(contentsOf: changes)
        return refused
    }

    /// The state that searches may see from now on.
    mutating func snapshot() -> Snapshot {
        for (slot, chunk) in touched { chunks.replace(slot, with: chunk) }
        touched.removeAll(keepingCapacity: touched.count <= 64)
        let chunks = self.chunks
        let lists = self.lists?.lists { chunks.matrices }
        return Snapshot(chunks: chunks, tags: tags.codes, rows: rowCount, finder: finder, lists: lists, lifespan: lifespan)
    }

    private func chunk(_ slot: Int) -> Chunk? { touched[slot] ?? chunks[slot] }

    private mutating func remove(_ id: Identifier) {
        guard let number = find(id), var chunk = chunk(number / Chunk.capacity) else { return }
        let (slot, row) = (number / Chunk.capacity, number % Chunk.capacity)
        rowCount -= 1
        tags.remove(chunk.columns.tagCodes(row))
        chunk.bury(row)
        lists?.remove(number)
        deadRows += 1
        touched[slot] = chunk
        if isCrumbling(chunk) { crumbling.insert(slot) }
        if lifespan.isBounded(by: row, of: chunk.columns) { renewLifespan() }
    }

    private mutating func renewLifespan() {
        lifespan = Lifespan()
        chunks.forEach { slot, stored in lifespan.formUnion((touched[slot] ?? stored).lifespan) }
    }

    private mutating func put(_ attributes: Attributes, unit: [Float]) {
        let codes = tags.add(attributes.tags)
        place(attributes.id) { $0.append(attributes, tagCodes: codes, unit: unit) }
        rowCount += 1
    }

    private func find(_ id: Identifier) -> Int? {
        finder.find(hash: id.hashValue) { number in chunk(number / Chunk.capacity)?.has(id, number % Chunk.capacity) ?? false }
    }

    func attributes(of id: Identifier) -> Attributes? {
        guard let number = find(id), let chunk = chunk(number / Chunk.capacity) else { return nil }
        return chunk.columns.attributes(number % Chunk.capacity, text: tags.text)
    }

    /// As they are written: to Swift two texts of different bytes may be equal.
    private static func set(_ tags: [String]) -> Set<[UInt8]> { Set(tags.map { Array($0.utf8) }) }

    /// Whether everything is already as the change would leave it.
    func isDone(_ change: IndexChange) -> Bool {
        switch change {
        case .remove(let id): return find(id) == nil
        case .put(let attributes, let vector):
            guard vector.count == dimension, let unit = normalized(vector) else { return find(attributes.id) == nil }
            guard let number = find(attributes.id), let chunk = chunk(number / Chunk.capacity), let known = self.attributes(of: attributes.id) else { return false }
            // Of tags it is known which there are, and not in what order.
            var wanted = attributes
            wanted.tags = known.tags
            return known == wanted && IndexWriter.set(known.tags) == IndexWriter.set(attributes.tags) && chunk.matrix.row(number % Chunk.capacity) == unit
        }
    }

    /// Leaves out dead rows, and has room for as many again as are alive.
    private mutating func renewFinder() {
        finder = RowFinder(capacity: 2 * rowCount + Chunk.capacity)
        chunks.forEach { slot, stored in
            let chunk = touched[slot] ?? stored
            chunk.live.forEach { finder.add(slot * Chunk.capacity + $0, hash: chunk.columns.identifier($0).hashValue) }
        }
    }

    /// Puts a row into the open chunk, a new one if need be, by `append`.
    private mutating func place(_ id: Identifier, append: (inout Chunk) -> Int) {
        var chunk: Chunk
        let slot: Int
        if let open = openSlot, let current = self.chunk(open), !current.isFull {
            (slot, chunk) = (open, current)
        } else {
            chunk = Chunk(dimension: dimension)
            slot = chunks.insert(chunk)
            openSlot = slot
            lists?.hasNewChunk()
        }
        let row = append(&chunk)
        touched[slot] = chunk
        lists?.add(slot * Chunk.capacity + row, row: row, of: chunk.matrix)
        lifespan.admit(row, of: chunk.columns)
        if finder.isFull { renewFinder() } else { finder.add(slot * Chunk.capacity + row, hash: id.hashValue) }
    }
}

// Compaction: the live rows of a chunk move to the open one, and the chunk is left to the snapshots that still hold it.
extension IndexWriter {
    /// Dead rows from which a chunk is dissolved.
    private static let deadRowsOfChunkMax = Chunk.capacity / 2
    /// Dead rows of the whole index that are left alone: below, a scan hardly notices.
    private static let deadRowsMin = Chunk.capacity
    /// Dead rows of the index, as one part in so many of all, above which the worst chunks are dissolved.
    private static let deadShareDivisor = 4
    /// Rows that one call may move, however few changes it has; each chunk that is dissolved has freed more places than it moves, or a quarter.
    private static let movedRowsMin = Chunk.capacity
    /// How many times more room than rows the finder may have.
    private static let finderShareMax = 8

    private func isCrumbling(_ chunk: Chunk) -> Bool {
        chunk.liveCount == 0 || chunk.deadCount >= IndexWriter.deadRowsOfChunkMax
    }

    private var hasTooManyDead: Bool {
        deadRows > IndexWriter.deadRowsMin && deadRows * IndexWriter.deadShareDivisor > deadRows + rowCount
    }

    /// Leaves no dead row behind, where there are no lists; these are trained anew for that.
    mutating func shed() {
        guard lists == nil else { return }
        var slots: [Int] = []
        chunks.forEach { slot, stored in if (touched[slot] ?? stored).deadCount > 0 { slots.append(slot) } }
        for slot in slots { if let chunk = chunk(slot) { _ = dissolve(slot, chunk) } }
        for (slot, chunk) in touched where chunk.deadCount > 0 { _ = dissolve(slot, chunk) }
    }

    private mutating func compact(rowsMax: Int) {
        var moved = 0
        for slot in crumbling.sorted() {
            guard let chunk = chunk(slot), isCrumbling(chunk) else {
                crumbling.remove(slot)
                continue
            }
            guard moved + chunk.liveCount <= rowsMax else { break }
            moved += dissolve(slot, chunk)
        }
        while hasTooManyDead, let (slot, chunk) = worstChunk(), moved + chunk.liveCount <= rowsMax { moved += dissolve(slot, chunk) }
    }

    /// Moves the live rows away, drops the chunk and returns how many moved.
    private mutating func dissolve(_ slot: Int, _ chunk: Chunk) -> Int {
        if openSlot == slot { openSlot = nil }
        chunk.live.forEach { row in
            place(chunk.columns.identifier(row)) { $0.append(row: row, of: chunk) }
        }
        touched[slot] = nil
        chunks.remove(slot)
        crumbling.remove(slot)
        deadRows -= chunk.deadCount
        return chunk.liveCount
    }

    private func worstChunk() -> (slot: Int, chunk: Chunk)? {
        var worst: (slot: Int, chunk: Chunk)?
        chunks.forEach { slot, stored in
            let chunk = touched[slot] ?? stored
            if chunk.deadCount > worst?.chunk.deadCount ?? 0 { worst = (slot, chunk) }
        }
        return worst
    }
}

// Training: lists are made from a snapshot while changes go on, which are then applied to what was made.
extension IndexWriter {
    /// Rows from which codes pay.
    static let codedRowsMin = 4_096
    /// Lists are trained anew when as many rows came or went as this part of those that there were.
    private static let changedShareDivisor = 3
    /// Where fewer rows are left, lists go.
    private static let listedRowsMin = 2_048

    var hasTooFewForLists: Bool { changesMeanwhile == nil && lists != nil && rowCount < IndexWriter.listedRowsMin }

    /// The same rows without lists.
    func withoutLists() -> IndexWriter {
        var made = IndexWriter(dimension: dimension, style: style)
        made.tags = tags
        chunks.forEach { slot, stored in
            let chunk = touched[slot] ?? stored
            chunk.live.forEach { row in
                made.place(chunk.columns.identifier(row)) { $0.append(row: row, of: chunk) }
                made.rowCount += 1
            }
        }
        return made
    }

    var wantsTraining: Bool {
        guard changesMeanwhile == nil, dimension <= CodeLayout.dimensionsMax else { return false }
        guard let lists else { return rowCount >= IndexWriter.codedRowsMin }
        return lists.style != style || lists.changes > max(IndexWriter.codedRowsMin, lists.trainedRows / IndexWriter.changedShareDivisor)
    }

    var isTraining: Bool { changesMeanwhile != nil }

    mutating func beginTraining() { changesMeanwhile = [] }

    mutating func endTraining() { changesMeanwhile = nil }

    /// What was applied since the last time that this was asked.
    mutating func takeChangesMeanwhile() -> [IndexChange] {
        defer { if changesMeanwhile != nil { changesMeanwhile = [] } }
        return changesMeanwhile ?? []
    }
}
