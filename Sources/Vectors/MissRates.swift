/// How much of what is better than the k-th best a list still has, by how far its centre's score lies below that of the k-th best, divided by the distance of
/// query and centre.
public struct MissRates: Sendable {
    /// The share of a list's rows, for gaps from `first` in steps of `step`.
    public let rates: FloatBlock
    public let first: Float
    public let step: Float

    public init(_ rates: [Float], first: Float, step: Float) {
        precondition(!rates.isEmpty && step > 0)
        self.rates = FloatBlock(count: rates.count)
        for (place, rate) in rates.enumerated() { self.rates[place] = rate }
        self.first = first
        self.step = step
    }

    /// At one gap.
    public func rate(of gap: Float) -> Float { rates[min(rates.count - 1, max(0, Int((gap - first) / step)))] }
}
