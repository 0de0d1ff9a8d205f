internal import Glibc
internal import Records

/// A text of any length in parts that one request takes, each cut where an empty line is, as no term goes across one; where there is none, at the end of a line, or of a word.
struct TextParts {
    private var bytes: ArraySlice<UInt8>
    private let descriptor: Int32?
    private let path: String
    private var isAtEnd: Bool
    private var passed = 0
    private static let partBytesMax = Limits.detectedTextBytesMax
    private static let readBytes = 65_536

    init(_ text: String) {
        bytes = Array(text.utf8)[...]
        (descriptor, path, isAtEnd) = (nil, "the text", true)
    }

    init(file path: String) throws(Failure) {
        descriptor = try System.open(path)
        self.path = path
        bytes = []
        isAtEnd = false
    }

    /// Nil after the last.
    mutating func next() throws(Failure) -> String? {
        while !isAtEnd, bytes.count <= TextParts.partBytesMax, let descriptor {
            let more = try System.read(descriptor, path, bytesMax: TextParts.readBytes)
            if more.isEmpty {
                isAtEnd = true
                close(descriptor)
            } else {
                bytes += more
            }
        }
        guard !bytes.isEmpty else {
            if passed == 0 { throw Failure("\(path) is empty") }
            return nil
        }
        let part = bytes.count <= TextParts.partBytesMax ? bytes : bytes.prefix(TextParts.end(of: bytes.prefix(TextParts.partBytesMax)))
        guard let text = String(validating: part, as: UTF8.self) else { throw Failure("\(path) is no UTF-8 text from byte \(passed) on") }
        if text.utf8.contains(0) { throw Failure("\(path) is no text: it has a zero byte behind byte \(passed)") }
        passed += part.count
        bytes = bytes.dropFirst(part.count)
        return text
    }

    /// How much of that is a part.
    private static func end(of bytes: ArraySlice<UInt8>) -> Int {
        let lineEnd = UInt8(ascii: "\n")
        var (place, line, word): (Int, Int?, Int?) = (bytes.endIndex - 1, nil, nil)
        while place > bytes.startIndex {
            if bytes[place] == lineEnd {
                if bytes[place - 1] == lineEnd { return place + 1 - bytes.startIndex }
                line = line ?? place + 1
            } else if bytes[place] == UInt8(ascii: " ") {
                word = word ?? place + 1
            }
            place -= 1
        }
        if let end = line ?? word { return end - bytes.startIndex }
        var end = bytes.endIndex
        while end > bytes.startIndex + 1, bytes[end - 1] & 0xC0 == 0x80 { end -= 1 }
        // What is no text at all is told to be none.
        return end - 1 > bytes.startIndex ? end - 1 - bytes.startIndex : bytes.count
    }
}
