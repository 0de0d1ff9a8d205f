import Testing
import Vectors

/// Rows of numbers that are the same in every run.
private func rows(_ count: Int, _ width: Int, stride: Int, seed: UInt64, scale: Float = 1) -> Rows {
    var state = seed
    let rows = Rows(FloatBlock(count: ProductKernels.rows(count) * stride), stride: stride)
    for row in 0..<count {
        for place in 0..<width {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            rows.block[row * stride + place] = (Float(state >> 40) / Float(1 << 24) - 0.5) * 2 * scale
        }
    }
    return rows
}

private func floats(_ count: Int, seed: UInt64, scale: Float = 1) -> Floats {
    let block = rows(1, count, stride: count, seed: seed, scale: scale).block
    return Floats(block[0..<count])
}

private func values(_ rows: Rows, _ count: Int, _ width: Int) -> [Float] {
    (0..<count).flatMap { row in (0..<width).map { rows.block[row * rows.stride + $0] } }
}

private func difference(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).map { abs($0 - $1) }.max() ?? .infinity }

@Suite("An encoder's inner loops")
struct EncoderKernelTests {
    @Test("a row is normalized as the formula says, whatever its width", arguments: EncoderKernels.available.map(\.name), [1, 7, 16, 48, 312, 384])
    func normalize(name: String, width: Int) throws {
        let kernels = try #require(EncoderKernels.available.first { $0.name == name })
        let count = 5, stride = Linear.columns(width) + 16
        let x = rows(count, width, stride: stride, seed: 1), added = rows(count, width, stride: stride, seed: 2)
        let gain = floats(width, seed: 3), bias = floats(width, seed: 4)
        let expected = (0..<count).flatMap { row -> [Float] in
            let sums = (0..<width).map { Double(x.block[row * stride + $0] + added.block[row * stride + $0]) }
            let mean = sums.reduce(0, +) / Double(width)
            let variance = sums.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return sums.enumerated().map { Float(($1 - mean) / (variance + 1e-12).squareRoot() * Double(gain[$0]) + Double(bias[$0])) }
        }
        kernels.normalize(x, adding: added, rows: 0..<count, gain: gain, bias: bias, epsilon: 1e-12)
        #expect(difference(values(x, count, width), expected) < 2e-5)
    }

