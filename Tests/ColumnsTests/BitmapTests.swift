import Columns
import Testing

@Suite("Bitmap")
struct BitmapTests {
    @Test("set operations agree with those of a Set")
    func operations() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<20 {
            let a = Set((0..<300).map { _ in Int.random(in: 0..<Bitmap.capacity, using: &generator) })
            let b = Set((0..<300).map { _ in Int.random(in: 0..<Bitmap.capacity, using: &generator) })
            #expect(rows(bitmap(a)) == a.sorted())
            #expect(bitmap(a).count == a.count)
            var result = bitmap(a)
            result.formUnion(bitmap(b))
            #expect(result == bitmap(a.union(b)))
            result = bitmap(a)
            result.formIntersection(bitmap(b))
            #expect(result == bitmap(a.intersection(b)))
            result = bitmap(a)
            result.subtract(bitmap(b))
            #expect(result == bitmap(a.subtracting(b)))
            var numbers: [UInt32] = []
            bitmap(a).append(to: &numbers)
            #expect(numbers == a.sorted().map(UInt32.init))
        }
    }

    @Test("the first n rows", arguments: [0, 1, 63, 64, 65, 1_000, 1_023, 1_024])
    func below(end: Int) {
        #expect(rows(Bitmap(below: end)) == Array(0..<end))
        #expect(Bitmap(below: end).isEmpty == (end == 0))
    }

    private func bitmap(_ rows: Set<Int>) -> Bitmap {
        var result = Bitmap()
        for row in rows { result[row] = true }
        return result
    }

    private func rows(_ bitmap: Bitmap) -> [Int] {
        var result: [Int] = []
        bitmap.forEach { result.append($0) }
        return result
    }
}
