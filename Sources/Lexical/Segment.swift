import Columns
import Records

/// Up to 1,024 rows as they stood at one moment: what filters know of them, their terms, and which of them are alive.
struct Segment: Sendable {
    static let capacity = ColumnChunk.capacity

    let columns = ColumnChunk()
    /// Until it is full; then `postings` say the same in a fraction of the room.
    private var texts: [AnalyzedText] = []
    private(set) var lengths: [Int32] = []
    private var languages: [Language] = []
    private(set) var live = Bitmap()
    private(set) var liveCount = 0
    /// Of the rows that are alive.
    private(set) var wordCount = 0
    private var mayExpire = false
    private var postings: Postings?

    var count: Int { lengths.count }
    var isFull: Bool { count == Segment.capacity }
    /// Whether its rows had better move to another.
    var isCrumbling: Bool { liveCount == 0 || count - liveCount >= Segment.capacity / 2 }

    /// Returns the row's number.
    mutating func append(_ attributes: Attributes, tagCodes: [UInt32], _ text: AnalyzedText) -> Int {
        columns.append(attributes, tagCodes: tagCodes)
        return admit(text)
    }

    mutating func append(row: Int, of other: Segment, _ text: AnalyzedText) -> Int {
        columns.append(row: row, of: other.columns)
        return admit(text)
    }

    private mutating func admit(_ text: AnalyzedText) -> Int {
        let row = count
        texts.append(text)
        lengths.append(Int32(clamping: text.length))
        languages.append(text.language)
        live[row] = true
        liveCount += 1
        wordCount += text.length
        if columns.expiry(row) != nil { mayExpire = true }
        if isFull {
            postings = Postings(texts)
            texts = []
        }
        return row
    }

    func language(_ row: Int) -> Language { languages[row] }

    /// Of every row, the dead ones too.
    var allTexts: [AnalyzedText] {
        guard let postings else { return texts }
        let terms = postings.terms(rows: count)
        return terms.indices.map { AnalyzedText(terms: terms[$0], length: Int(lengths[$0]), languages[$0]) }
    }

    mutating func bury(_ row: Int) {
        guard live[row] else { return }
        live[row] = false
        liveCount -= 1
        wordCount -= Int(lengths[row])
    }

    /// The rows that are alive at `time` and that the filter admits.
    func matching(_ expression: Expression?, at time: Timestamp) -> Bitmap {
        var rows = live
        if mayExpire { rows = columns.unexpired(at: time, among: rows) }
        if let expression { rows = expression.select(in: columns, among: rows) }
        return rows
    }

    /// Each row that has the word under any of its names, and how often.
    func forEach(_ word: AskedWord, _ body: (_ row: Int, _ count: Int) -> Void) {
        guard word.hashes.count > 1 else {
            forEach(of: word.hashes[0], body)
            return
        }
        var counts: [Int: Int] = [:]
        for hash in word.hashes { forEach(of: hash) { row, count in counts[row, default: 0] += count } }
        for (row, count) in counts.sorted(by: { $0.key < $1.key }) { body(row, count) }
    }

    private func forEach(of hash: UInt64, _ body: (_ row: Int, _ count: Int) -> Void) {
        if let postings {
            postings.forEach(of: hash) { body(Int($0.row), Int($0.count)) }
        } else {
            for (row, text) in texts.enumerated() {
                if let count = text.count(of: hash) { body(row, Int(count)) }
            }
        }
    }
}
