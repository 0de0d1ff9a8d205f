import Records
import Testing

@testable import Storage

@Suite struct ChecksumTests {
    @Test("the checksum of the nine digits is the published one")
    func published() {
        #expect(RowChecksum.crc32c(Array("123456789".utf8)) == 0xE306_9283)
        #expect(RowChecksum.crc32cPortable(Array("123456789".utf8)) == 0xE306_9283)
        // RFC 3720, B.4: 32 bytes of zeros, of ones, ascending.
        #expect(RowChecksum.crc32c([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(RowChecksum.crc32c([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(RowChecksum.crc32c(Array(0..<32)) == 0x46DD_794E)
    }

    @Test("instruction and tables agree for every length, and a checksum can be continued anywhere")
    func agreement() {
        var generator = SeededGenerator(seed: 1)
        let bytes = (0..<2_400).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for count in Array(0..<300) + [767, 768, 769, 1_535, 1_536, 2_303, 2_304, 2_400] {
            let part = Array(bytes[..<count])
            let whole = RowChecksum.crc32c(part)
            #expect(whole == RowChecksum.crc32cPortable(part))
            let split = Int.random(in: 0...count, using: &generator)
            #expect(RowChecksum.crc32c(Array(part[split...]), from: RowChecksum.crc32c(Array(part[..<split]))) == whole)
        }
    }

    @Test("a row that was read has the checksum that was computed when it was written, for every form of value")
    func forms() throws {
        let connection = try SQLiteConnection(path: "", .inMemory)
        try connection.execute("CREATE TABLE t (a, b, c, d, e, f, g, checksum INTEGER)")
        let row = RowEncoder()
        row.begin(.agents)
        row.addNull()
        row.add(Int64.min)
        row.add(-0.0)
        row.add("é\0漢")
        row.add([1, 2, 3] as [UInt8])
        row.add(Identifier(high: 1, low: 2))
        row.add(vector: [1, -2.5])
        let insertion = try connection.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")
        try insertion.bind(row)
        try insertion.run()
        let selection = try connection.prepare("SELECT * FROM t")
        #expect(try selection.step())
        #expect(selection.isIntact(.agents, columnCount: 7))
        #expect(!selection.isIntact(.changes, columnCount: 7))
        #expect(selection.blob(6) == [0, 2, 0, 0, 0x3F, 0x80, 0, 0, 0xC0, 0x20, 0, 0])
        #expect(selection.vector(6) == [1, -2.5])
        #expect(selection.vector(4) == nil)
        #expect(selection.text(3) == "é\0漢")
    }
}
