public import Records

/// A filter on the wire: a tree in preorder, its parts packed without padding. docs/PROTOCOL.md has the grammar.
enum FilterCode {
    static let equals: UInt8 = 1
    static let anyOf: UInt8 = 2
    static let allOf: UInt8 = 3
    static let range: UInt8 = 4
    static let exists: UInt8 = 5
    static let and: UInt8 = 6
    static let or: UInt8 = 7
    static let not: UInt8 = 8

    static let hasLower: UInt8 = 1
    static let lowerIsIncluded: UInt8 = 2
    static let hasUpper: UInt8 = 4
    static let upperIsIncluded: UInt8 = 8

    static let bool: UInt8 = 1
    static let integer: UInt8 = 2
    static let number: UInt8 = 3
    static let text: UInt8 = 4
    static let identifier: UInt8 = 5
    static let time: UInt8 = 6
}

extension FieldWriter {
    mutating func filter(_ filter: Filter) {
        switch filter {
        case .equals(let field, let value):
            bytes.append(FilterCode.equals)
            filterField(field)
            scalar(value)
        case .anyOf(let field, let values):
            bytes.append(FilterCode.anyOf)
            filterField(field)
            scalars(values)
        case .allOf(let field, let values):
            bytes.append(FilterCode.allOf)
            filterField(field)
            scalars(values)
        case .range(let field, let bounds):
            bytes.append(FilterCode.range)
            filterField(field)
            filterBounds(bounds)
        case .exists(let field):
            bytes.append(FilterCode.exists)
            filterField(field)
        case .and(let parts):
            bytes.append(FilterCode.and)
            filters(parts)
        case .or(let parts):
            bytes.append(FilterCode.or)
            filters(parts)
        case .not(let part):
            bytes.append(FilterCode.not)
            self.filter(part)
        }
    }

    private mutating func filters(_ parts: [Filter]) {
        bytes.append(littleEndian: UInt32(clamping: parts.count))
        for part in parts { filter(part) }
    }

    private mutating func filterBounds(_ bounds: Filter.Bounds) {
        var flags: UInt8 = 0
        if bounds.lower != nil { flags |= FilterCode.hasLower }
        if bounds.lowerIsIncluded { flags |= FilterCode.lowerIsIncluded }
        if bounds.upper != nil { flags |= FilterCode.hasUpper }
        if bounds.upperIsIncluded { flags |= FilterCode.upperIsIncluded }
        bytes.append(flags)
        if let lower = bounds.lower { scalar(lower) }
        if let upper = bounds.upper { scalar(upper) }
    }

    private mutating func filterField(_ field: Field) {
        let parts =
            switch field {
            case .metadata(let path): ["metadata"] + path
            case .plain(let plain): [plain.name]
            }
        bytes.append(UInt8(clamping: parts.count))
        for part in parts {
            bytes.append(littleEndian: UInt16(clamping: part.utf8.count))
            bytes.append(contentsOf: part.utf8)
        }
    }

    private mutating func scalars(_ values: [Scalar]) {
        bytes.append(littleEndian: UInt32(clamping: values.count))
        for value in values { scalar(value) }
    }

    private mutating func scalar(_ value: Scalar) {
        switch value {
        case .bool(let value):
            bytes.append(FilterCode.bool)
            bytes.append(value ? 1 : 0)
        case .integer(let value):
            bytes.append(FilterCode.integer)
            bytes.append(littleEndian: value)
        case .number(let value):
            bytes.append(FilterCode.number)
            bytes.append(littleEndian: value.bitPattern)
        case .text(let value):
            bytes.append(FilterCode.text)
            bytes.append(littleEndian: UInt32(clamping: value.utf8.count))
            bytes.append(contentsOf: value.utf8)
        case .identifier(let value):
            bytes.append(FilterCode.identifier)
            raw(value)
        case .time(let value):
            bytes.append(FilterCode.time)
            bytes.append(littleEndian: value.microseconds)
        }
    }
}

