import CSystem
import Records

/// CRC32C over the canonical form of a row: the table's number in one byte, then for each column in the order of `Table.columns` a byte for
/// its form (0 null, 1 integer, 2 real, 3 text, 4 blob) and
/// an integer's eight bytes, a real's IEEE 754 bits in eight bytes, or a text's or blob's count in four bytes and then its bytes.
/// All numbers are little-endian.
struct RowChecksum {
    enum Form: UInt8 {
        case null = 0
        case integer = 1
        case real = 2
        case text = 3
        case blob = 4
    }

    private(set) var value: UInt32 = 0

    init(_ table: Table) { add(byte: table.rawValue) }

    mutating func addNull() { add(byte: Form.null.rawValue) }

    mutating func add(_ integer: Int64) {
        add(byte: Form.integer.rawValue)
        add(word: UInt64(bitPattern: integer))
    }

    mutating func add(_ real: Double) {
        add(byte: Form.real.rawValue)
        add(word: real.bitPattern)
    }

    /// The bytes of a text or a blob.
    mutating func add(_ form: Form, _ bytes: UnsafeRawBufferPointer) {
        add(byte: form.rawValue)
        var count = UInt32(truncatingIfNeeded: bytes.count).littleEndian
        value = unsafe pinyon_crc32c(value, &count, 4)
        value = unsafe pinyon_crc32c(value, bytes.baseAddress, bytes.count)
    }

    /// CRC32C of plain bytes, continuing from `start`.
    static func crc32c(_ bytes: [UInt8], from start: UInt32 = 0) -> UInt32 { unsafe pinyon_crc32c(start, bytes, bytes.count) }

    /// The same from tables alone.
    static func crc32cPortable(_ bytes: [UInt8], from start: UInt32 = 0) -> UInt32 {
        unsafe pinyon_crc32c_portable(start, bytes, bytes.count)
    }

    private mutating func add(byte: UInt8) {
        var byte = byte
        value = unsafe pinyon_crc32c(value, &byte, 1)
    }

    private mutating func add(word: UInt64) {
        var word = word.littleEndian
        value = unsafe pinyon_crc32c(value, &word, 8)
    }
}

/// One row in its canonical form, in a buffer that is used again for the next: statements bind into it, and the checksum runs over it once.
///
/// Belongs to one thread at a time.
@safe final class RowEncoder {
    struct Column {
        let form: RowChecksum.Form
        /// Where the payload begins, behind the form and the count.
        let offset: Int
        let count: Int
    }

    private(set) var columns: [Column] = []
    private var bytes: UnsafeMutableRawPointer
    private var capacity = 16_384
    private var count = 0

    init() { unsafe bytes = .allocate(byteCount: 16_384, alignment: 16) }

    deinit { unsafe bytes.deallocate() }

    func begin(_ table: Table) {
        columns.removeAll(keepingCapacity: true)
        unsafe bytes.storeBytes(of: table.rawValue, as: UInt8.self)
        count = 1
    }

    func addNull() { open(.null, payload: 0) }

    func add(_ value: Int64) {
        open(.integer, payload: 8)
        put(UInt64(bitPattern: value).littleEndian)
    }

    func add(_ value: Double) {
        open(.real, payload: 8)
        // SQLite may keep a real as an integer, which has no negative zero.
        put((value == 0 ? 0 : value).bitPattern.littleEndian)
    }

    func add(_ value: String) {
        var value = value
        value.withUTF8 { text in
            open(.text, payload: text.count)
            unsafe put(UnsafeRawBufferPointer(text))
        }
    }

    func add(_ value: [UInt8]) {
        unsafe value.withUnsafeBytes { blob in
            open(.blob, payload: blob.count)
            unsafe put(blob)
        }
    }

    func add(_ value: Identifier) {
        open(.blob, payload: Identifier.byteCount)
        put(value.high.bigEndian)
        put(value.low.bigEndian)
    }

    /// In pgvector's binary form: the dimension in two bytes, two zero bytes, and the floats, all big-endian.
    func add(vector: [Float]) {
        open(.blob, payload: 4 + 4 * vector.count)
        put(UInt16(truncatingIfNeeded: vector.count).bigEndian)
        put(UInt16(0))
        let start = unsafe bytes + count
        unsafe vector.withUnsafeBufferPointer { source in
            for index in 0..<source.count {
                unsafe start.storeBytes(of: source[index].bitPattern.bigEndian, toByteOffset: 4 * index, as: UInt32.self)
            }
        }
        count += 4 * vector.count
    }

    func add(_ value: Identifier?) { if let value { add(value) } else { addNull() } }
    func add(_ value: Timestamp?) { if let value { add(value.microseconds) } else { addNull() } }

    var checksum: UInt32 { unsafe pinyon_crc32c(0, bytes, count) }

    func integer(_ column: Column) -> Int64 {
        Int64(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: column.offset, as: Int64.self))
    }

    func real(_ column: Column) -> Double { Double(bitPattern: UInt64(bitPattern: integer(column))) }

    /// Valid until the next row begins.
    func payload(_ column: Column) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: bytes + column.offset, count: column.count)
    }

    private func open(_ form: RowChecksum.Form, payload: Int) {
        let countBytes =
            switch form {
            case .text, .blob: 4
            case .null, .integer, .real: 0
            }
        reserve(1 + countBytes + payload)
        unsafe bytes.storeBytes(of: form.rawValue, toByteOffset: count, as: UInt8.self)
        count += 1
        if countBytes > 0 { put(UInt32(truncatingIfNeeded: payload).littleEndian) }
        columns.append(Column(form: form, offset: count, count: payload))
    }

    private func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(2 * capacity, count + more)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        unsafe larger.copyMemory(from: bytes, byteCount: count)
        unsafe bytes.deallocate()
        unsafe bytes = larger
    }

    private func put(_ value: some FixedWidthInteger & BitwiseCopyable) {
        unsafe bytes.storeBytes(of: value, toByteOffset: count, as: type(of: value))
        count += value.bitWidth / 8
    }

    private func put(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress else { return }
        unsafe (bytes + count).copyMemory(from: start, byteCount: source.count)
        count += source.count
    }
}
