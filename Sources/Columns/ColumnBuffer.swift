import Synchronization

/// One column of one chunk: as many places as a `Bitmap` has rows, filled from the first on.
///
/// One writer appends; a value below the published count never changes again, so readers need no lock.
///
/// `@unchecked Sendable`: guarded by `published`, which the writer raises (release) after a value is written and every access reads (acquire).
@safe final class ColumnBuffer<Element: Sendable>: @unchecked Sendable {
    private let base: UnsafeMutablePointer<Element>
    private let published = Atomic<Int>(0)

    init() {
        unsafe base = .allocate(capacity: Bitmap.capacity)
    }

    deinit {
        unsafe base.deinitialize(count: published.load(ordering: .acquiring))
        unsafe base.deallocate()
    }

    static var byteCount: Int { MemoryLayout<Element>.stride * Bitmap.capacity }

    var count: Int { published.load(ordering: .acquiring) }

    /// Only one thread may append at a time.
    func append(_ value: Element) {
        let row = published.load(ordering: .relaxed)
        precondition(row < Bitmap.capacity)
        unsafe (base + row).initialize(to: value)
        published.store(row + 1, ordering: .releasing)
    }

    subscript(row: Int) -> Element {
        precondition(row >= 0 && row < count)
        return unsafe base[row]
    }

    /// The rows among `candidates` whose value passes; for tests so cheap that trying all 64 rows of a word beats picking them.
    @inline(__always)
    func select(among candidates: Bitmap, where isWanted: (Element) -> Bool) -> Bitmap {
        let count = self.count
        var result = Bitmap()
        for word in 0..<Bitmap.wordCount {
            let wanted = candidates.words[word]
            guard wanted != 0 else { continue }
            let first = word << 6
            let places = min(64, count - first)
            precondition(64 - wanted.leadingZeroBitCount <= places)
            var bits: UInt64 = 0
            for place in 0..<places {
                let passes = unsafe isWanted(base[first + place])
                bits |= (passes ? 1 : 0) << UInt64(place)
            }
            result.words[word] = bits & wanted
        }
        return result
    }

    /// The rows among `candidates` whose value passes, each tried alone; for tests that cost more than finding the row.
    @inline(__always)
    func selectSparsely(among candidates: Bitmap, where isWanted: (Element) -> Bool) -> Bitmap {
        let count = self.count
        var result = Bitmap()
        for word in 0..<Bitmap.wordCount {
            let first = word << 6
            precondition(64 - candidates.words[word].leadingZeroBitCount <= max(0, count - first))
            Bitmap.forEachBit(of: candidates.words[word]) { place in
                let passes = unsafe isWanted(base[first + place])
                if passes { result.words[word] |= 1 << UInt64(place) }
            }
        }
        return result
    }
}
