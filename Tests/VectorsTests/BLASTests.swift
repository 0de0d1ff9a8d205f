import Testing
import Vectors

@Suite("BLAS")
struct BLASTests {
    @Test("products agree with the kernel within the stated bound", arguments: [1, 7, 16, 100, 384, 1_536])
    func products(dimension: Int) throws {
        var generator = SeededGenerator(seed: 7)
        let matrix = RowMatrix(dimension: dimension, capacity: 100)
        for _ in 0..<100 { matrix.append(try #require(normalized(generator.vector(dimension)))) }
        let queries = try (0..<9).map { _ in try #require(normalized(generator.vector(dimension))) }
        var scores = [Float](repeating: .nan, count: 9 * 128)
        BLAS.multiply(queries: queries.flatMap { $0 }, queryCount: 9, rowsBelow: 99, of: matrix, into: &scores, scoresStride: 128)
        for (place, query) in queries.enumerated() {
            for row in 0..<99 {
                let exact = Kernels.best.score(of: query, row: row, in: matrix)
                #expect(abs(scores[place * 128 + row] - exact) <= BLAS.roundingBound(dimension: dimension))
            }
            #expect(scores[place * 128 + 99].isNaN)
        }
    }

    @Test("the bound grows with the dimension and stays small")
    func bound() {
        #expect(BLAS.roundingBound(dimension: 384) < 1e-4)
        #expect(BLAS.roundingBound(dimension: 16_000) < 3e-3)
        #expect(BLAS.roundingBound(dimension: 385) > BLAS.roundingBound(dimension: 384))
    }

    @Test("the provider has a name, and only one that tells nothing is the reference")
    func provider() {
        let provider = BLAS.provider
        #expect(!provider.name.isEmpty)
        #expect(provider.isReference == (provider.name == "reference"))
        if provider.name == "OpenBLAS" { #expect(provider.config.contains("OpenBLAS") && !provider.core.isEmpty) }
    }
}
