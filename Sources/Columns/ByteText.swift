/// A text that is equal to another when their UTF-8 bytes are.
///
/// Swift's own equality is canonical equivalence, under which "é" and "e" with a combining accent are one; stores and other clients compare bytes.
struct ByteText: Hashable, Sendable {
    let text: String

    init(_ text: String) {
        self.text = text
    }

    static func == (a: ByteText, b: ByteText) -> Bool { ByteText.areIdentical(a.text, b.text) }

    func hash(into hasher: inout Hasher) {
        // Equal bytes have equal hashes by Swift's equality too, and its hash is the faster one.
        text.hash(into: &hasher)
    }

    /// What Swift's equality tells apart, which it does fast, differs in bytes too.
    static func areIdentical(_ a: String, _ b: String) -> Bool {
        a.utf8.count == b.utf8.count && a == b && a.utf8.elementsEqual(b.utf8)
    }

    /// By Unicode scalars, which is the order of the UTF-8 bytes.
    static func isOrdered(_ a: String, before b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
