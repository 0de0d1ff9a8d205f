import Records

/// The parameters of one statement, in PostgreSQL's binary forms.
struct PostgresParameters {
    /// One behind the other, and one more, so that what is empty has a place too.
    private(set) var bytes: [UInt8] = [0]
    /// Nil for NULL.
    private(set) var places: [Range<Int>?] = []

    init() {}

    mutating func addNull() { places.append(nil) }

    mutating func add(_ value: Bool) { add([value ? 1 : 0]) }

    mutating func add(_ value: Int64) {
        let start = open()
        put(UInt64(bitPattern: value))
        close(start)
    }

    mutating func add(_ value: Double) {
        let start = open()
        put(value.bitPattern)
        close(start)
    }

    mutating func add(_ value: String) {
        let start = open()
        bytes.append(contentsOf: value.utf8)
        close(start)
    }

    mutating func add(_ value: [UInt8]) {
        let start = open()
        bytes.append(contentsOf: value)
        close(start)
    }

    mutating func add(_ value: Identifier) {
        let start = open()
        put(value.high)
        put(value.low)
        close(start)
    }

    mutating func add(_ value: Timestamp) { add(value.microseconds - PostgresParameters.epoch) }

    /// As `text[]`.
    mutating func add(_ texts: [String]) {
        add(texts, PostgresParameters.textType) { parameters, text in
            parameters.put(UInt32(text.utf8.count))
            parameters.bytes.append(contentsOf: text.utf8)
        }
    }

    /// As `uuid[]`.
    mutating func add(_ identifiers: [Identifier]) {
        add(identifiers, PostgresParameters.identifierType) { parameters, id in
            parameters.put(UInt32(Identifier.byteCount))
            parameters.put(id.high)
            parameters.put(id.low)
        }
    }

    private mutating func add<Element>(_ elements: [Element], _ type: UInt32, _ put: (inout PostgresParameters, Element) -> Void) {
        let start = open()
        self.put(UInt32(elements.isEmpty ? 0 : 1))
        self.put(0 as UInt32)
        self.put(type)
        if !elements.isEmpty {
            self.put(UInt32(elements.count))
            self.put(1 as UInt32)
        }
        for element in elements { put(&self, element) }
        close(start)
    }

    /// Rows as an array of a table's row type; `places` says for each of its columns which parameter of a row it takes, if any.
    mutating func add(_ rows: [PostgresParameters], as layout: PostgresLayout, _ places: [Int?]) {
        add(rows, layout.rowType) { parameters, row in
            let start = parameters.bytes.count
            parameters.put(0 as UInt32)
            parameters.put(UInt32(layout.columns.count))
            for (column, place) in zip(layout.columns, places) {
                parameters.put(column.type)
                guard let range = place.flatMap({ row.places[$0] }) else {
                    parameters.put(UInt32.max)
                    continue
                }
                parameters.put(UInt32(range.count))
                parameters.bytes.append(contentsOf: row.bytes[range])
            }
            let count = UInt32(parameters.bytes.count - start - 4)
            for byte in 0..<4 { parameters.bytes[start + byte] = UInt8(truncatingIfNeeded: count >> UInt32(24 - 8 * byte)) }
        }
    }

    mutating func add(_ json: JSON) {
        let start = open()
        bytes.append(PostgresParameters.jsonVersion)
        bytes.append(contentsOf: json.description.utf8)
        close(start)
    }

    /// As pgvector has it: the dimension, two bytes of nothing, the numbers.
    mutating func add(vector: [Float]) {
        let start = open()
        put(UInt32(vector.count) << 16)
        let place = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 4 * vector.count))
        var span = bytes.mutableSpan
        var raw = unsafe span.mutableBytes
        for index in vector.indices { raw.storeBytes(of: vector[index].bitPattern.bigEndian, toByteOffset: place + 4 * index, as: UInt32.self) }
        close(start)
    }

    mutating func add(_ value: Identifier?) { if let value { add(value) } else { addNull() } }
    mutating func add(_ value: Timestamp?) { if let value { add(value) } else { addNull() } }

    mutating func add(_ value: Value?) {
        switch value {
        case nil: addNull()
        case .flag(let flag)?: add(flag)
        case .integer(let integer)?: add(integer)
        case .number(let number)?: add(number)
        case .text(let text)?: add(text)
        case .identifier(let id)?: add(id)
        case .time(let time)?: add(time)
        case .texts(let texts)?: add(texts)
        case .json(let json)?: add(json)
        case .bytes(let bytes)?: add(bytes)
        case .vector(let vector)?: add(vector: vector)
        }
    }

    /// 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
    static let epoch: Int64 = 946_684_800_000_000
    private static let textType: UInt32 = 25
    private static let identifierType: UInt32 = 2950
    static let jsonVersion: UInt8 = 1

    private func open() -> Int { bytes.count - 1 }

    private mutating func put(_ value: some FixedWidthInteger) {
        for shift in stride(from: type(of: value).bitWidth - 8, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    private mutating func close(_ start: Int) {
        // The byte that stood behind all stands in front of this one now.
        bytes.append(0)
        places.append((start + 1)..<(bytes.count - 1))
    }
}
