import Glibc
import Records

/// Looks for texts that were erased, byte by byte, in the files of a data directory.
public enum Absence {
    /// A text, or a piece of a long one, that is still there.
    public struct Finding: Hashable, Sendable {
        /// The place of the text among those that were looked for.
        public let text: Int
        /// The file and where in it, or the table and its column.
        public let place: String
    }

    /// A text may lie across pages of the file, which follow each other in any order: it is there when one of its pieces is.
    private static let pieceBytes = 32
    private static let blockBytes = 8 << 20

    /// Shorter ones would be found anywhere.
    public static let textBytesMin = 4

    /// Every file that lies there, whatever it is, and every row: a short text may lie across pages.
    public static func run(folder: String, texts: [String]) throws(StorageError) -> [Finding] {
        let database = folder + "/pinyon.db"
        guard unsafe access(database, R_OK) == 0 else { throw .unavailable("\(folder) is no data directory") }
        let wanted = Pieces(texts)
        var findings: [Finding] = []
        for name in try names(in: folder) { findings += try search(folder + "/" + name, name, wanted) }
        return try findings + rows(database, texts)
    }

    /// A text as it stands there, and as it stands within JSON where that is otherwise.
    static func forms(_ text: String) -> [String] {
        let quoted = String(JSON.text(text).description.dropFirst().dropLast())
        return quoted == text ? [text] : [text, quoted]
    }

    private static func rows(_ database: String, _ texts: [String]) throws(StorageError) -> [Finding] {
        let connection = try SQLiteConnection(path: database, .readOnly)
        let version = try SQLiteSchema.version(of: connection)
        var findings: [Finding] = []
        for table in Table.allCases where table.firstVersion <= version {
            for column in table.columns where !column.hasSuffix("embedding") {
                let statement = try connection.prepare("SELECT 1 FROM \(table.name) WHERE instr(CAST(\(column) AS TEXT), ?1) > 0 LIMIT 1")
                for (place, text) in texts.enumerated() {
                    for form in forms(text) {
                        try statement.bind(1, form)
                        defer { statement.reset() }
                        guard try statement.step() else { continue }
                        findings.append(Finding(text: place, place: "\(table.name), column \(column)"))
                        break
                    }
                }
            }
        }
        return findings
    }

    /// What is looked for, by the first bytes.
    private struct Pieces {
        let byStart: [UInt32: [(text: Int, bytes: [UInt8])]]
        /// Whether something begins with these two bytes.
        let mayBegin: [Bool]

        init(_ texts: [String]) {
            var byStart: [UInt32: [(text: Int, bytes: [UInt8])]] = [:]
            var mayBegin = [Bool](repeating: false, count: 1 << 16)
            for (text, content) in texts.enumerated() {
                for piece in forms(content).flatMap({ Pieces.cut(Array($0.utf8)) }) where piece.count >= textBytesMin {
                    byStart[piece.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }, default: []].append((text, piece))
                    mayBegin[Int(piece[0]) << 8 | Int(piece[1])] = true
                }
            }
            (self.byStart, self.mayBegin) = (byStart, mayBegin)
        }

        private static func cut(_ text: [UInt8]) -> [[UInt8]] {
            guard text.count > pieceBytes else { return [text] }
            var pieces = stride(from: 0, through: text.count - pieceBytes, by: pieceBytes).map { Array(text[$0..<$0 + pieceBytes]) }
            if !text.count.isMultiple(of: pieceBytes) { pieces.append(Array(text.suffix(pieceBytes))) }
            return pieces
        }

        /// Each that lies there, at its place.
        func find(in block: UnsafeRawBufferPointer, _ body: (_ text: Int, _ place: Int) -> Void) {
            guard block.count >= textBytesMin else { return }
            for place in 0...block.count - textBytesMin {
                guard mayBegin[unsafe Int(block[place]) << 8 | Int(block[place + 1])] else { continue }
                let start = unsafe UInt32(bigEndian: block.loadUnaligned(fromByteOffset: place, as: UInt32.self))
                for (text, bytes) in byStart[start] ?? [] where place + bytes.count <= block.count {
                    if let base = block.baseAddress, unsafe memcmp(base + place, bytes, bytes.count) == 0 { body(text, place) }
                }
            }
        }
    }

    /// Of all files, those in folders within too.
    private static func names(in folder: String) throws(StorageError) -> [String] {
        guard let directory = unsafe opendir(folder) else { throw .unavailable("\(folder) cannot be read (errno \(errno))") }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: entry.pointee.d_name) { unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self)) }
            guard name != ".", name != ".." else { continue }
            var facts = stat()
            guard unsafe lstat(folder + "/" + name, &facts) == 0 else { continue }
            switch facts.st_mode & S_IFMT {
            case S_IFREG: names.append(name)
            case S_IFDIR: names += try self.names(in: folder + "/" + name).map { name + "/" + $0 }
            default: break
            }
        }
        return names.sorted()
    }

    private static func search(_ file: String, _ name: String, _ wanted: Pieces) throws(StorageError) -> [Finding] {
        let descriptor = unsafe open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unavailable("\(file) cannot be read (errno \(errno))") }
        defer { close(descriptor) }
        var findings: [Finding] = []
        var found: Set<Int> = []
        var block = [UInt8](repeating: 0, count: blockBytes + pieceBytes)
        var (offset, kept) = (0, 0)
        while true {
            // The end of the block before comes again, for what lies across.
            let count = unsafe block.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress.map { unsafe $0 + kept }, blockBytes, off_t(offset)) }
            guard count >= 0 else { throw .unavailable("\(file) cannot be read (errno \(errno))") }
            guard count > 0 else { return findings }
            let end = kept + count
            unsafe block.withUnsafeBytes { bytes in
                unsafe wanted.find(in: UnsafeRawBufferPointer(rebasing: bytes[..<end])) { text, place in
                    if found.insert(text).inserted { findings.append(Finding(text: text, place: "\(name), byte \(offset - kept + place)")) }
                }
            }
            offset += count
            kept = min(pieceBytes, end)
            for place in 0..<kept { block[place] = block[end - kept + place] }
        }
    }
}
