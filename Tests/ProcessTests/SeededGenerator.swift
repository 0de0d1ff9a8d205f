import Foundation

/// SplitMix64: the same seed gives the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// The same text gives the same numbers, by way of FNV-1a.
    init(text: String) { state = text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

let testDimension = 32

/// A vector that only this content has.
func vector(of content: String, dimension: Int = testDimension) -> [Float] {
    var generator = SeededGenerator(text: content)
    return (0..<dimension).map { _ in Float.random(in: -1...1, using: &generator) }
}
