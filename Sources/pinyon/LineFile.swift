internal import Glibc
internal import Records
internal import Secrets

/// A file of lines that is read from some place on, however long it is; `-` is standard input.
final class LineReader {
    struct Line {
        let number: Int64
        let bytes: ArraySlice<UInt8>
        /// Where the next line begins.
        let end: Int64
    }

    static let lineBytesMax = 16 * 1_024 * 1_024
    private static let readBytes = 1_024 * 1_024

    private let descriptor: Int32
    private let path: String
    let byteCount: Int64?
    private var buffer: [UInt8] = []
    private var start = 0
    private var place: Int64
    private var number: Int64
    private var isAtEnd = false

    init(_ path: String, from place: Int64 = 0, line number: Int64 = 0) throws(Failure) {
        self.path = path
        self.place = place
        self.number = number
        descriptor = try System.open(path)
        byteCount = System.byteCount(descriptor)
        guard place == 0 || (byteCount != nil && lseek(descriptor, off_t(place), SEEK_SET) == off_t(place)) else { throw Failure("\(path) is not what it was") }
    }

    deinit { close(descriptor) }

    /// Nil after the last. A line without a line end at the end of the file is one, too.
    func next() throws(Failure) -> Line? {
        while true {
            if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) { return take(buffer[start..<end], with: end + 1 - start) }
            if isAtEnd {
                guard start < buffer.count else { return nil }
                return take(buffer[start...], with: buffer.count - start)
            }
            guard buffer.count - start <= LineReader.lineBytesMax else { throw Failure("\(path), line \(number + 1): longer than \(LineReader.lineBytesMax) bytes") }
            try fill()
        }
    }

    private func take(_ bytes: ArraySlice<UInt8>, with count: Int) -> Line {
        start += count
        place += Int64(count)
        number += 1
        return Line(number: number, bytes: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, end: place)
    }

    private func fill() throws(Failure) {
        buffer.removeSubrange(..<start)
        start = 0
        let more = try System.read(descriptor, path, bytesMax: LineReader.readBytes)
        if more.isEmpty { isAtEnd = true } else { buffer += more }
    }
}

/// A file that grows by whole pages and is on disk before anybody is told of them; `-` is standard output.
final class LineWriter {
    private let descriptor: Int32
    private let path: String
    private(set) var byteCount: Int64
    var isFile: Bool { path != "-" }

    /// A new file, or one of which the first bytes are kept.
    init(_ path: String, keeping byteCount: Int64? = nil) throws(Failure) {
        self.path = path
        self.byteCount = byteCount ?? 0
        descriptor = try System.open(path, isNew: byteCount == nil)
        guard let byteCount, path != "-" else { return }
        guard lseek(descriptor, 0, SEEK_END) >= off_t(byteCount), ftruncate(descriptor, off_t(byteCount)) == 0, lseek(descriptor, 0, SEEK_END) == off_t(byteCount)
        else { throw Failure("\(path) is shorter than it was") }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws(Failure) {
        guard System.writeAll(bytes, to: descriptor), !isFile || fsync(descriptor) == 0 else { throw System.reason(path) }
        byteCount += Int64(bytes.count)
    }
}

extension LineReader {
    /// Tells a file from another of the same name and length: SHA-256 of its length and its first bytes.
    static func digest(of path: String) throws(Failure) -> String {
        let reader = try LineReader(path)
        try reader.fill()
        return Digest.sha256(Array("\(reader.byteCount ?? 0) ".utf8) + reader.buffer.prefix(65_536)).map(hexadecimalPair).joined()
    }
}
