import Glibc

/// A file's bytes, mapped and not copied.
///
/// `@unchecked Sendable`: the mapping is read-only and lasts as long as the value. A file that somebody cuts while it is mapped ends the process, as with
/// any mapping; what is checked is checked once, when it is opened.
@safe public final class MappedFile: @unchecked Sendable {
    public struct OpenFailed: Error, Hashable, CustomStringConvertible {
        public let code: Int32

        public var isMissing: Bool { code == ENOENT }
        public var description: String { code == 0 ? "it is not a file" : unsafe String(cString: strerror(code)) }
    }

    public let count: Int
    private let base: UnsafeRawPointer

    public init(path: String) throws(OpenFailed) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw OpenFailed(code: errno) }
        defer { close(file) }
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0 else { throw OpenFailed(code: errno) }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw OpenFailed(code: 0) }
        let size = Int(facts.st_size)
        // Nothing can be mapped of an empty file; one byte is, and never read.
        let address = unsafe mmap(nil, max(1, size), PROT_READ, MAP_PRIVATE, file, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { throw OpenFailed(code: errno) }
        count = size
        unsafe base = UnsafeRawPointer(address)
    }

    deinit { unsafe munmap(UnsafeMutableRawPointer(mutating: base), max(1, count)) }

    public func bytes(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe Array(UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// The floats in `range`, little-endian as the machine is; nil where they do not begin on a multiple of four or are no whole number of them.
    public func floats(_ range: Range<Int>) -> Floats? {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard range.lowerBound % 4 == 0, range.count % 4 == 0 else { return nil }
        return unsafe Floats(owner: self, base: (base + range.lowerBound).assumingMemoryBound(to: Float.self), count: range.count / 4)
    }
}
