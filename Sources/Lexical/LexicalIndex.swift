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
    private let writer: Mutex<SegmentWriter>
    private let published = Mutex(SegmentSnapshot())
    private let selections = SelectionCache()

    public init(kind: Kind = .memory) {
        self.kind = kind
        writer = Mutex(SegmentWriter(hasThreads: kind == .message))
    }

    /// Carries out changes in order; every search that starts after the return sees all of them, and no search sees a part.
    public func apply(_ changes: [LexicalChange]) {
        writer.withLock { writer in
            for change in changes { writer.apply(change) }
            var snapshot = writer.snapshot
            published.withLock { swap(&$0, &snapshot) }
        }
    }

    /// Leaves nothing behind of rows that are gone.
    public func shed() {
        writer.withLock { writer in
            writer.shed()
            var snapshot = writer.snapshot
            published.withLock { swap(&$0, &snapshot) }
        }
    }

    public var rowCount: Int { published.withLock { $0.rowCount } }

    /// What it takes in memory, but for the writer's own notes.
    public var byteCount: Int {
        let snapshot = current
        return snapshot.finder.byteCount + snapshot.entries.reduce(0) { $0 + ($1?.segment.byteCount ?? 0) }
    }

    /// Of all its rows at this moment.
    public var ids: [Identifier] {
        published.withLock { $0 }.entries.flatMap { entry in
            var ids: [Identifier] = []
            entry?.segment.live.forEach { if let segment = entry?.segment { ids.append(segment.columns.identifier($0)) } }
            return ids
        }
    }

    /// The scores of the words of a question in the rows that the filter admits.
    public func scores(of question: String, filter: Filter?, at moment: Moment, _ analyzer: TextAnalyzer = TextAnalyzer()) -> LexicalScores {
        let snapshot = current
        return LexicalScores(analyzer.ask(question, snapshot.languages), snapshot, scopes(filter, at: moment, of: snapshot))
    }

    var current: SegmentSnapshot { published.withLock { $0 } }

    /// The rows that the filter admits, by slot.
    func scopes(_ filter: Filter?, at moment: Moment, of snapshot: SegmentSnapshot) -> [Bitmap] {
        snapshot.scopes(filter.map { Expression($0, on: kind, tags: snapshot.tags) }, at: moment, selections)
    }
}

/// The segments at one moment.
struct SegmentSnapshot: Sendable {
    /// A class, so that a snapshot copies pointers. Who reads it asks it, as a segment that is taken out of it is a copy with all its columns' owners counted.
    final class Entry: Sendable {
        let segment: Segment
        let columns: ColumnChunk

        init(_ segment: Segment) {
            self.segment = segment
            columns = segment.columns
        }

        func neighbours(_ row: Int) -> Segment.Neighbours { segment.neighbours(row) }

        func speaker(_ row: Int) -> UInt64? { segment.speaker(row) }

        func has(_ id: Identifier, _ row: Int) -> Bool { segment.has(id, row) }

        func alive(at moment: Moment) -> Bitmap { segment.alive(at: moment) }

        func find(_ word: AskedWord, into found: inout [Postings.Posting]) { segment.find(word, into: &found) }

        /// How many words those rows have, which are so many.
        func words(in rows: Bitmap, count: Int) -> Int {
            guard count != segment.liveCount else { return segment.wordCount }
            var words = 0
            rows.forEach { words += Int(segment.lengths[$0]) }
            return words
        }
    }

    /// By slot; a row's number is its slot times 1,024 and its place there.
    var entries: [Entry?] = []
    var finder = RowFinder(capacity: 0)
    var tags = TagCodes()
    var rowCount = 0
    /// Of its texts, that of most of them first.
    var languages: [Language] = []

    /// Where the row of that identifier is.
    func number(of id: Identifier) -> Int? {
        finder.find(hash: id.hashValue) { number in
            let slot = number / Segment.capacity
            return slot < entries.count && entries[slot]?.has(id, number % Segment.capacity) ?? false
        }
    }

    /// The rows that are of that moment and that the filter admits, by slot.
    func scopes(_ expression: Expression?, at moment: Moment, _ selections: SelectionCache) -> [Bitmap] {
        var known = expression.map(selections.selections)
        let scopes = entries.enumerated().map { slot, entry in
            guard let entry else { return Bitmap() }
            var rows = entry.alive(at: moment)
            if let admitted = known?.rows(of: entry.columns, below: entry.segment.count, slot: slot) { rows.formIntersection(admitted) }
            return rows
        }
        if let known { selections.keep(known) }
        return scopes
    }
}

/// The writer's side: where each row is, and the segments as the next snapshot will have them.
struct SegmentWriter {
    private var segments: [SegmentSnapshot.Entry?] = [nil]
    private var freeSlots: [Int] = []
    /// The one that takes new rows, which becomes an entry when a snapshot is made.
    private var open = Segment()
    private var openSlot = 0
    private var finder = RowFinder(capacity: 0)
    private var rowCount = 0
    private var tags = TagTable()
    private var languageCounts = [Int](repeating: 0, count: Language.allCases.count)
    /// Of kinds whose rows are said one after the other.
    private var threads: RowThreads?
    /// How many times more room than rows the finder may have.
    private static let finderShareMax = 8

