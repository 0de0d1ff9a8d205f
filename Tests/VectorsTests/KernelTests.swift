import Testing
import Vectors

@Suite("Kernels")
struct KernelTests {
    static let dimensions = Array(1...70) + [95, 96, 97, 127, 128, 129, 255, 256, 257, 383, 384, 385, 511, 768, 1_023, 1_024, 1_025, 1_536, 1_999, 2_000]

    /// How far two orders of adding the same products may lie apart: n · 2⁻²³ times the sum of their sizes.
    private func tolerance(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0.0) { $0 + abs(Double($1.0) * Double($1.1)) } * Double(a.count + 1) * 0x1p-23
    }

    @Test("every kernel agrees with the sum in double and with the portable one", arguments: Kernels.available)
    func dotAgrees(kernels: Kernels) {
        var generator = SeededGenerator(seed: 1)
        for dimension in KernelTests.dimensions {
            let (a, b) = (generator.vector(dimension), generator.vector(dimension))
            let exact = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
            let tolerance = tolerance(a, b)
            #expect(abs(Double(kernels.dot(a, b)) - exact) <= tolerance, "\(kernels.name), \(dimension)")
            #expect(abs(Double(kernels.dot(a, b)) - Double(Kernels.portable.dot(a, b))) <= tolerance, "\(kernels.name), \(dimension)")
        }
    }

    @Test("a row has one score, to the last bit, wherever it lies and however it is reached", arguments: Kernels.available)
    func scoreIsIndependentOfPlace(kernels: Kernels) {
        var generator = SeededGenerator(seed: 2)
        for dimension in [1, 3, 15, 16, 17, 31, 63, 64, 65, 100, 383, 384, 385, 1_000] {
            let (query, row) = (generator.vector(dimension), generator.vector(dimension))
            let expected = kernels.dot(query, row)
            let matrix = RowMatrix(dimension: dimension, capacity: 40)
            for place in 0..<40 { matrix.append(place % 3 == 0 ? row : generator.vector(dimension)) }
            var scores = [Float](repeating: .nan, count: 41)
            kernels.score(of: query, rowsBelow: 40, in: matrix, into: &scores)
            for place in stride(from: 0, to: 40, by: 3) {
                #expect(scores[place].bitPattern == expected.bitPattern)
                #expect(kernels.score(of: query, row: place, in: matrix).bitPattern == expected.bitPattern)
            }
            #expect(scores[40].isNaN)
            let all = scores
            let selected: [UInt32] = [39, 0, 7, 8, 9, 12, 12, 3, 38]
            kernels.score(of: query, selected: selected, in: matrix, into: &scores)
            for (place, row) in selected.enumerated() { #expect(scores[place].bitPattern == all[Int(row)].bitPattern) }
        }
    }

    @Test("the comparison sets exactly the bits of values that are large enough", arguments: Kernels.available)
    func atLeast(kernels: Kernels) {
        var generator = SeededGenerator(seed: 3)
        for count in [0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 65, 100, 1_000, 1_024] {
            var values = generator.vector(count + 3)
            for place in stride(from: 0, to: values.count, by: 5) { values[place] = 0.25 }
            if count > 2 { values[4] = .nan }
            var bits = [UInt64](repeating: .max, count: 17)
            kernels.select(values, from: 3, count: count, atLeast: 0.25, into: &bits)
            for place in 0..<count { #expect((bits[place / 64] >> UInt64(place % 64) & 1 == 1) == (values[place + 3] >= 0.25)) }
            if count % 64 != 0 { #expect(bits[count / 64] >> UInt64(count % 64) == 0) }
        }
    }

    @Test("the best kernel is one of those available, and the portable one is always there")
    func choice() {
        let names = Kernels.available.map(\.name)
        #expect(names.contains(Kernels.best.name))
        #expect(names.first == "portable")
    }
}
