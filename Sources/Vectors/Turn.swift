import CKernels

/// A rotation that spreads every value over all dimensions, as the product of two small ones: a row, written as a matrix of a × b, becomes left · row · right.
/// Of rows with many dimensions only their part along some axes is turned.
public struct Turn: Sendable {
    /// Of what is turned, and of what comes of it.
    public let inputs: Int
    public let dimensions: Int
    private let (a, b): (Int, Int)
    private let left: FloatBlock
    private let right: FloatBlock
    private let kernels: CodeKernels
    private let axes: ByteRows?

    /// For rows of so many dimensions, or for their parts along `axes`, of which there are as many as codes have dimensions.
    public init(_ layout: CodeLayout, inputs: Int, axes: ByteRows? = nil, seed: UInt64) {
        precondition(axes.map { $0.count == layout.dimensions && $0.dimension == inputs } ?? (inputs <= layout.dimensions))
        self.inputs = inputs
        self.axes = axes
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
    public final class Scratch: Sendable {
        let between: FloatBlock
        let along: FloatBlock
        let numbers: ByteNumbers?

        init(_ turn: Turn) {
            between = FloatBlock(count: turn.dimensions)
            along = FloatBlock(count: turn.dimensions)
            numbers = turn.axes.map { ByteNumbers($0) }
        }
    }

    public func makeScratch() -> Scratch { Scratch(self) }

    /// Turns the first values of `block`, behind which there are zeros, into those of `out` from `outStart` on.
    public func apply(_ block: FloatBlock, into out: FloatBlock, outStart: Int = 0, scratch: Scratch) {
        var straight = block
        if let axes, let numbers = scratch.numbers {
            axes.multiply(block, numbers, into: scratch.along, kernels)
            straight = scratch.along
        }
        let multiply = unsafe kernels.table.pointee.multiply
        let between = unsafe scratch.between.start(of: 0..<dimensions)
        unsafe multiply(straight.start(of: 0..<dimensions), right.start(of: 0..<b * b), a, b, b, between)
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
public struct SplitMix: RandomNumberGenerator, Sendable {
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
