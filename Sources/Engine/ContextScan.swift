internal import Lexical
internal import Records
internal import VectorIndex
internal import Vectors

/// Rows that are said one after the other, scored together with what was said right before and after: a short answer is understood by its question.
///
/// With s = cosine · worth + words · worth, and its mean for a neighbour that is missing,
///
///     score = (s + 0.5 · s(before) + 0.25 · s(after)) / 1.75
///
/// and more for rows of the time that the question names, by who it names, and of conversations whose title has words of it.
struct ContextScan {
    private let scores: LexicalScores
    private let cosineWorth: Float
    private let wordsWorth: Float
    private let meanCosine: Float
    private let meanScore: Float
    private let time: AskedTime?
    private let timeWorth: Float
    /// Of a title with all words of the question.
    private let titleWorth: Float
    private let titles: LexicalScores?
    private let speakerWorth: Float

    private static let before: Float = 0.5
    private static let after: Float = 0.25
    /// Of so few rows all are scored; of more those that are near, those with the most words, and their neighbours.
    static let allMax = 4_096
    private static let firstMin = 512

    init(
        _ scores: LexicalScores, cosineWorth: Float, wordsWorth: Float, meanCosine: Float, time: AskedTime?, timeWorth: Float, titles: LexicalScores?, titleWorth: Float,
        speakerWorth: Float
    ) {
        self.scores = scores
        self.cosineWorth = cosineWorth
        self.wordsWorth = wordsWorth
        self.meanCosine = meanCosine
        self.time = time
        self.timeWorth = timeWorth
        self.titleWorth = titleWorth
        self.speakerWorth = speakerWorth
        self.titles = titles.flatMap { $0.count > 0 ? $0 : nil }
        meanScore = cosineWorth * meanCosine + wordsWorth * Float(scores.mean)
    }

    /// Whether all rows are scored.
    func isComplete(_ query: IndexQuery) -> Bool { query.exact || scores.scopeCount <= ContextScan.allMax }

    /// The best, and how many rows were scored.
    func best(_ query: IndexQuery, nearest: [Hit], in index: CosineIndex) -> (hits: [Hit], count: Int) {
        let rows = isComplete(query) ? scores.scopes.flatMap(\.numbers) : candidates(query.k, nearest)
        var wanted = rows
        for row in rows {
            let (before, after) = scores.neighbours(row)
            if let before { wanted.append(before) }
            if let after { wanted.append(after) }
        }
        wanted = Array(Set(wanted)).sorted()
        let cosines = index.cosines(of: query.vector, wanted.map(scores.identifier))
        var own: [Int: Float] = [:]
        own.reserveCapacity(wanted.count)
        for (row, cosine) in zip(wanted, cosines) { own[row] = cosineWorth * (cosine ?? meanCosine) + wordsWorth * scores.score(row) }
        var best = TopK<Identifier>(k: query.k)
        for row in rows {
            let (before, after) = scores.neighbours(row)
            func score(_ row: Int?) -> Float { row.flatMap { own[$0] } ?? meanScore }
            let sum = score(row) + ContextScan.before * score(before) + ContextScan.after * score(after)
            best.offer(score: sum / (1 + ContextScan.before + ContextScan.after) + more(row), id: scores.identifier(row))
        }
        return (best.sorted.map { Hit(id: $0.id, score: $0.score) }, wanted.count)
    }

    private func more(_ row: Int) -> Float {
        let isTimely = time.flatMap { time in scores.place(of: row).map { time.has($0.row, in: $0.columns) } } ?? false
        let timely = isTimely ? timeWorth : 0
        let spoken = scores.namesSpeaker(of: row) ? speakerWorth : 0
        guard let titles, let conversation = scores.conversation(row) else { return timely + spoken }
        return timely + spoken + titleWorth * titles.score(of: conversation) / Float(titles.scoreMax)
    }

    private func candidates(_ k: Int, _ nearest: [Hit]) -> [Int] {
        var rows = Set(nearest.compactMap { scores.row(of: $0.id) } + scores.best(max(k, ContextScan.firstMin)))
        for row in rows {
            let (before, after) = scores.neighbours(row)
            if let before { rows.insert(before) }
            if let after { rows.insert(after) }
        }
        return Array(rows)
    }
}