    init(hasThreads: Bool) {
        threads = hasThreads ? RowThreads() : nil
    }

    mutating func apply(_ change: LexicalChange) {
        switch change {
        case .remove(let id): remove(id)
        case .put(let attributes, let text):
            remove(attributes.id)
            let codes = tags.add(attributes.tags)
            rowCount += 1
            languageCounts[Int(text.language.rawValue)] += 1
            place(attributes.id) { $0.append(attributes, tagCodes: codes, text) }
        }
        if finder.capacity > SegmentWriter.finderShareMax * max(Segment.capacity, rowCount) { renewFinder() }
    }

    var snapshot: SegmentSnapshot {
        var snapshot = SegmentSnapshot()
        snapshot.entries = segments
        snapshot.entries[openSlot] = SegmentSnapshot.Entry(open)
        snapshot.finder = finder
        snapshot.tags = tags.codes
        snapshot.rowCount = rowCount
        snapshot.languages = Language.allCases.filter { languageCounts[Int($0.rawValue)] > 0 }.sorted { languageCounts[Int($0.rawValue)] > languageCounts[Int($1.rawValue)] }
        return snapshot
    }

    private func segment(_ slot: Int) -> Segment? { slot == openSlot ? open : segments[slot]?.segment }

    private func find(_ id: Identifier) -> Int? {
        finder.find(hash: id.hashValue) { number in segment(number / Segment.capacity)?.has(id, number % Segment.capacity) ?? false }
    }

    private mutating func place(_ id: Identifier, append: (inout Segment) -> Int) {
        let row = append(&open)
        if finder.isFull { renewFinder() } else { finder.add(openSlot * Segment.capacity + row, hash: id.hashValue) }
        if let conversation = open.columns.session(row), let between = threads?.insert(id, at: open.columns.createdAt(row), in: conversation) {
            link(between.before, id)
            link(id, between.after)
        }
        if open.isFull { seal() }
    }

    /// Rows that come are put elsewhere from now on.
    private mutating func seal() {
        segments[openSlot] = SegmentSnapshot.Entry(open)
        if freeSlots.isEmpty {
            freeSlots.append(segments.count)
            segments.append(nil)
        }
        openSlot = freeSlots.removeLast()
        open = Segment()
    }

    private mutating func remove(_ id: Identifier) {
        guard let number = find(id), let columns = segment(number / Segment.capacity)?.columns else { return }
        let (slot, row) = (number / Segment.capacity, number % Segment.capacity)
        if let conversation = columns.session(row), let between = threads?.remove(id, at: columns.createdAt(row), in: conversation) { link(between.before, between.after) }
        guard var segment = segment(slot) else { return }
        rowCount -= 1
        tags.remove(columns.tagCodes(row))
        languageCounts[Int(segment.language(row).rawValue)] -= 1
        guard slot != openSlot else {
            open.bury(row)
            return
        }
        segment.bury(row)
        guard segment.isCrumbling else {
            segments[slot] = SegmentSnapshot.Entry(segment)
            return
        }
        dissolve(slot, segment)
    }

    private mutating func dissolve(_ slot: Int, _ segment: Segment) {
        segments[slot] = nil
        freeSlots.append(slot)
        let texts = segment.allTexts
        segment.live.forEach { row in place(segment.columns.identifier(row)) { $0.append(row: row, of: segment, texts[row]) } }
    }

    mutating func shed() {
        if open.liveCount < open.count { seal() }
        for slot in segments.indices where slot != openSlot {
            if let segment = segments[slot]?.segment, segment.liveCount < segment.count { dissolve(slot, segment) }
        }
    }

    /// Has each of both know the other as its neighbour.
    private mutating func link(_ before: Identifier?, _ after: Identifier?) {
        let (first, second) = (before.flatMap(find), after.flatMap(find))
        if let first { setNeighbours(first) { $0.after = second.map { UInt32($0) } } }
        if let second { setNeighbours(second) { $0.before = first.map { UInt32($0) } } }
    }

    private mutating func setNeighbours(_ number: Int, _ change: (inout Segment.Neighbours) -> Void) {
        let (slot, row) = (number / Segment.capacity, number % Segment.capacity)
        guard slot != openSlot else { return open.setNeighbours(row, change) }
        guard var segment = segments[slot]?.segment else { return }
        segment.setNeighbours(row, change)
        segments[slot] = SegmentSnapshot.Entry(segment)
    }

    private mutating func renewFinder() {
        finder = RowFinder(capacity: 2 * rowCount + Segment.capacity)
        for slot in segments.indices {
            guard let segment = segment(slot) else { continue }
            segment.live.forEach { finder.add(slot * Segment.capacity + $0, hash: segment.columns.identifier($0).hashValue) }
        }
    }
}