/// Reads a filter; every count is compared with what is left before anything is allocated.
public struct FilterReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    private let kind: Kind
    private var nodes = 0

    init(_ bytes: [UInt8], in range: Range<Int>, on kind: Kind) {
        self.bytes = bytes
        self.kind = kind
        position = range.lowerBound
        end = range.upperBound
    }

    /// The whole of `bytes` as one filter over rows of that kind, checked.
    public static func read(_ bytes: [UInt8], on kind: Kind = .memory) throws(BodyError) -> Filter { try read(bytes, in: 0..<bytes.count, on: kind) }

    static func read(_ bytes: [UInt8], in range: Range<Int>, on kind: Kind) throws(BodyError) -> Filter {
        var reader = FilterReader(bytes, in: range, on: kind)
        let filter = try reader.node(depth: 1)
        guard reader.position == reader.end else { throw reader.malformed("bytes follow the filter") }
        do { try filter.check(on: kind) } catch { throw .field(error) }
        return filter
    }

    private func malformed(_ why: String) -> BodyError { .field(FieldError("filter", .malformed("\(why), at byte \(position) of the body"))) }

    private mutating func node(depth: Int) throws(BodyError) -> Filter {
        guard depth <= Limits.filterDepthMax else { throw .field(FieldError("filter", .tooDeep(depthMax: Limits.filterDepthMax))) }
        nodes += 1
        guard nodes <= Limits.filterNodesMax else { throw .field(FieldError("filter", .tooMany(count: nodes, countMax: Limits.filterNodesMax))) }
        switch try byte() {
        case FilterCode.equals: return .equals(try field(), try scalar())
        case FilterCode.anyOf: return .anyOf(try field(), try scalars())
        case FilterCode.allOf: return .allOf(try field(), try scalars())
        case FilterCode.range: return .range(try field(), try bounds())
        case FilterCode.exists: return .exists(try field())
        case FilterCode.and: return .and(try children(depth: depth))
        case FilterCode.or: return .or(try children(depth: depth))
        case FilterCode.not: return .not(try node(depth: depth + 1))
        case let code: throw malformed("\(code) is no node")
        }
    }

    private mutating func children(depth: Int) throws(BodyError) -> [Filter] {
        let count = try count(most: Limits.filterNodesMax)
        var parts: [Filter] = []
        for _ in 0..<count { parts.append(try node(depth: depth + 1)) }
        return parts
    }

    private mutating func bounds() throws(BodyError) -> Filter.Bounds {
        let flags = try byte()
        guard flags < 16 else { throw malformed("unknown flags of a range") }
        let lower = flags & FilterCode.hasLower != 0 ? try scalar() : nil
        let upper = flags & FilterCode.hasUpper != 0 ? try scalar() : nil
        return Filter.Bounds(
            lower: lower, lowerIsIncluded: flags & FilterCode.lowerIsIncluded != 0, upper: upper,
            upperIsIncluded: flags & FilterCode.upperIsIncluded != 0)
    }

    private mutating func field() throws(BodyError) -> Field {
        let count = Int(try byte())
        guard (1...Limits.filterPathMax + 1).contains(count) else { throw malformed("a field has 1 to \(Limits.filterPathMax + 1) parts") }
        var parts: [String] = []
        for _ in 0..<count { parts.append(try text(count: Int(try integer() as UInt16))) }
        if count == 1, let field = RecordField(name: parts[0]), field != .metadata { return .plain(field) }
        if count > 1, parts[0] == "metadata" { return .metadata(Array(parts.dropFirst())) }
        throw .field(FieldError("filter.\(parts.joined(separator: "."))", .unknown(known: Field.names(of: kind))))
    }

    private mutating func scalars() throws(BodyError) -> [Scalar] {
        let count = try count(most: Limits.filterValuesMax)
        var values: [Scalar] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(try scalar()) }
        return values
    }

    private mutating func scalar() throws(BodyError) -> Scalar {
        switch try byte() {
        case FilterCode.bool:
            let value = try byte()
            guard value <= 1 else { throw malformed("a truth value is 0 or 1") }
            return .bool(value == 1)
        case FilterCode.integer: return .integer(try integer())
        case FilterCode.number: return .number(Double(bitPattern: try integer()))
        case FilterCode.text: return .text(try text(count: Int(try integer() as UInt32)))
        case FilterCode.identifier:
            try need(Identifier.byteCount)
            defer { position += Identifier.byteCount }
            return .identifier(bytes.identifier(at: position))
        case FilterCode.time: return .time(Timestamp(microseconds: try integer()))
        case let code: throw malformed("\(code) is no kind of value")
        }
    }

    /// Each of the things counted takes at least one byte.
    private mutating func count(most: Int) throws(BodyError) -> Int {
        let count = Int(try integer() as UInt32)
        guard count <= most else { throw .field(FieldError("filter", .tooMany(count: count, countMax: most))) }
        try need(count)
        return count
    }

    private func need(_ count: Int) throws(BodyError) {
        guard count <= end - position else { throw malformed("the filter is cut short") }
    }

    private mutating func byte() throws(BodyError) -> UInt8 {
        try need(1)
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>() throws(BodyError) -> Value {
        try need(Value.bitWidth / 8)
        defer { position += Value.bitWidth / 8 }
        return bytes.littleEndian(at: position)
    }

    private mutating func text(count: Int) throws(BodyError) -> String {
        try need(count)
        guard let value = String(validating: bytes[position..<position + count], as: UTF8.self) else {
            throw .field(FieldError("filter", .notText))
        }
        position += count
        return value
    }
}
