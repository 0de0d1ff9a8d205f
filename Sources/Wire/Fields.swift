public import Records

/// Why a body cannot be understood. The framing still holds, so only this request fails.
public enum BodyError: Error, Hashable, Sendable {
    /// A field's length goes beyond its body, or padding and reserved bytes are not zero.
    case malformed(String)
    case unknownCriticalField(UInt16)
    case unknownOperation(UInt16)
    case field(FieldError)
}

/// Writes tagged fields: tag (2 bytes, the highest bit marks it critical), two zero bytes, length (4), the value, zeros up to a multiple of eight.
///
/// The buffer's part before the body is a multiple of eight long when the body is a frame's, so every value begins on an eight-byte boundary of its frame.
public struct FieldWriter {
    static let criticalBit: UInt16 = 0x8000

    var bytes: [UInt8]

    init(bytes: [UInt8] = []) {
        self.bytes = bytes
    }

    mutating func field(_ tag: UInt16, critical: Bool = false, _ write: (inout FieldWriter) -> Void) {
        bytes.append(littleEndian: critical ? tag | FieldWriter.criticalBit : tag)
        bytes.append(littleEndian: 0 as UInt16)
        let lengthAt = bytes.count
        bytes.append(littleEndian: 0 as UInt32)
        let start = bytes.count
        write(&self)
        RawBytes.put(UInt32(clamping: bytes.count - start), at: lengthAt, in: &bytes)
        while bytes.count % 8 != 0 { bytes.append(0) }
    }

    mutating func integer(_ tag: UInt16, _ value: some FixedWidthInteger & BitwiseCopyable) { field(tag) { $0.bytes.append(littleEndian: value) } }

    mutating func number(_ tag: UInt16, _ value: Double) { integer(tag, value.bitPattern) }

    mutating func flag(_ tag: UInt16, _ value: Bool) { integer(tag, value ? 1 as UInt8 : 0) }

    mutating func text(_ tag: UInt16, _ value: String) { field(tag) { $0.bytes.append(contentsOf: value.utf8) } }

    mutating func identifier(_ tag: UInt16, _ value: Identifier) { field(tag) { $0.raw(value) } }

    mutating func identifiers(_ tag: UInt16, _ values: [Identifier]) {
        field(tag) { writer in
            for value in values { writer.raw(value) }
        }
    }

    mutating func time(_ tag: UInt16, _ value: Timestamp) { integer(tag, value.microseconds) }

    mutating func vector(_ tag: UInt16, _ value: [Float]) { field(tag) { RawBytes.append(value, to: &$0.bytes) } }

    mutating func raw(_ value: Identifier) {
        bytes.append(littleEndian: value.high.byteSwapped)
        bytes.append(littleEndian: value.low.byteSwapped)
    }
}

/// A field as it stands in a body: its tag, and where its value lies.
struct FieldSlice {
    let tag: UInt16
    let isCritical: Bool
    let range: Range<Int>
}

/// Reads the tagged fields of a part of a body, in the order in which they stand.
struct FieldReader {
    let bytes: [UInt8]
    private var position: Int
    private let end: Int
    private var taken = TagSet()

    init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    init(_ bytes: [UInt8]) { self.init(bytes, in: 0..<bytes.count) }

    /// Where the next field begins.
    var offset: Int { position }

    mutating func next() throws(BodyError) -> FieldSlice? {
        guard position < end else { return nil }
        guard end - position >= 8 else { throw .malformed("a field's header is cut short at byte \(position)") }
        let tag: UInt16 = bytes.littleEndian(at: position)
        guard bytes[position + 2] == 0, bytes[position + 3] == 0 else { throw .malformed("reserved bytes are not zero at byte \(position + 2)") }
        let length = Int(bytes.littleEndian(at: position + 4) as UInt32)
        let start = position + 8
        guard length <= end - start else { throw .malformed("the field at byte \(position) is longer than what holds it") }
        let padded = (length + 7) / 8 * 8
        guard padded <= end - start else { throw .malformed("the padding of the field at byte \(position) is cut short") }
        for index in start + length..<start + padded where bytes[index] != 0 { throw .malformed("padding is not zero at byte \(index)") }
        position = start + padded
        return FieldSlice(tag: tag & ~FieldWriter.criticalBit, isCritical: tag & FieldWriter.criticalBit != 0, range: start..<start + length)
    }

