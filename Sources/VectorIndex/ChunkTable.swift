import Columns
import Records
import Vectors

/// Chunks by slot, as an immutable tree of two levels: exchanging one copies the pointers of its group, not of the index.
struct ChunkTable: Sendable {
    /// A chunk that a snapshot may hold; a class, so that a table holds a pointer.
    final class Entry: Sendable {
        let chunk: Chunk

        init(_ chunk: Chunk) {
            self.chunk = chunk
        }

        func has(_ id: Identifier, _ row: Int) -> Bool { chunk.has(id, row) }
    }

    private static let groupSlots = 64

    private var groups: [[Entry?]] = []
    private var freeSlots: [Int] = []
    private(set) var count = 0

    private func entry(_ slot: Int) -> Entry? {
        slot / ChunkTable.groupSlots < groups.count ? groups[slot / ChunkTable.groupSlots][slot % ChunkTable.groupSlots] : nil
    }

    /// Nil where there is none.
    subscript(slot: Int) -> Chunk? { entry(slot)?.chunk }

    mutating func insert(_ chunk: Chunk) -> Int {
        if freeSlots.isEmpty {
            let first = groups.count * ChunkTable.groupSlots
            groups.append(Array(repeating: nil, count: ChunkTable.groupSlots))
            freeSlots = Array((first..<first + ChunkTable.groupSlots).reversed())
        }
        let slot = freeSlots.removeLast()
        count += 1
        replace(slot, with: chunk)
        return slot
    }

    mutating func replace(_ slot: Int, with chunk: Chunk) {
        groups[slot / ChunkTable.groupSlots][slot % ChunkTable.groupSlots] = Entry(chunk)
    }

    mutating func remove(_ slot: Int) {
        groups[slot / ChunkTable.groupSlots][slot % ChunkTable.groupSlots] = nil
        freeSlots.append(slot)
        count -= 1
        if count == 0 { self = ChunkTable() }
    }

    /// The chunk of the row with that number, which is its chunk's slot times 1,024, and its place there; nil where there is none.
    func chunk(of number: Int) -> Chunk? { self[number / Chunk.capacity] }

    /// Whether the row with that number is there, alive, and called so.
    func has(_ id: Identifier, number: Int) -> Bool { entry(number / Chunk.capacity)?.has(id, number % Chunk.capacity) ?? false }

    /// The columns of its chunk.
    func columns(of number: Int) -> ColumnChunk? { entry(number / Chunk.capacity)?.chunk.columns }

    func identifier(_ number: Int) -> Identifier? { columns(of: number)?.identifier(number % Chunk.capacity) }

    /// The vectors of every slot's chunk.
    var matrices: [RowMatrix?] { groups.flatMap { group in group.map { $0?.chunk.matrix } } }

    /// Every chunk and its slot, until `body` throws.
    func forEach<Failure: Error>(_ body: (Int, Chunk) throws(Failure) -> Void) throws(Failure) {
        for (group, entries) in groups.enumerated() {
            for (place, entry) in entries.enumerated() {
                if let entry { try body(group * ChunkTable.groupSlots + place, entry.chunk) }
            }
        }
    }

    /// Rows by their numbers, those together that lie in one chunk one after the other: where they are among the numbers, and their places in the chunk.
    func forEachRun(of numbers: [UInt32], _ body: (Chunk, Range<Int>, [UInt32]) -> Void) {
        var (start, rows): (Int, [UInt32]) = (0, [])
        while start < numbers.count {
            let slot = Int(numbers[start]) / Chunk.capacity
            let end = numbers[start...].firstIndex { Int($0) / Chunk.capacity != slot } ?? numbers.count
            rows.removeAll(keepingCapacity: true)
            for number in numbers[start..<end] { rows.append(number % UInt32(Chunk.capacity)) }
            if let chunk = self[slot] { body(chunk, start..<end, rows) }
            start = end
        }
    }
}
