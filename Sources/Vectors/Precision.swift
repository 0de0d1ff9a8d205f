/// What a product with fixed weights is computed in.
public enum Precision: String, Sendable, CaseIterable, Hashable {
    /// Through BLAS.
    case f32
    /// Eight bits of each number.
    case bf16
    /// Whole numbers of 16 bits, scaled row by row.
    case i16
}
