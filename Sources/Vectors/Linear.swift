import CBLAS

/// y = x · weightsᵀ + bias, for weights that do not change.
public struct Linear: Sendable {
    public let inputs: Int
    public let outputs: Int
    private let weights: Weights
    /// One for each column that is written.
    private let bias: Floats

    private enum Weights {
        /// [outputs × inputs], for BLAS.
        case single(Floats)
        case packed(NumberBlock, ProductKernels)
    }

    /// `weights` is [outputs × inputs]. Without kernels it is computed through BLAS in single precision, from the weights as they lie.
    public init(weights: Floats, bias: Floats, inputs: Int, kernels: ProductKernels?) {
        self.inputs = inputs
        outputs = bias.count
        precondition(weights.count == outputs * inputs)
        if let kernels {
            self.weights = .packed(kernels.pack(weights, outputs: outputs, inputs: inputs), kernels)
            let spare = Linear.columns(outputs) - outputs
            self.bias = spare == 0 ? bias : Floats((0..<outputs).map { bias[$0] } + Array(repeating: 0, count: spare))
        } else {
            self.weights = .single(weights)
            self.bias = bias
        }
    }

    /// Columns that a product writes, the last of them zeros.
    public static func columns(_ outputs: Int) -> Int { ProductKernels.columns(outputs) }

    /// The products of the first `rows` rows of `x`. `out` has room for `ProductKernels.rows(rows)` rows of `columns(outputs)`.
    public func multiply(_ x: Rows, rows: Int, into out: Rows, numbers: NumberBlock, _ kernels: EncoderKernels) {
        guard rows > 0 else { return }
        switch weights {
        case .packed(let packed, let product):
            product.multiply(x, width: inputs, rows: rows, packed, bias, into: out, numbers: numbers, kernels)
        case .single(let weights):
            _ = BLAS.provider
            precondition(inputs <= x.stride && outputs <= out.stride)
            unsafe cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(outputs), Int32(inputs), 1, x.start(0..<rows), Int32(x.stride),
                weights.start(of: 0..<weights.count), Int32(inputs), 0, out.start(0..<rows), Int32(out.stride))
            kernels.add(bias, to: out, rows: 0..<rows)
        }
    }
}