    /// Passes every field to `take`, which says whether it knows it; what it does not know is skipped, unless it is critical.
    ///
    /// A known field stands once, or two ends could disagree on which of several counts; only the fields `lists` may be repeated.
    mutating func each(lists: TagSet = TagSet(), _ take: (FieldSlice) throws(BodyError) -> Bool) throws(BodyError) {
        while let field = try next() {
            try once(field, lists)
            if try take(field) { taken.insert(field.tag) } else if field.isCritical { throw .unknownCriticalField(field.tag) }
        }
    }

    private func once(_ field: FieldSlice, _ lists: TagSet) throws(BodyError) {
        guard lists.contains(field.tag) || !taken.contains(field.tag) else { throw .malformed("field \(field.tag) stands there twice") }
    }
}

/// A set of tags. All that are known are below 256; what is above is not kept.
struct TagSet: Sendable {
    private var bits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init(_ tags: [UInt16] = []) { for tag in tags { insert(tag) } }

    init(_ tag: UInt16) { insert(tag) }

    func contains(_ tag: UInt16) -> Bool {
        let bit = UInt64(tag & 63)
        return switch tag >> 6 {
        case 0: bits.0 >> bit & 1 == 1
        case 1: bits.1 >> bit & 1 == 1
        case 2: bits.2 >> bit & 1 == 1
        case 3: bits.3 >> bit & 1 == 1
        default: false
        }
    }

    mutating func insert(_ tag: UInt16) {
        let mask = UInt64(1) << UInt64(tag & 63)
        switch tag >> 6 {
        case 0: bits.0 |= mask
        case 1: bits.1 |= mask
        case 2: bits.2 |= mask
        case 3: bits.3 |= mask
        default: break
        }
    }
}

extension [UInt8] {
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(_ field: FieldSlice, _ name: String) throws(BodyError) -> Value {
        guard field.range.count == Value.bitWidth / 8 else {
            throw .field(FieldError(name, .malformed("it has \(field.range.count) bytes where \(Value.bitWidth / 8) are wanted")))
        }
        return littleEndian(at: field.range.lowerBound)
    }

    func number(_ field: FieldSlice, _ name: String) throws(BodyError) -> Double { Double(bitPattern: try integer(field, name)) }

    func flag(_ field: FieldSlice, _ name: String) throws(BodyError) -> Bool {
        let value: UInt8 = try integer(field, name)
        guard value <= 1 else { throw .field(FieldError(name, .malformed("it is 0 or 1"))) }
        return value == 1
    }

    func text(_ field: FieldSlice, _ name: String) throws(BodyError) -> String {
        guard let value = String(validating: self[field.range], as: UTF8.self) else { throw .field(FieldError(name, .notText)) }
        return value
    }

    func identifier(_ field: FieldSlice, _ name: String) throws(BodyError) -> Identifier {
        guard field.range.count == Identifier.byteCount else { throw .field(FieldError(name, .malformed("an identifier has 16 bytes"))) }
        return identifier(at: field.range.lowerBound)
    }

    /// The caller has made sure that the sixteen bytes are there.
    func identifier(at start: Int) -> Identifier {
        Identifier(high: (littleEndian(at: start) as UInt64).byteSwapped, low: (littleEndian(at: start + 8) as UInt64).byteSwapped)
    }

    func identifiers(_ field: FieldSlice, _ name: String, countMax: Int) throws(BodyError) -> [Identifier] {
        guard field.range.count % Identifier.byteCount == 0 else { throw .field(FieldError(name, .malformed("an identifier has 16 bytes"))) }
        let count = field.range.count / Identifier.byteCount
        guard count <= countMax else { throw .field(FieldError(name, .tooMany(count: count, countMax: countMax))) }
        return (0..<count).map { identifier(at: field.range.lowerBound + $0 * Identifier.byteCount) }
    }

    func time(_ field: FieldSlice, _ name: String) throws(BodyError) -> Timestamp { Timestamp(microseconds: try integer(field, name)) }

    func vector(_ field: FieldSlice, _ name: String) throws(BodyError) -> [Float] {
        guard field.range.count % 4 == 0 else { throw .field(FieldError(name, .malformed("a float has 4 bytes"))) }
        let count = field.range.count / 4
        guard count <= Limits.dimensionMax else { throw .field(FieldError(name, .tooMany(count: count, countMax: Limits.dimensionMax))) }
        return RawBytes.vector(of: self, in: field.range)
    }

    func json(_ field: FieldSlice, _ name: String, bytesMax: Int) throws(BodyError) -> JSON {
        guard field.range.count <= bytesMax else { throw .field(FieldError(name, .tooLong(bytes: field.range.count, bytesMax: bytesMax))) }
        do {
            return try JSON(parsing: Array(self[field.range]))
        } catch {
            throw .field(FieldError(name, .malformed(error.description)))
        }
    }
}
