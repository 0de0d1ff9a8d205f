import Vectors

/// How far a search must look to find a share of the true top k, learnt from the partition's own rows.
struct Calibration: Sendable {
    /// One way to search, and what came of it.
    struct Setting: Sendable {
        /// Rows better than the k-th that may be expected in the lists that are left out, for each of k.
        var budget: Float
        /// How far below the k-th best estimate a row is still compared exactly, in units of what an estimate errs by.
        var margin: Float
        /// Lists among which those to visit are chosen; how much is expected in the others depends on it.
        var ranked: Int
        /// Lists that were visited on average by a search that found nearly as much, and by this one.
        var lists: Double
        var visited = 0.0
        /// Share of the true top k that was found, on average.
        var recall: Double
        /// Share that was lost though its list was visited.
        var lostByCodes = 0.0
        /// Rows lost with lists left out, for each that was expected.
        var lostPerMissed = 0.0
    }

    /// Settings for numbers of answers like k.
    struct Class: Sendable {
        var k: Int
        /// The k-th best score of hardly any question was lower.
        var leastKth = -Float.infinity
        /// By recall, ascending; each costs more than those before it.
        var settings: [Setting]
    }

    var rates: MissRates
    /// How far from the nearest centre hardly any of the rows was that were asked for.
    var farthest = Float.infinity
    /// By k, ascending.
    var classes: [Class]

    /// The cheapest that reached the recall, or the best there is. Between two classes the one that visits more decides.
    func setting(for recall: Double, k: Int) -> Setting { pick(k) { $0.recall >= recall } }

    /// Below it the k-th best is so far off that the query is unlike all that was asked for.
    func leastKth(k: Int) -> Float { classes.first { $0.k >= k }?.leastKth ?? -.infinity }

    /// The best recall that any setting reached; nothing is known of more answers than were asked for.
    func recallMax(k: Int) -> Double {
        guard let next = classes.firstIndex(where: { $0.k >= k }) else { return 0 }
        return classes[max(0, classes[next].k == k ? next : next - 1)...next].map { $0.settings.last?.recall ?? 0 }.min() ?? 0
    }

    /// One that visited about as many lists, and lost little by its codes.
    func setting(lists: Int, k: Int) -> Setting {
        pick(k) { $0.visited >= Double(lists) && $0.lostByCodes <= Calibration.lostByCodesMax }
    }

    private static let lostByCodesMax = 0.002

    /// The recall of a search that visits so many lists, from those that visited fewer and more.
    func recall(lists: Int, k: Int) -> Double {
        let settings = (classes.first { $0.k >= k } ?? classes[classes.count - 1]).settings.filter { $0.lostByCodes <= Calibration.lostByCodesMax }
        guard let next = settings.firstIndex(where: { $0.visited >= Double(lists) }) else { return settings.last?.recall ?? 1 }
        guard next > 0 else { return settings[0].recall * Double(lists) / max(1, settings[0].visited) }
        let (less, more) = (settings[next - 1], settings[next])
        let share = more.visited > less.visited ? (Double(lists) - less.visited) / (more.visited - less.visited) : 1
        return less.recall + share * (more.recall - less.recall)
    }

    private func pick(_ k: Int, _ isEnough: (Setting) -> Bool) -> Setting {
        let next = classes.firstIndex { $0.k >= k } ?? classes.count - 1
        let neighbours = classes[next].k == k || next == 0 ? [classes[next]] : [classes[next - 1], classes[next]]
        let settings = neighbours.map { neighbour in neighbour.settings.first(where: isEnough) ?? neighbour.settings[neighbour.settings.count - 1] }
        return settings.max { $0.lists < $1.lists } ?? settings[0]
    }
}
