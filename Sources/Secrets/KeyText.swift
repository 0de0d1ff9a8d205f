/// An access key in the clear. It exists while it is made, shown and checked; what is stored is its hash. It does not print itself.
public struct KeyText: Sendable {
    /// `pny_` and 43 letters and digits: 256 bits from the system's generator.
    public let text: String

    /// What a key looks like, for those who bring their own.
    public static let shape = "it is pny_ and 43 letters and digits"

    private static let marker = "pny_"
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    private static let letters = 43
    private static let prefixLetters = 12

    public static func random() -> KeyText {
        var generator = SystemRandomNumberGenerator()
        var text = marker
        for _ in 0..<letters { text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]) }
        return KeyText(unchecked: text)
    }

    private init(unchecked text: String) { self.text = text }

    /// Nil for what cannot be a key of ours.
    public init?(_ text: String) {
        guard text.hasPrefix(KeyText.marker), text.utf8.count == KeyText.marker.utf8.count + KeyText.letters else { return nil }
        guard text.dropFirst(KeyText.marker.count).allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }) else { return nil }
        self.text = text
    }

    /// What may be shown: enough to tell keys apart; more than 200 bits stay unknown.
    public var prefix: String { String(text.prefix(KeyText.prefixLetters)) }

    public var hash: [UInt8] { Digest.sha256(text.utf8) }
}

extension KeyText: CustomStringConvertible, CustomReflectable {
    public var description: String { prefix + "…" }
    public var customMirror: Mirror { Mirror(self, children: ["prefix": prefix]) }
}
