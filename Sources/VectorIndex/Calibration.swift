import Vectors

/// How far a search must look to find a share of the true top k, learnt from the partition's own rows.
struct Calibration: Sendable {
    /// One way to search, and what came of it.
    struct Setting: Sendable {
        /// Rows better than the k-th that may be expected in the lists that are left out, for each of k.
        var budget: Float
        /// How far below the k-th best estimate a row is still compared exactly.
        var margin: Float
        /// Lists among which those to visit are chosen; how much is expected in the others depends on it.
        var ranked: Int
        /// Lists that were visited, on average.
        var lists: Double
        /// Share of the true top k that was found, on average.
        var recall: Double
        /// Share that was lost though its list was visited.
        var lostByCodes = 0.0
        /// Rows lost with lists left out, for each that was expected.
        var lostPerMissed = 0.0
    }

    var rates: MissRates
    /// By recall, ascending; each costs more than those before it.
    var settings: [Setting]

    /// The cheapest that reached the recall, or the best there is.
    func setting(for recall: Double) -> Setting {
        settings.first { $0.recall >= recall } ?? settings[settings.count - 1]
    }
}
