/// Where an endpoint takes its requests, such as `https://api.openai.com/v1/embeddings`. It holds no secret, so it may be printed.
public struct EndpointURL: Sendable, Hashable, CustomStringConvertible {
    public let description: String
    /// Whether the host is this machine, which no proxy leads to.
    let isLoopback: Bool

    public static let bytesMax = 2_048

    private static let operation = "/embeddings"

    /// Takes what people copy from the manuals: with `/v1` or without, with `/embeddings` or without. What comes before them is kept, and a longer path
    /// that ends in `/embeddings` is taken as it is. Throws `.unusableSetting`, which does not repeat the text.
    public init(_ text: String) throws(EmbeddingError) {
        let trimmed = text.split { $0.isWhitespace }.joined(separator: " ")
        guard trimmed.utf8.count <= EndpointURL.bytesMax else { throw EndpointURL.unusable("it is longer than \(EndpointURL.bytesMax) bytes") }
        let (scheme, rest) = try EndpointURL.scheme(trimmed)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" || $0 == "\\" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else {
            throw EndpointURL.unusable("it holds a user or a password; they do not belong there, and a key is a setting of its own")
        }
        let path = rest[end...]
        guard !path.contains("?"), !path.contains("#") else { throw EndpointURL.unusable("it has a query or a fragment; it ends with the path") }
        guard path.utf8.allSatisfy(EndpointURL.isPathByte) else { throw EndpointURL.unusable("its path has a character that does not belong there") }
        let host = try EndpointURL.host(authority.lowercased())
        isLoopback = EndpointURL.isLoopback(host)
        description = scheme + "://" + authority.lowercased() + EndpointURL.complete(path)
    }

    private static func unusable(_ why: String) -> EmbeddingError { .unusableSetting(name: "url", why: why) }

    private static func scheme(_ text: String) throws(EmbeddingError) -> (scheme: String, rest: Substring) {
        for scheme in ["https", "http"] where text.lowercased().hasPrefix(scheme + "://") {
            return (scheme, text.dropFirst(scheme.count + 3))
        }
        throw unusable("it does not begin with http:// or https://")
    }

    /// The host, without brackets and port, of what is in lower case.
    private static func host(_ authority: String) throws(EmbeddingError) -> String {
        var host = authority[...]
        var port: Substring?
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { throw unusable("its host has no closing bracket") }
            let after = host[host.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw unusable("something stands between its host and its path") }
            port = after.isEmpty ? nil : after.dropFirst()
            host = host[host.index(after: host.startIndex)..<end]
            guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { throw unusable("its host is no IPv6 address") }
        } else {
            if let colon = host.firstIndex(of: ":") {
                port = host[host.index(after: colon)...]
                host = host[..<colon]
            }
            guard !host.isEmpty else { throw unusable("it names no host") }
            guard host.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "." || $0 == "_") }) else {
                throw unusable("its host has a character that does not belong there")
            }
        }
        if let port {
            guard port.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(port), (1...65_535).contains(number) else {
                throw unusable("its port is no number from 1 to 65535")
            }
        }
        return String(host)
    }

    private static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// RFC 3986's characters of a path.
    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "/-._~%!$&'()*+,;=:@".utf8.contains(byte)
        }
    }

    private static func complete(_ path: Substring) -> String {
        let base = withoutSlashes(path)
        guard base.hasSuffix(operation) else { return base + (isVersion(base) ? "" : "/v1") + operation }
        return base == operation ? "/v1" + operation : String(base)
    }

    private static func withoutSlashes(_ path: Substring) -> Substring {
        var path = path
        while path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// Whether the last part is `v` and a number.
    private static func isVersion(_ path: Substring) -> Bool {
        guard let last = path.split(separator: "/").last, last.hasPrefix("v"), last.count > 1 else { return false }
        return last.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
    }
}
