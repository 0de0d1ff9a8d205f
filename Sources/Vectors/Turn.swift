import CKernels

/// A rotation that spreads every value over all dimensions, as the product of two small ones: row x, written as a matrix of a × b, becomes left · x · right.
public struct Turn: Sendable {
    public let dimensions: Int
    private let (a, b): (Int, Int)
    private let left: FloatBlock
    private let right: FloatBlock
    private let kernels: CodeKernels

    /// `dimensions` is a multiple of 48.
    public init(_ layout: CodeLayout, seed: UInt64) {
        dimensions = layout.dimensions
        kernels = layout.kernels
        // The nearest to a square of which one side is a multiple of sixteen.
        let whole = layout.dimensions
        let root = Int(Double(whole).squareRoot())
        let sides = stride(from: 16, through: whole, by: 16).filter { whole % $0 == 0 }
        b = sides.min { abs($0 - root) < abs($1 - root) } ?? whole
        a = whole / b
        var random = SplitMix(seed)
        left = Turn.orthogonal(a, &random)
        right = Turn.orthogonal(b, &random)
    }

    /// Room that `apply` works in.
    public func makeScratch() -> FloatBlock { FloatBlock(count: dimensions) }

    /// Turns the values of `block` from `start` on, into those of `out` from `outStart` on.
    public func apply(_ block: FloatBlock, start: Int = 0, into out: FloatBlock, outStart: Int = 0, scratch: FloatBlock) {
        let multiply = unsafe kernels.table.pointee.multiply
        let between = unsafe scratch.start(of: 0..<dimensions)
        unsafe multiply(block.start(of: start..<start + dimensions), right.start(of: 0..<b * b), a, b, b, between)
        unsafe multiply(left.start(of: 0..<a * a), between, a, b, a, out.start(of: outStart..<outStart + dimensions))
    }

    /// Rows of Gaussian numbers, each made orthogonal to those before it and of length one (Gram and Schmidt, twice against rounding).
    private static func orthogonal(_ n: Int, _ random: inout SplitMix) -> FloatBlock {
        var rows: [[Double]] = []
        while rows.count < n {
            var row = (0..<n).map { _ in random.gaussian() }
            for _ in 0..<2 {
                for other in rows {
                    let product = zip(row, other).reduce(0) { $0 + $1.0 * $1.1 }
                    for place in row.indices { row[place] -= product * other[place] }
                }
            }
            let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
            if length > 1e-3 { rows.append(row.map { $0 / length }) }
        }
        let block = FloatBlock(count: n * n)
        for (place, value) in rows.joined().enumerated() { block[place] = Float(value) }
        return block
    }
}

/// Numbers that are the same for the same seed on every machine (Steele, Lea and Flood, SplitMix64).
public struct SplitMix: Sendable {
    private var state: UInt64

    public init(_ seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Below `end`, of which it is far smaller than 2⁶⁴.
    public mutating func below(_ end: Int) -> Int { Int(next() % UInt64(end)) }

    /// Nearly normal, by the sum of twelve even numbers; the turn needs no more.
    mutating func gaussian() -> Double { (0..<12).reduce(-6) { sum, _ in sum + Double(next() >> 11) * 0x1p-53 } }
}
