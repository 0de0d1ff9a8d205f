import Records
import Vectors

/// k-means over a sample: centres such that every row has one near it, and lists of about one length.
///
/// The same rows and seed give the same centres on the same machine: sums are added in the order of the rows.
struct Training: Sendable {
    /// Rows of the sample for each list; more hardly move the centres.
    private static let rowsPerList = 48
    private static let rounds = 5
    /// Lists from which the centres of few large clusters are found first, and then those within each.
    private static let twoLevelsMin = 512
    /// A list with less than one part in so many of the mean is given up, and the longest divided instead.
    private static let smallDivisor = 8

    let seed: UInt64
    let threads: Int

    /// Rows up to which the codes of all are scanned: one list.
    private static let oneListRowsMax = 50_000
    private static let listsMax = 8_192

    /// How many lists for so many rows: three times the root of their number. One list without codes would leave out nothing.
    static func lists(for rows: Int, _ style: ListStyle) -> Int {
        if style == .codes, rows <= oneListRowsMax { return 1 }
        let count = Int(3 * Double(rows).squareRoot())
        return max(1, min(listsMax, count < 64 ? count : count / 64 * 64))
    }

    /// At most as many centres as there are rows. `row` copies a row to a place of the sample.
    func centres(_ count: Int, of rowCount: Int, dimension: Int, stride: Int, copy row: (_ row: Int, _ to: Rows, _ place: Int) -> Void) -> Centres {
        let wanted = min(count, rowCount)
        var random = SplitMix(seed)
        let chosen = Training.sample(min(rowCount, wanted * Training.rowsPerList), of: rowCount, &random)
        let points = Rows(FloatBlock(count: chosen.count * stride), stride: stride)
        for (place, number) in chosen.enumerated() { row(number, points, place) }
        return clusters(wanted, of: points, chosen.count, dimension: dimension, &random)
    }

    /// So many of 0..<count, each at most once, in ascending order (Knuth, The Art of Computer Programming, volume 2, algorithm S).
    static func sample(_ wanted: Int, of count: Int, _ random: inout SplitMix) -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(wanted)
        for place in 0..<count where random.below(count - place) < wanted - result.count { result.append(place) }
        return result
    }

    private func clusters(_ wanted: Int, of points: Rows, _ count: Int, dimension: Int, _ random: inout SplitMix) -> Centres {
        var centres = wanted >= Training.twoLevelsMin
            ? nested(wanted, of: points, count, dimension: dimension, &random)
            : start(wanted, of: points, count, dimension: dimension, &random)
        for round in 0..<Training.rounds {
            let members = nearest(centres, points, count)
            centres = means(of: members, points, count, wanted, dimension, isLast: round == Training.rounds - 1, &random)
        }
        return centres
    }

    /// Any different rows.
    private func start(_ wanted: Int, of points: Rows, _ count: Int, dimension: Int, _ random: inout SplitMix) -> Centres {
        let rows = Rows(FloatBlock(count: wanted * points.stride), stride: points.stride)
        for (place, row) in Training.sample(wanted, of: count, &random).enumerated() { rows.copy(row: row, of: points, to: place) }
        return Centres(rows, count: wanted, dimension: dimension)
    }

    /// √wanted clusters, and in each as many as its share of the rows asks for.
    private func nested(_ wanted: Int, of points: Rows, _ count: Int, dimension: Int, _ random: inout SplitMix) -> Centres {
        let upperCount = Int(Double(wanted).squareRoot())
        let some = Training.sample(min(count, upperCount * 4 * Training.rowsPerList), of: count, &random)
        let sample = Rows(FloatBlock(count: some.count * points.stride), stride: points.stride)
        for (place, row) in some.enumerated() { sample.copy(row: row, of: points, to: place) }
        let upper = clusters(upperCount, of: sample, some.count, dimension: dimension, &random)
        var members = [[Int]](repeating: [], count: upperCount)
        for (row, cluster) in nearest(upper, points, count).enumerated() { members[cluster].append(row) }
        // Shares are rounded down, and what is left goes to those with most rows for each list.
        var shares = members.map { $0.isEmpty ? 0 : max(1, $0.count * wanted / count) }
        while let place = members.indices.filter({ shares[$0] > 0 }).max(by: { members[$0].count * shares[$1] < members[$1].count * shares[$0] }), shares.reduce(0, +) < wanted {
            shares[place] += 1
        }
        let rows = Rows(FloatBlock(count: wanted * points.stride), stride: points.stride)
        var filled = 0
        for (own, share) in zip(members, shares) where share > 0 && filled < wanted {
            let part = Rows(FloatBlock(count: own.count * points.stride), stride: points.stride)
            for (place, row) in own.enumerated() { part.copy(row: row, of: points, to: place) }
            let lower = clusters(min(share, own.count, wanted - filled), of: part, own.count, dimension: dimension, &random)
            for place in 0..<lower.count { rows.copy(row: place, of: lower.rows, to: filled + place) }
            filled += lower.count
        }
        // More clusters with rows than lists were wanted, or fewer rows than lists in one.
        while filled < wanted {
            rows.copy(row: random.below(count), of: points, to: filled)
            filled += 1
        }
        return Centres(rows, count: wanted, dimension: dimension)
    }

    private func nearest(_ centres: Centres, _ points: Rows, _ count: Int) -> [Int] {
        let result = WholeNumbers(count: count)
        centres.forEachBlock(of: points, count: count, threads: threads) { products, block, _ in
            for row in block { result[row] = ListKernels.best.nearest(products, row: row - block.lowerBound, halves: centres.halves).place }
        }
        return result.array
    }

    /// The mean of every list's rows. Of lists that are empty or nearly so, the centre goes beside that of the longest one, which then is divided.
    private func means(
        of members: [Int], _ points: Rows, _ count: Int, _ wanted: Int, _ dimension: Int, isLast: Bool, _ random: inout SplitMix
    ) -> Centres {
        let rows = Rows(FloatBlock(count: wanted * points.stride), stride: points.stride)
        var sizes = [Int](repeating: 0, count: wanted)
        for (row, list) in members.enumerated() {
            rows.add(row: row, of: points, to: list)
            sizes[list] += 1
        }
        for list in 0..<wanted where sizes[list] > 0 { rows.scale(row: list, by: 1 / Float(sizes[list])) }
        let least = max(1, count / wanted / Training.smallDivisor)
        for list in 0..<wanted where sizes[list] == 0 || (!isLast && sizes[list] < least) {
            guard let longest = sizes.indices.max(by: { sizes[$0] < sizes[$1] }), sizes[longest] > 1, longest != list else { continue }
            rows.copy(row: longest, of: rows, to: list)
            for column in 0..<dimension {
                let push: Float = random.below(2) == 0 ? 1 + 1 / 1_024 : 1 - 1 / 1_024
                rows[list, column] *= push
                rows[longest, column] *= 2 - push
            }
            sizes[list] = sizes[longest] / 2
            sizes[longest] -= sizes[list]
        }
        return Centres(rows, count: wanted, dimension: dimension)
    }
}
