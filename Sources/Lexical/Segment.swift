import Columns
import Records

/// Up to 1,024 rows as they stood at one moment: what filters know of them, their terms, and which of them are alive.
struct Segment: Sendable {
    static let capacity = ColumnChunk.capacity

    let columns = ColumnChunk()
    /// Of the rows behind those that lie in `postings`.
    private var texts: [AnalyzedText] = []
    private var postings: [Postings] = []
    private(set) var lengths: [Int32] = []
    private var languages: [Language] = []
    /// Of rows of conversations, the numbers of those said right before and after them.
    private var neighbours: [Neighbours] = []
    /// Of rows that somebody says.
    private var speakers: [UInt64?] = []
    private(set) var live = Bitmap()
    private(set) var liveCount = 0
    /// Of the rows that are alive.
    private(set) var wordCount = 0
    /// Whether a row begins or ends.
    private var mayHide = false

    struct Neighbours: Sendable {
        var before: UInt32?
        var after: UInt32?
    }

    /// So many texts at most are looked through one by one.
    private static let textsMax = 128

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
        if let speaker = text.speaker {
            while speakers.count < row { speakers.append(nil) }
            speakers.append(speaker)
        }
        live[row] = true
        liveCount += 1
        wordCount += text.length
        if columns.end(row) != nil || columns.start(row) != nil { mayHide = true }
        if isFull {
            postings = [Postings(allTexts, from: 0)]
            texts = []
        } else if texts.count == Segment.textsMax {
            postings.append(Postings(texts, from: count - texts.count))
            texts = []
        }
        return row
    }

    func language(_ row: Int) -> Language { languages[row] }

    func speaker(_ row: Int) -> UInt64? { row < speakers.count ? speakers[row] : nil }

    func neighbours(_ row: Int) -> Neighbours { row < neighbours.count ? neighbours[row] : Neighbours() }

    mutating func setNeighbours(_ row: Int, _ change: (inout Neighbours) -> Void) {
        while neighbours.count <= row { neighbours.append(Neighbours()) }
        change(&neighbours[row])
    }

    /// Whether that row is there, alive, and called so.
    func has(_ id: Identifier, _ row: Int) -> Bool { row < count && live[row] && columns.identifier(row) == id }

    /// With its columns, which lie beside those of the vectors.
    var byteCount: Int {
        let terms = texts.reduce(0) { $0 + $1.terms.count * MemoryLayout<AnalyzedText.Term>.stride }
        let each = MemoryLayout<Int32>.stride + MemoryLayout<Language>.stride
        return columns.byteCount + terms + postings.reduce(0) { $0 + $1.byteCount } + lengths.count * each + neighbours.count * MemoryLayout<Neighbours>.stride
            + speakers.count * MemoryLayout<UInt64?>.stride
    }

    /// Of every row, the dead ones too.
    var allTexts: [AnalyzedText] {
        var terms = [[AnalyzedText.Term]](repeating: [], count: count - texts.count)
        for part in postings { part.add(to: &terms) }
        return terms.indices.map { AnalyzedText(terms: terms[$0], length: Int(lengths[$0]), languages[$0], speaker: speaker($0)) } + texts
    }

    mutating func bury(_ row: Int) {
        guard live[row] else { return }
        live[row] = false
        liveCount -= 1
        wordCount -= Int(lengths[row])
    }

    /// The rows that are of that moment.
    func alive(at moment: Moment) -> Bitmap { mayHide || moment.known != nil ? columns.alive(at: moment, among: live) : live }

    /// Adds each row that has the word under any of its names, and how often, in no order.
    func find(_ word: AskedWord, into found: inout [Postings.Posting]) {
        let (start, first) = (found.count, count - texts.count)
        for hash in word.hashes {
            for part in postings { part.find(hash, into: &found) }
            for (place, text) in texts.enumerated() {
                if let count = text.count(of: hash) { found.append(Postings.Posting(row: UInt16(first + place), count: UInt16(clamping: count))) }
            }
        }
        if word.hashes.count > 1 { Segment.unite(&found, from: start) }
    }

    /// Makes one of several of the same row.
    private static func unite(_ found: inout [Postings.Posting], from start: Int) {
        let several = found[start...].sorted { $0.row < $1.row }
        found.removeSubrange(start...)
        for posting in several {
            if found.count > start, let last = found.last, last.row == posting.row {
                found[found.count - 1] = Postings.Posting(row: last.row, count: UInt16(clamping: Int(last.count) + Int(posting.count)))
            } else {
                found.append(posting)
            }
        }
    }
}
