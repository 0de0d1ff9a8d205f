internal import Glibc
internal import Records
internal import Secrets

/// A file of lines that is read from some place on, however long it is; `-` is standard input. What is no regular file, as a pipe, is read once.
final class LineReader {
    struct Line {
        let number: Int64
        /// Empty when it is too long.
        let bytes: ArraySlice<UInt8>
        /// Where the next line begins.
        let end: Int64
        let isTooLong: Bool
    }

    static let lineBytesMax = 16 * 1_024 * 1_024
    private static let readBytes = 1_024 * 1_024
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let descriptor: Int32
    private let path: String
    /// Nil for what is no regular file.
    let byteCount: Int64?
    /// Asked while nothing comes; the lines then end.
    var shouldStop: () -> Bool = { false }
    private var buffer: [UInt8] = []
    private var start = 0
    /// Up to where there is no line end.
    private var searched = 0
    private var place: Int64
    private var number: Int64
    private var isAtEnd = false

    init(_ path: String) throws(Failure) {
        self.path = path
        place = 0
        number = 0
        descriptor = try System.open(path, isWaitedFor: false)
        byteCount = System.byteCount(descriptor)
    }

    deinit { close(descriptor) }

    /// Goes on where an earlier reader had come to.
    func seek(to place: Int64, line number: Int64) throws(Failure) {
        guard place > 0 else { return }
        guard let byteCount, place <= byteCount, lseek(descriptor, off_t(place), SEEK_SET) == off_t(place) else { throw Failure("\(path) is not what it was") }
        self.place = place
        self.number = number
    }

    /// Nil after the last. A line without a line end at the end of the file is one, too.
    func next() throws(Failure) -> Line? {
        var dropped = 0
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) { return take(start..<end, with: end + 1 - start, after: dropped) }
            searched = buffer.count
            if isAtEnd {
                guard start < buffer.count || dropped > 0 else { return nil }
                return take(start..<buffer.count, with: buffer.count - start, after: dropped)
            }
            if dropped > 0 || buffer.count - start > LineReader.lineBytesMax {
                dropped += buffer.count - start
                start = buffer.count
            }
            guard try fill() else { return nil }
        }
    }

    private func take(_ range: Range<Int>, with count: Int, after dropped: Int) -> Line {
        var bytes = dropped > 0 ? [] : buffer[range]
        if place == 0, bytes.starts(with: LineReader.mark) { bytes = bytes.dropFirst(LineReader.mark.count) }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        start += count
        searched = start
        place += Int64(count + dropped)
        number += 1
        return Line(number: number, bytes: bytes, end: place, isTooLong: dropped > 0)
    }

    /// False when it was asked to stop before anything came.
    private func fill() throws(Failure) -> Bool {
        buffer.removeSubrange(..<start)
        searched -= start
        start = 0
        while byteCount == nil, !System.hasInput(descriptor) {
            if shouldStop() { return false }
        }
        let more = try System.read(descriptor, path, bytesMax: LineReader.readBytes)
        if more.isEmpty { isAtEnd = true } else { buffer += more }
        return true
    }

    /// Tells a file from another of the same name: SHA-256 of its length, its first and its last bytes. Nil for what can be read only once.
    func digest() throws(Failure) -> String? {
        guard let byteCount else { return nil }
        var bytes = Array("\(byteCount) ".utf8)
        for place in [0, max(0, byteCount - LineReader.digestBytes)] {
            guard lseek(descriptor, off_t(place), SEEK_SET) == off_t(place) else { throw System.reason(path) }
            bytes += try System.read(descriptor, path, bytesMax: Int(LineReader.digestBytes))
        }
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw System.reason(path) }
        return hexadecimal(Digest.sha256(bytes))
    }

    private static let digestBytes: Int64 = 65_536
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