    @Test("gelu is that of the error function, far out too", arguments: EncoderKernels.available.map(\.name))
    func gelu(name: String) throws {
        let kernels = try #require(EncoderKernels.available.first { $0.name == name })
        // From SciPy's erf: x, x/2 · (1 + erf(x/√2)).
        let golden: [(Float, Float)] = [
            (0, 0), (1, 0.841_344_75), (-1, -0.158_655_25), (0.5, 0.345_731_23), (-3, -0.004_049_694), (3, 2.995_950_3), (-5, -1.433_257_9e-6), (6, 6), (-6, -5.919_525e-9),
            (20, 20), (-20, 0), (-0.75, -0.169_970_58),
        ]
        for (coarse, tolerance, relative) in [(false, Float(2e-6), Float(3e-7)), (true, 1e-4, 2e-5)] {
            let x = Rows(FloatBlock(count: 32 * 16), stride: 16)
            for (place, pair) in golden.enumerated() { x.block[place] = pair.0 }
            kernels.gelu(x, rows: 0..<1, width: golden.count, coarse: coarse)
            for (place, pair) in golden.enumerated() { #expect(abs(x.block[place] - pair.1) <= tolerance + abs(pair.0) * relative, "\(pair.0)") }
        }
    }

    @Test(
        "attention is that of the formula, for any length and size of heads, in floats and in rounded numbers", arguments: EncoderKernels.available.map(\.name),
        [(1, 1, 32), (2, 3, 8), (20, 12, 32), (33, 2, 64), (130, 2, 20)])
    func attention(name: String, shape: (length: Int, heads: Int, size: Int)) throws {
        let kernels = try #require(EncoderKernels.available.first { $0.name == name })
        let (length, heads, size) = shape
        let width = heads * size
        let qkv = rows(length, 3 * width, stride: Linear.columns(3 * width), seed: 5, scale: 2)
        let at = { (row: Int, part: Int, head: Int, place: Int) in Double(qkv.block[row * qkv.stride + part * width + head * size + place]) }
        var expected = Array(repeating: Float(0), count: length * width)
        for head in 0..<heads {
            for row in 0..<length {
                let scores = (0..<length).map { other in (0..<size).reduce(0) { $0 + at(row, 0, head, $1) * at(other, 1, head, $1) } / Double(size).squareRoot() }
                let top = scores.max() ?? 0
                let shares = scores.map { exponential($0 - top) }
                let total = shares.reduce(0, +)
                for place in 0..<size {
                    expected[row * width + head * size + place] = Float((0..<length).reduce(0) { $0 + shares[$1] / total * at($1, 2, head, place) })
                }
            }
        }
        let scratch = FloatBlock(count: EncoderKernels.attentionScratch(length: length, headSize: size))
        for products in [nil] + ProductKernels.available.map(Optional.some) {
            let out = Rows(FloatBlock(count: ProductKernels.rows(length) * Linear.columns(width)), stride: Linear.columns(width))
            let attend = {
                kernels.attend(qkv, rows: 0..<length, heads: heads, headSize: size, into: out, scratch: scratch, products: products)
            }
            if let products { products.use(attend) } else { attend() }
            let tolerance: Float = products == nil ? 1e-5 : products?.precision == .bf16 ? 0.05 : 2e-3
            #expect(difference(values(out, length, width), expected) < tolerance, "\(products?.name ?? "floats")")
        }
    }

    @Test("scratch for one length is enough for every shorter one", arguments: [8, 32, 64, 128])
    func scratch(size: Int) {
        let longest = 512
        let room = EncoderKernels.attentionScratch(length: longest, headSize: size)
        for length in 1..<longest { #expect(EncoderKernels.attentionScratch(length: length, headSize: size) <= room) }
    }

    /// e^x by its series, of a number that halving has made small.
    private func exponential(_ x: Double) -> Double {
        let small = x / 1_024
        var term = 1.0, sum = 1.0
        for n in 1...12 {
            term *= small / Double(n)
            sum += term
        }
        return (0..<10).reduce(sum) { value, _ in value * value }
    }
}

@Suite("Products with fixed weights")
struct LinearTests {
    static let shapes: [(rows: Int, inputs: Int, outputs: Int)] = [
        (1, 1, 1), (1, 384, 384), (2, 32, 16), (15, 31, 17), (16, 64, 48), (17, 96, 33), (33, 40, 80), (64, 384, 112), (65, 1_536, 384),
    ]

    @Test("every set of instructions gives the products, of any shape", arguments: [nil] + ProductKernels.available.map { Optional($0.name) }, shapes)
    func product(name: String?, shape: (rows: Int, inputs: Int, outputs: Int)) throws {
        let products = try name.map { name in try #require(ProductKernels.available.first { $0.name == name }) }
        let (count, inputs, outputs) = shape
        let weights = floats(outputs * inputs, seed: 6), bias = floats(outputs, seed: 7)
        let x = rows(count, inputs, stride: Linear.columns(inputs), seed: 8, scale: 3)
        let out = Rows(FloatBlock(count: ProductKernels.rows(count) * Linear.columns(outputs)), stride: Linear.columns(outputs))
        let linear = Linear(weights: weights, bias: bias, inputs: inputs, kernels: products)
        let numbers = NumberBlock(rows: count, width: inputs)
        for kernels in EncoderKernels.available {
            let multiply = { linear.multiply(x, rows: count, into: out, numbers: numbers, kernels) }
            if let products { products.use(multiply) } else { multiply() }
            for row in stride(from: 0, to: count, by: 3) {
                for column in 0..<outputs {
                    var sum = Double(bias[column]), squares = 0.0
                    for place in 0..<inputs {
                        let product = Double(x.block[row * x.stride + place]) * Double(weights[column * inputs + place])
                        sum += product
                        squares += product * product
                    }
                    // Roundings are independent, so their errors add as squares do; six deviations are far more than chance gives.
                    let relative = products == nil ? 1e-6 : products?.precision == .bf16 ? 0x1p-8 : 1e-3
                    let error = abs(Double(out.block[row * out.stride + column]) - sum)
                    #expect(error <= 6 * relative * squares.squareRoot() + 1e-5, "\(kernels.name), row \(row), column \(column)")
                }
            }
        }
    }

    @Test("whole numbers never leave 32 bits, even where all of a row points the same way")
    func extremes() {
        for products in ProductKernels.available where products.precision == .i16 {
            for value in [Float(1e-20), 1, 1e20] {
                let inputs = 1_536
                let weights = Floats(Array(repeating: value, count: inputs * 16)), bias = Floats(Array(repeating: 0, count: 16))
                let linear = Linear(weights: weights, bias: bias, inputs: inputs, kernels: products)
                let x = Rows(FloatBlock(count: ProductKernels.rows(1) * inputs), stride: inputs)
                let out = Rows(FloatBlock(count: ProductKernels.rows(1) * 16), stride: 16)
                for place in 0..<inputs { x.block[place] = -1 }
                products.use { linear.multiply(x, rows: 1, into: out, numbers: NumberBlock(rows: 1, width: inputs), .best) }
                let expected = -value * Float(inputs)
                for column in 0..<16 { #expect(abs(out.block[column] - expected) <= 1e-3 * abs(expected), "\(products.name), \(value)") }
            }
        }
    }

    @Test("the fastest set is one of those that there are, and plain C is never it")
    func fastest() {
        let fastest = ProductKernels.fastest
        #expect(fastest == nil || ProductKernels.available.contains { $0.name == fastest?.name })
        #expect(fastest?.name.hasPrefix("portable") != true)
        for precision in [Precision.bf16, .i16] { #expect(ProductKernels.fastest(of: precision)?.precision == precision) }
        #expect(ProductKernels.fastest(of: .f32) == nil)
    }
}
