public import Records

/// Terms as files of other programs have them.
public struct TermFile: Sendable {
    public enum Format: String, Sendable, CaseIterable {
        /// Comma-separated values with a header (RFC 4180).
        case csv
        /// JSON Lines: one object a line.
        case jsonl
        /// TermBase eXchange, the basic dialect (ISO 30042), with elements or with attributes for its data categories, and its older form.
        case tbx

        /// That of a file's name.
        public init?(path: String) {
            let ending = path.split(separator: ".").last.map { $0.lowercased() }
            switch ending {
            case "csv": self = .csv
            case "jsonl", "ndjson": self = .jsonl
            case "tbx", "xml": self = .tbx
            default: return nil
            }
        }
    }

    public struct Entry: Hashable, Sendable {
        /// Where it begins in the file, from one on.
        public let line: Int
        public var values: [RecordField: Value]

        public init(line: Int, _ values: [RecordField: Value]) {
            self.line = line
            self.values = values
        }
    }

    /// Why a file, or an entry of it, cannot be taken.
    public struct Refusal: Error, Hashable, Sendable {
        public let line: Int
        public let reason: String

        init(_ line: Int, _ reason: String) {
            self.line = line
            self.reason = reason
        }
    }

    /// In the order of the file.
    public internal(set) var entries: [Entry] = []
    /// What is there besides and cannot be taken.
    public internal(set) var refusals: [Refusal] = []

    init() {}

    /// Throws where the file is none of that format; what is wrong with single entries is among the refusals.
    public static func read(_ bytes: [UInt8], as format: Format) throws(Refusal) -> TermFile {
        let bytes = bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
        // XML says itself how it is written.
        guard format == .tbx || !wideMarks.contains(where: { bytes.starts(with: $0) }) else { throw Refusal(1, "it is written in UTF-16; only UTF-8 is read") }
        switch format {
        case .csv: return try readCSV(bytes)
        case .jsonl: return readJSON(bytes)
        case .tbx: return try readTBX(bytes)
        }
    }

    public static func write(_ records: [Record], as format: Format) -> String {
        switch format {
        case .csv: writeCSV(records)
        case .jsonl: records.map { "\($0.json(withOwnVector: false))\n" }.joined()
        case .tbx: writeTBX(records)
        }
    }

    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    private static let wideMarks: [[UInt8]] = [[0xFF, 0xFE], [0xFE, 0xFF]]

    /// What a file says of a term; whose it is, is said elsewhere.
    static let fields: [RecordField] = [
        .term, .definition, .context, .language, .status, .preferred, .examples, .relatedTerms, .tags, .frequency, .lastUsedAt, .isPublic,
    ]

    /// Takes an entry, or tells why not.
    mutating func take(_ line: Int, _ values: [RecordField: Value]) {
        do throws(FieldError) {
            // Whose it will be does not matter to what it says.
            try RecordDraft(.term, values.merging([.user: .identifier(Identifier(high: 0, low: 0))]) { own, _ in own }).check()
            entries.append(Entry(line: line, values))
        } catch { refusals.append(Refusal(line, "\(error)")) }
    }
}
