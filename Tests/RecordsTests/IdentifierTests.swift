import Records
import Testing

@Suite("Identifier")
struct IdentifierTests {
    @Test("text and bytes come back as they went in")
    func roundTrips() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 {
            let id = Identifier(high: generator.next(), low: generator.next())
            #expect(Identifier(id.description) == id)
            #expect(Identifier(id.description.uppercased()) == id)
            #expect(Identifier(id.description.filter { $0 != "-" }) == id)
            #expect(Identifier(bytes: id.bytes) == id)
        }
        let golden = Identifier(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
        #expect(golden.description == "00112233-4455-6677-8899-aabbccddeeff")
        #expect(golden.bytes == [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF])
    }

    @Test(
        "what is no UUID is refused",
        arguments: [
            "", "-", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0", "00112233-4455-6677-8899-aabbccddeefg",
            "0011223-34455-6677-8899-aabbccddeeff", "001122334455-6677-8899-aabbccddeeff", "{00112233-4455-6677-8899-aabbccddeeff}",
            "00112233445566778899aabbccddeef", "00112233445566778899aabbccddeeff00", "00112233445566778899aabbccddeeff----",
            "00112233-4455-6677-8899-aabbccddee\u{FF10}", " 0112233-4455-6677-8899-aabbccddeeff",
        ])
    func refused(text: String) {
        #expect(Identifier(text) == nil)
    }

    @Test("only sixteen bytes make one", arguments: [0, 1, 15, 17, 32])
    func wrongByteCount(count: Int) {
        #expect(Identifier(bytes: [UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("the order is that of the bytes, and of the text")
    func order() {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<300 {
            let a = Identifier(high: generator.next() % 3, low: generator.next())
            let b = Identifier(high: generator.next() % 3, low: generator.next())
            #expect((a < b) == a.bytes.lexicographicallyPrecedes(b.bytes))
            #expect((a < b) == (a.description < b.description))
        }
    }

    @Test("those that are made are of version 7 and variant 2 and begin with the milliseconds")
    func versionSeven() {
        var generator = SeededGenerator(seed: 3)
        let time = Timestamp(microseconds: 1_700_000_000_123_999)
        for _ in 0..<100 {
            let id = Identifier(at: time, using: &generator)
            #expect(id.high >> 16 == 1_700_000_000_123)
            #expect(id.high >> 12 & 0xF == 7)
            #expect(id.low >> 62 == 2)
        }
        #expect(Identifier(at: Timestamp(microseconds: -5), using: &generator).high >> 16 == 0)
        #expect(Identifier(at: time, using: &generator) < Identifier(at: time.adding(seconds: 1), using: &generator))
        #expect(Identifier(at: time) != Identifier(at: time))
    }
}
