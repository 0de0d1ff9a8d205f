import Testing

@testable import Secrets

@Suite("Keys and hashes")
struct SecretsTests {
    @Test("SHA-256 is that of the standard's examples")
    func sha256() {
        let hexadecimal = { (bytes: [UInt8]) in bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
        #expect(hexadecimal(Digest.sha256([UInt8]())) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(hexadecimal(Digest.sha256("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test("equality holds for equal bytes and for no others")
    func equality() {
        #expect(Digest.areEqual([1, 2, 3], [1, 2, 3]))
        #expect(!Digest.areEqual([1, 2, 3], [1, 2, 4]))
        #expect(!Digest.areEqual([1, 2, 3], [0, 2, 3]))
        #expect(!Digest.areEqual([1, 2], [1, 2, 3]))
        #expect(Digest.areEqual([], []))
    }

    @Test("keys are of one form, differ, and can be read back")
    func keys() throws {
        let keys = (0..<1_000).map { _ in KeyText.random() }
        #expect(Set(keys.map(\.text)).count == 1_000)
        for key in keys {
            #expect(key.text.utf8.count == 47 && key.text.hasPrefix("pny_"))
            let read = try #require(KeyText(key.text))
            #expect(read.hash == key.hash && read.prefix == key.prefix)
        }
    }

    @Test("what is no key is refused", arguments: ["", "pny_", "pny_short", "xyz_" + String(repeating: "a", count: 43), "pny_" + String(repeating: "!", count: 43), "pny_" + String(repeating: "a", count: 44), "pny_" + String(repeating: "é", count: 43)])
    func refusals(text: String) {
        #expect(KeyText(text) == nil)
    }

    @Test("a key does not print itself, however it is printed")
    func masking() {
        let key = KeyText.random()
        let secret = key.text.dropFirst(12)
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(describing: key), String(reflecting: key), "\([key])", "\(Optional(key) as Any)", dumped] {
            #expect(!text.contains(secret))
        }
    }
}
