public import Columns
public import Records
import Synchronization

/// One change of the rows whose words are counted.
public enum LexicalChange: Sendable {
    /// A new row, or what an old one is now.
    case put(Attributes, AnalyzedText)
    case remove(Identifier)
}

/// The words of one partition in memory, searched by BM25.
///
/// What a word is worth is counted anew for each search, over the rows that its filter admits, and over no others. Rows lie in segments of 1,024; each
/// search runs on the snapshot that stood when it began, and waits for no writer longer than it takes to copy a pointer.
public final class LexicalIndex: Sendable {
    public let kind: Kind
    private let writer = Mutex(SegmentWriter())
    private let published = Mutex(SegmentSnapshot())

    public init(kind: Kind = .memory) {
        self.kind = kind
    }

    /// Carries out changes in order; every search that starts after the return sees all of them, and no search sees a part.
    public func apply(_ changes: [LexicalChange]) {
        writer.withLock { writer in
            for change in changes { writer.apply(change) }
            var snapshot = writer.snapshot
            published.withLock { swap(&$0, &snapshot) }
        }
    }

    public var rowCount: Int { published.withLock { $0.rowCount } }

    /// Of all its rows at this moment.
    public var ids: [Identifier] {
        published.withLock { $0 }.entries.flatMap { entry in
            var ids: [Identifier] = []
            entry.segment.live.forEach { ids.append(entry.segment.columns.identifier($0)) }
            return ids
        }
    }

    /// The scores of the words of a question in the rows that the filter admits.
    public func scores(of question: String, filter: Filter?, at time: Timestamp, _ analyzer: TextAnalyzer = TextAnalyzer()) -> LexicalScores {
        let snapshot = published.withLock { $0 }
        let expression = filter.map { Expression($0, on: kind, tags: snapshot.tags) }
        return snapshot.scores(analyzer.ask(question, snapshot.languages), expression, at: time)
    }
}

/// The segments at one moment.
struct SegmentSnapshot: Sendable {
    /// A class, so that a snapshot copies pointers.
    final class Entry: Sendable {
        let segment: Segment

        init(_ segment: Segment) {
            self.segment = segment
        }
    }

    var entries: [Entry] = []
    var tags = TagCodes()
    var rowCount = 0
    /// Of its texts, that of most of them first.
    var languages: [Language] = []
}

/// The writer's side: where each row is, and the segments as the next snapshot will have them.
struct SegmentWriter {
    private var places: [Identifier: (slot: Int, row: Int)] = [:]
    private var segments: [Int: SegmentSnapshot.Entry] = [:]
    /// The one that takes new rows, and those that were touched: exchanged as a whole when a snapshot is made.
    private var open = Segment()
    private var openSlot = 0
    private var tags = TagTable()
    private var languageCounts = [Int](repeating: 0, count: Language.allCases.count)

    mutating func apply(_ change: LexicalChange) {
        switch change {
        case .remove(let id): remove(id)
        case .put(let attributes, let text):
            remove(attributes.id)
            let codes = tags.add(attributes.tags)
            place(attributes.id) { $0.append(attributes, tagCodes: codes, text) }
            languageCounts[Int(text.language.rawValue)] += 1
        }
    }

    var snapshot: SegmentSnapshot {
        var snapshot = SegmentSnapshot()
        snapshot.entries = segments.sorted { $0.key < $1.key }.map(\.value)
        if open.count > 0 { snapshot.entries.append(SegmentSnapshot.Entry(open)) }
        snapshot.tags = tags.codes
        snapshot.rowCount = places.count
        snapshot.languages = Language.allCases.filter { languageCounts[Int($0.rawValue)] > 0 }.sorted { languageCounts[Int($0.rawValue)] > languageCounts[Int($1.rawValue)] }
        return snapshot
    }

    private mutating func place(_ id: Identifier, append: (inout Segment) -> Int) {
        places[id] = (openSlot, append(&open))
        guard open.isFull else { return }
        segments[openSlot] = SegmentSnapshot.Entry(open)
        openSlot += 1
        open = Segment()
    }

    private mutating func remove(_ id: Identifier) {
        guard let (slot, row) = places.removeValue(forKey: id) else { return }
        guard slot != openSlot else {
            tags.remove(open.columns.tagCodes(row))
            languageCounts[Int(open.language(row).rawValue)] -= 1
            open.bury(row)
            return
        }
        guard var segment = segments[slot]?.segment else { return }
        tags.remove(segment.columns.tagCodes(row))
        languageCounts[Int(segment.language(row).rawValue)] -= 1
        segment.bury(row)
        guard segment.isCrumbling else {
            segments[slot] = SegmentSnapshot.Entry(segment)
            return
        }
        segments[slot] = nil
        let texts = segment.allTexts
        segment.live.forEach { row in place(segment.columns.identifier(row)) { $0.append(row: row, of: segment, texts[row]) } }
    }
}
