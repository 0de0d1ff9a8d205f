internal import Records

/// What an import reads, from some place on.
protocol ImportSource: AnyObject {
    /// As sentences name it.
    var title: String { get }
    /// What one entry of it is.
    var unit: String { get }
    /// Under which its job is found again, and what must be the same for going on with it.
    var file: String { get }
    var parameters: JSON { get }
    /// Whether it can be read again from some place on.
    var isResumable: Bool { get }
    /// Whether what follows the last entry may come later.
    var mayGrow: Bool { get }
    /// Behind the last entry that was given.
    var cursor: String { get }
    /// Asked while nothing comes; the entries then end.
    var shouldStop: () -> Bool { get set }

    /// Where that is, in words, empty for the beginning; nil when the cursor is none.
    func goOn(from cursor: String) throws -> String?
    /// Nil after the last.
    func next() throws -> ImportEntry?
}

struct ImportEntry {
    enum Content {
        case nothing
        case refused(String)
        case object(JSON, vector: [Float]?)
    }

    let label: String
    /// Where an import goes on that has this one.
    let cursor: String
    let byteCount: Int
    /// How much of all has been read with it; nil where nobody knows.
    let share: Double?
    let content: Content
}

/// A file of JSON Lines.
final class ImportFile: ImportSource {
    let title: String
    let unit = "line"
    let file: String
    let parameters: JSON
    let mayGrow = false
    private(set) var cursor = "0 0"
    private let reader: LineReader

    var isResumable: Bool { reader.byteCount != nil }
    var shouldStop: () -> Bool {
        get { reader.shouldStop }
        set { reader.shouldStop = newValue }
    }

    init(_ path: String) throws {
        title = path
        file = path.file
        reader = try LineReader(path)
        parameters = if let digest = try reader.digest() { ["file": .text(path.file), "digest": .text(digest)] } else { ["file": .text(path.file)] }
    }

    func goOn(from cursor: String) throws -> String? {
        let at = cursor.split(separator: " ").compactMap { Int64($0) }
        guard at.count == 2 else { return nil }
        try reader.seek(to: at[0], line: at[1])
        self.cursor = cursor
        return at[1] > 0 ? "line \(at[1])" : ""
    }

    func next() throws -> ImportEntry? {
        guard let line = try reader.next() else { return nil }
        cursor = "\(line.end) \(line.number)"
        let share = reader.byteCount.map { $0 == 0 ? 1 : Double(line.end) / Double($0) }
        return ImportEntry(label: "line \(line.number)", cursor: cursor, byteCount: line.bytes.count, share: share, content: content(line))
    }

    private func content(_ line: LineReader.Line) -> ImportEntry.Content {
        if line.isTooLong { return .refused("longer than \(LineReader.lineBytesMax) bytes") }
        if line.bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }) { return .nothing }
        do throws(JSONError) { return .object(try JSON(parsing: Array(line.bytes)), vector: nil) } catch { return .refused("\(error)") }
    }
}
