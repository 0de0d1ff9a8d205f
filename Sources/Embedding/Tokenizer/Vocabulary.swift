/// WordPiece's vocabulary: pieces that begin a word, pieces that go on with one (written with ## before them), and the special tokens.
struct Vocabulary: Sendable {
    static let entriesMax = 1 << 20

    let count: Int
    private let beginnings: PieceTable
    private let continuations: PieceTable
    /// What text and the model's ends are marked with. Those that occur in a text are taken for what they say, as the reference implementation does.
    let unknown: Int32
    let start: Int32
    let end: Int32
    let special: [(bytes: [UInt8], id: Int32)]

    static let specialNames = ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"]

    /// `entries[i]` is the token whose identifier is i. Fails with what is missing.
    init(_ entries: [String], prefix: String = "##") throws(VocabularyError) {
        guard entries.count <= Vocabulary.entriesMax else { throw .tooLarge(entries.count) }
        var beginnings = PieceTable(capacity: entries.count)
        var continuations = PieceTable(capacity: entries.count)
        var special: [String: Int32] = [:]
        for (id, entry) in entries.enumerated() where !entry.isEmpty {
            if Vocabulary.specialNames.contains(entry) { special[entry] = Int32(id) }
            if entry.utf8.count > prefix.utf8.count, entry.utf8.starts(with: prefix.utf8) {
                continuations.insert(entry.utf8.dropFirst(prefix.utf8.count), id: Int32(id))
            }
            beginnings.insert(entry.utf8, id: Int32(id))
        }
        func required(_ name: String) throws(VocabularyError) -> Int32 {
            guard let id = special[name] else { throw .missing(name) }
            return id
        }
        unknown = try required("[UNK]")
        start = try required("[CLS]")
        end = try required("[SEP]")
        count = entries.count
        self.beginnings = beginnings
        self.continuations = continuations
        self.special = special.map { (Array($0.key.utf8), $0.value) }
    }

    /// Adds the pieces of a word, each the longest that fits; one unknown token where some part of it is no piece.
    func split(_ word: [UInt8], into tokens: inout [Int32]) {
        let before = tokens.count
        var from = 0
        while from < word.count {
            guard let (id, to) = longest(word, from) else {
                tokens.removeSubrange(before...)
                tokens.append(unknown)
                return
            }
            tokens.append(id)
            from = to
        }
    }

    private func longest(_ word: [UInt8], _ from: Int) -> (id: Int32, to: Int)? {
        let table = from == 0 ? beginnings : continuations
        var hash = PieceTable.Hash()
        var found: (id: Int32, to: Int)?
        var to = from
        // Every shorter beginning is hashed on the way to a longer one, so it is looked up on the way too.
        while to < word.count, to - from < table.lengthMax {
            hash.add(word[to])
            to += 1
            if let id = table.find(hash, word, from: from, to: to) { found = (id, to) }
        }
        return found
    }
}

enum VocabularyError: Error, Hashable {
    case missing(String)
    case tooLarge(Int)
}
