/// What an endpoint is shown so that it serves us. It never prints itself, and is taken out of what the endpoint says.
public struct EndpointKey: Sendable, Hashable {
    /// What stands in its place wherever it would be printed.
    public static let mask = "***"
    public static let bytesMax = 4_096

    let text: String

    /// Runs of the key that are this long are taken out of what is shown.
    private static let shownBytesMax = 7

    /// White space around it, such as the end of the line in a file, is left out. Throws `.unusableSetting`, which does not repeat it.
    public init(_ text: String) throws(EmbeddingError) {
        let bytes = Array(text.utf8)
        guard let first = bytes.firstIndex(where: { !EndpointKey.isSpace($0) }), let last = bytes.lastIndex(where: { !EndpointKey.isSpace($0) }) else {
            throw .unusableSetting(name: "key", why: "it is empty")
        }
        let key = bytes[first...last]
        guard key.count <= EndpointKey.bytesMax else { throw .unusableSetting(name: "key", why: "it is longer than \(EndpointKey.bytesMax) bytes") }
        guard key.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .unusableSetting(name: "key", why: "it has a character that no key has: only visible ASCII characters can be sent, and no spaces")
        }
        self.text = String(decoding: key, as: UTF8.self)
    }

    /// The text with the mask wherever the key stands in it, or a run of the key that is long enough to tell much of it.
    func masked(in text: String) -> String {
        let key = Array(self.text.utf8)
        let bytes = Array(text.utf8)
        let runMin = min(key.count, EndpointKey.shownBytesMax + 1)
        var shown: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let run = key.indices.map { EndpointKey.commonCount(key[$0...], bytes[position...]) }.max() ?? 0
            if run >= runMin {
                shown += Array(EndpointKey.mask.utf8)
                position += run
            } else {
                shown.append(bytes[position])
                position += 1
            }
        }
        return String(decoding: shown, as: UTF8.self)
    }

    private static func commonCount(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int { zip(a, b).prefix { $0 == $1 }.count }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}

extension EndpointKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { EndpointKey.mask }
    public var debugDescription: String { EndpointKey.mask }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
