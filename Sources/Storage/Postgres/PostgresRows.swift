import CPostgres
import Records

/// What a statement gave, in PostgreSQL's binary forms. What is read of it is a copy; what has not the form that was asked for is nil.
@safe final class PostgresRows {
    /// What libpq holds; otherwise they were copied.
    private let answer: OpaquePointer?
    /// One row behind the other as COPY sends them, and where each of their fields begins, and ends; both -1 for NULL.
    private let copy: UnsafeMutableRawPointer?
    private let places: [(start: Int, end: Int)]
    private let columns: Int
    let count: Int
    /// Rows that a statement wrote.
    let written: Int

    init(_ handle: OpaquePointer) {
        unsafe answer = handle
        unsafe copy = nil
        places = []
        columns = 0
        count = Int(unsafe PQntuples(handle))
        written = Int(unsafe String(cString: PQcmdTuples(handle))) ?? 0
    }

    /// Nil where that is not rows of so many columns.
    init?(copied bytes: [UInt8], count: Int, columns: Int) {
        var places: [(start: Int, end: Int)] = []
        places.reserveCapacity(count * columns)
        var place = 0
        let isWhole = unsafe bytes.withUnsafeBytes { bytes in
            for _ in 0..<count {
                guard place + 2 <= bytes.count, Int(Int16(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: place, as: Int16.self))) == columns else { return false }
                place += 2
                for _ in 0..<columns {
                    guard place + 4 <= bytes.count else { return false }
                    let length = Int(Int32(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)))
                    place += 4
                    guard length >= 0 else {
                        places.append((-1, -1))
                        continue
                    }
                    guard place + length <= bytes.count else { return false }
                    places.append((place, place + length))
                    place += length
                }
            }
            return true
        }
        guard isWhole else { return nil }
        unsafe answer = nil
        let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 8)
        unsafe copy.copyMemory(from: bytes, byteCount: bytes.count)
        unsafe self.copy = copy
        self.places = places
        self.columns = columns
        self.count = count
        written = 0
    }

    deinit {
        unsafe PQclear(answer)
        unsafe copy?.deallocate()
    }

    func isNull(_ row: Int, _ column: Int) -> Bool {
        guard let answer = unsafe answer else { return places[row * columns + column].start < 0 }
        return unsafe PQgetisnull(answer, Int32(row), Int32(column)) == 1
    }

    private func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        guard let answer = unsafe answer else {
            let (start, end) = places[row * columns + column]
            return unsafe UnsafeRawBufferPointer(start: copy.map { unsafe $0 + max(0, start) }, count: end - start)
        }
        let length = Int(unsafe PQgetlength(answer, Int32(row), Int32(column)))
        return unsafe UnsafeRawBufferPointer(start: PQgetvalue(answer, Int32(row), Int32(column)), count: length)
    }

    func flag(_ row: Int, _ column: Int) -> Bool? {
        let bytes = unsafe bytes(row, column)
        return unsafe bytes.count == 1 ? bytes[0] != 0 : nil
    }

    /// Of eight, four or two bytes.
    func integer(_ row: Int, _ column: Int) -> Int64? {
        let bytes = unsafe bytes(row, column)
        switch bytes.count {
        case 8: return unsafe Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case 4: return Int64(Int32(bigEndian: unsafe bytes.loadUnaligned(as: Int32.self)))
        case 2: return Int64(Int16(bigEndian: unsafe bytes.loadUnaligned(as: Int16.self)))
        default: return nil
        }
    }

    func number(_ row: Int, _ column: Int) -> Double? { integer(row, column).map { Double(bitPattern: UInt64(bitPattern: $0)) } }

    func text(_ row: Int, _ column: Int) -> String { unsafe String(decoding: bytes(row, column), as: UTF8.self) }

    func blob(_ row: Int, _ column: Int) -> [UInt8] { unsafe Array(bytes(row, column)) }

    func identifier(_ row: Int, _ column: Int) -> Identifier? {
        let bytes = unsafe bytes(row, column)
        guard bytes.count == Identifier.byteCount else { return nil }
        return unsafe Identifier(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)), low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    func time(_ row: Int, _ column: Int) -> Timestamp? {
        guard !isNull(row, column), let microseconds = integer(row, column) else { return nil }
        // `infinity` and its like stay the farthest there is.
        let (sum, overflow) = microseconds.addingReportingOverflow(PostgresParameters.epoch)
        return Timestamp(microseconds: overflow ? (microseconds < 0 ? .min : .max) : sum)
    }

    func json(_ row: Int, _ column: Int) -> JSON? {
        let bytes = unsafe bytes(row, column)
        guard unsafe bytes.first == PostgresParameters.jsonVersion else { return nil }
        return unsafe try? JSON(stored: String(decoding: bytes.dropFirst(), as: UTF8.self))
    }

    func vector(_ row: Int, _ column: Int) -> [Float]? {
        let bytes = unsafe bytes(row, column)
        guard bytes.count >= 4 else { return nil }
        let dimension = Int(UInt16(bigEndian: unsafe bytes.loadUnaligned(as: UInt16.self)))
        guard bytes.count == 4 + 4 * dimension else { return nil }
        return unsafe [Float](unsafeUninitializedCapacity: dimension) { floats, count in
            for index in 0..<dimension {
                unsafe floats[index] = Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * index, as: UInt32.self)))
            }
            count = dimension
        }
    }

    func texts(_ row: Int, _ column: Int) -> [String]? { unsafe list(row, column) { element in unsafe String(decoding: element, as: UTF8.self) } }

    /// Of an array of four-byte numbers; one that is NULL is none.
    func floats(_ row: Int, _ column: Int) -> [Float]? {
        unsafe list(row, column, nullAs: .nan) { element in
            element.count == 4 ? Float(bitPattern: UInt32(bigEndian: unsafe element.loadUnaligned(as: UInt32.self))) : nil
        }
    }

    /// The elements of an array of at most one dimension. Without something that stands for it, none may be NULL.
    private func list<Element>(_ row: Int, _ column: Int, nullAs null: Element? = nil, _ read: (UnsafeRawBufferPointer) -> Element?) -> [Element]? {
        let bytes = unsafe bytes(row, column)
        var place = 0
        func next() -> Int? {
            guard place + 4 <= bytes.count else { return nil }
            defer { place += 4 }
            return Int(Int32(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: place, as: Int32.self)))
        }
        guard let dimensions = next(), dimensions <= 1, next() != nil, next() != nil else { return nil }
        guard dimensions == 1 else { return [] }
        guard let count = next(), count >= 0, next() != nil else { return nil }
        var elements: [Element] = []
        for _ in 0..<count {
            guard let length = next(), length >= -1, place + max(0, length) <= bytes.count else { return nil }
            guard let element = length < 0 ? null : unsafe read(UnsafeRawBufferPointer(rebasing: bytes[place..<(place + length)])) else { return nil }
            elements.append(element)
            place += max(0, length)
        }
        return elements
    }

    func value(_ row: Int, _ column: Int, _ type: ValueType) -> Value? {
        switch type {
        case .flag: flag(row, column).map { .flag($0) }
        case .integer: integer(row, column).map { .integer($0) }
        case .number: number(row, column).map { .number($0) }
        case .text, .choice: .text(text(row, column))
        case .identifier: identifier(row, column).map { .identifier($0) }
        case .time: time(row, column).map { .time($0) }
        case .texts: texts(row, column).map { .texts($0) }
        case .object, .list: json(row, column).map { .json($0) }
        case .bytes: .bytes(blob(row, column))
        case .vector: vector(row, column).map { .vector($0) }
        }
    }
}
