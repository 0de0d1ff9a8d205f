/// Pieces of words and their identifiers, found by their UTF-8 bytes.
///
/// The hash of a piece is that of a shorter one with a byte more, so all beginnings of a word are hashed in one pass.
struct PieceTable: Sendable {
    /// FNV-1a, 64 bits.
    struct Hash {
        private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

        mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    }

    private struct Slot {
        var hash: UInt64
        var start: Int32
        var length: Int32
        /// -1 where nothing is.
        var id: Int32
    }

    private var slots: [Slot]
    private var bytes: [UInt8] = []
    private let mask: Int
    /// Of the longest piece.
    private(set) var lengthMax = 0

    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: Slot(hash: 0, start: 0, length: 0, id: -1), count: size)
        mask = size - 1
    }

    /// The first identifier of a piece stays.
    mutating func insert(_ piece: some Collection<UInt8>, id: Int32) {
        var hash = Hash()
        for byte in piece { hash.add(byte) }
        let start = bytes.count
        bytes.append(contentsOf: piece)
        guard find(hash, bytes, from: start, to: bytes.count) == nil else {
            bytes.removeSubrange(start...)
            return
        }
        var place = place(hash)
        while slots[place].id >= 0 { place = (place + 1) & mask }
        slots[place] = Slot(hash: hash.value, start: Int32(start), length: Int32(bytes.count - start), id: id)
        lengthMax = max(lengthMax, bytes.count - start)
    }

    /// The identifier of `word[from..<to]`, whose hash is `hash`.
    func find(_ hash: Hash, _ word: [UInt8], from: Int, to: Int) -> Int32? {
        var place = place(hash)
        while slots[place].id >= 0 {
            let slot = slots[place]
            if slot.hash == hash.value, Int(slot.length) == to - from, isSame(Int(slot.start), word, from, to - from) { return slot.id }
            place = (place + 1) & mask
        }
        return nil
    }

    private func place(_ hash: Hash) -> Int { Int(truncatingIfNeeded: hash.value ^ hash.value >> 32) & mask }

    private func isSame(_ start: Int, _ word: [UInt8], _ from: Int, _ count: Int) -> Bool {
        for offset in 0..<count where bytes[start + offset] != word[from + offset] { return false }
        return true
    }
}
