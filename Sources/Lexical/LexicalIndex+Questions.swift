public import Records
import Columns
import Glibc

extension LexicalIndex {
    /// What more than one row in so many has tells no row from the others.
    private static let commonShare = 3
    /// Of fewer rows none is told to be common.
    private static let rowsMin = 24

    /// How much each of these texts says: of each of its words ln(N / n) together, where n of the N rows have it that the filter admits. Common words say nothing.
    public func rarities(of texts: [String], filter: Filter?, at moment: Moment, _ analyzer: TextAnalyzer = TextAnalyzer()) -> [Double] {
        let snapshot = current
        let scope = WordScope(snapshot, scopes(filter, at: moment, of: snapshot))
        var known: [[UInt64]: Double] = [:]
        return texts.map { text in
            analyzer.ask(text, snapshot.languages).reduce(0) { sum, word in
                let rarity = known[word.hashes] ?? log(Double(scope.count + 1) / Double(scope.hits(of: word).rows.count + 1))
                known[word.hashes] = rarity
                return sum + rarity
            }
        }
    }

    /// A question without the words that more than a third of the rows have which the filter admits, as names of those who speak in a conversation are; the question itself
    /// where nothing would be left of it.
    public func withoutCommonWords(_ question: String, filter: Filter?, at moment: Moment, _ analyzer: TextAnalyzer = TextAnalyzer()) -> String {
        let snapshot = current
        let scope = WordScope(snapshot, scopes(filter, at: moment, of: snapshot))
        guard scope.count >= LexicalIndex.rowsMin else { return question }
        let pieces = analyzer.pieces(question, snapshot.languages)
        let kept = pieces.filter { piece in !piece.words.contains { scope.hits(of: $0).rows.count * LexicalIndex.commonShare > scope.count } }
        guard kept.count < pieces.count, kept.contains(where: { !$0.words.isEmpty }) else { return question }
        return kept.map(\.text).joined(separator: " ")
    }
}
