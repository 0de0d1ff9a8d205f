import Testing
import Vectors

@Suite("Row matrix")
struct MatrixTests {
    @Test("rows come back as they went in, in every dimension", arguments: [1, 15, 16, 17, 384, 1_536])
    func rows(dimension: Int) {
        var generator = SeededGenerator(seed: 4)
        let matrix = RowMatrix(dimension: dimension, capacity: 9)
        #expect(matrix.stride % RowMatrix.alignmentFloats == 0 && matrix.stride >= dimension)
        let rows = (0..<9).map { _ in generator.vector(dimension) }
        for (place, row) in rows.enumerated() {
            #expect(matrix.count == place && !matrix.isFull)
            #expect(matrix.append(row) == place)
        }
        #expect(matrix.isFull)
        for (place, row) in rows.enumerated() { #expect(matrix.row(place) == row) }
        #expect(matrix.byteCount == 9 * matrix.stride * 4)
    }

    @Test("a row of another matrix is taken bit for bit")
    func copies() {
        let source = RowMatrix(dimension: 3, capacity: 2)
        source.append([1, -0.0, .leastNonzeroMagnitude])
        let target = RowMatrix(dimension: 3, capacity: 2)
        target.append(row: 0, of: source)
        #expect(target.row(0).map(\.bitPattern) == source.row(0).map(\.bitPattern))
    }

    @Test("readers see whole rows while the writer appends")
    func concurrentReaders() async {
        let matrix = RowMatrix(dimension: 50, capacity: 2_000)
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for row in 0..<2_000 { matrix.append(Array(repeating: Float(row), count: 50)) }
                return true
            }
            for _ in 0..<2 {
                group.addTask {
                    var isWhole = true
                    while !matrix.isFull {
                        let count = matrix.count
                        if count > 0 { isWhole = isWhole && matrix.row(count - 1) == Array(repeating: Float(count - 1), count: 50) }
                    }
                    return isWhole
                }
            }
            for await isWhole in group { #expect(isWhole) }
        }
    }
}

@Suite("Normalized")
struct NormalizedTests {
    @Test("the result has length one to the rounding of its elements, also for tiny and huge vectors", arguments: [Float(1), 1e-30, 0x1p-140, 1e30])
    func length(scale: Float) throws {
        var generator = SeededGenerator(seed: 5)
        let vector = generator.vector(500).map { $0 * scale }
        let unit = try #require(normalized(vector))
        let squares = unit.reduce(0.0) { $0 + Double($1) * Double($1) }
        #expect(abs(squares - 1) < 1e-6)
    }

    @Test("what has no direction is refused", arguments: [[], [0], [0, -0.0], [.nan, 1], [.infinity, 1], [1, -.infinity]] as [[Float]])
    func refused(vector: [Float]) {
        #expect(normalized(vector) == nil)
    }

    @Test("golden: 3 and 4 become 0.6 and 0.8")
    func golden() {
        #expect(normalized([3, 4]) == [0.6, 0.8])
    }
}
