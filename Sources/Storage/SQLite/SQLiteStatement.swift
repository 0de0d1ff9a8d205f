import CSQLite
import Records

/// One prepared statement. Columns are counted from 0, parameters from 1, as SQLite does.
///
/// Belongs to the thread of its connection. What a column returns is a copy.
@safe final class SQLiteStatement {
    private let handle: OpaquePointer
    private let connection: SQLiteConnection
    /// Bound identifiers stand here, so that SQLite need not copy them.
    private let scratch: UnsafeMutableRawPointer
    private let parameterCount: Int

    private static let scratchBytes = 32

    init(_ handle: OpaquePointer, of connection: SQLiteConnection) {
        unsafe self.handle = handle
        self.connection = connection
        parameterCount = Int(unsafe sqlite3_bind_parameter_count(handle))
        unsafe scratch = .allocate(byteCount: max(1, parameterCount) * SQLiteStatement.scratchBytes, alignment: 16)
    }

    deinit {
        unsafe sqlite3_finalize(handle)
        unsafe scratch.deallocate()
    }

    // MARK: Parameters

    func bind(_ index: Int, _ value: Int64) throws(StorageError) {
        try check(unsafe sqlite3_bind_int64(handle, Int32(index), value))
    }

    func bind(_ index: Int, _ value: Double) throws(StorageError) {
        try check(unsafe sqlite3_bind_double(handle, Int32(index), value))
    }

    func bind(_ index: Int, _ value: Identifier) throws(StorageError) {
        guard (1...parameterCount).contains(index) else { throw .internalError("no parameter \(index)") }
        let place = unsafe scratch + (index - 1) * SQLiteStatement.scratchBytes
        unsafe place.storeBytes(of: value.high.bigEndian, as: UInt64.self)
        unsafe place.storeBytes(of: value.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        try check(unsafe sqlite3_bind_blob(handle, Int32(index), place, Int32(Identifier.byteCount), pinyon_sqlite_static()))
    }

    func bind(_ index: Int, _ value: String) throws(StorageError) {
        var value = value
        let code = value.withUTF8 { text in
            unsafe text.withMemoryRebound(to: CChar.self) { characters in
                unsafe sqlite3_bind_text(handle, Int32(index), characters.baseAddress, Int32(characters.count), pinyon_sqlite_transient())
            }
        }
        try check(code)
    }

    func bind(_ index: Int, _ value: [UInt8]) throws(StorageError) {
        let code = unsafe value.withUnsafeBytes { blob in
            unsafe sqlite3_bind_blob(handle, Int32(index), blob.baseAddress, Int32(blob.count), pinyon_sqlite_transient())
        }
        try check(code)
    }

    /// All columns of the row to the first parameters, and its checksum to the one after them. The row must stay as it is until `reset()`.
    func bind(_ row: RowEncoder) throws(StorageError) {
        let columns = row.columns
        guard columns.count + 1 == parameterCount else { throw .internalError("a row of \(columns.count) columns for \(parameterCount) parameters") }
        for position in columns.indices {
            let column = columns[position]
            let index = Int32(position + 1)
            let code: Int32
            switch column.form {
            case .null: code = unsafe sqlite3_bind_null(handle, index)
            case .integer: code = unsafe sqlite3_bind_int64(handle, index, row.integer(column))
            case .real: code = unsafe sqlite3_bind_double(handle, index, row.real(column))
            case .text:
                let text = unsafe row.payload(column).assumingMemoryBound(to: CChar.self)
                code = unsafe sqlite3_bind_text(handle, index, text.baseAddress, Int32(text.count), pinyon_sqlite_static())
            case .blob:
                let blob = unsafe row.payload(column)
                code = unsafe sqlite3_bind_blob(handle, index, blob.baseAddress, Int32(blob.count), pinyon_sqlite_static())
            }
            try check(code)
        }
        try bind(parameterCount, Int64(row.checksum))
    }

    private func check(_ code: Int32) throws(StorageError) {
        guard code == SQLITE_OK else { throw connection.error(code) }
    }

    // MARK: Running

    /// True when there is a row to read. After an error the statement is reset.
    func step() throws(StorageError) -> Bool {
        switch unsafe sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code:
            let error = connection.error(code)
            reset()
            throw error
        }
    }

    /// Runs a statement that gives no rows, and resets it.
    func run() throws(StorageError) {
        if try step() { reset(); throw .internalError("a statement gave a row where none was expected") }
        reset()
    }

    /// Which constraint refused it; nil when the statement was carried out. Resets it.
    func runUnlessRefused() throws(StorageError) -> RowRefusal? {
        let code = unsafe sqlite3_step(handle)
        defer { reset() }
        if code == SQLITE_DONE { return nil }
        let error = connection.error(code)
        guard let constraint = RowRefusal(code: code, message: error.description) else { throw error }
        return constraint
    }

    func reset() { _ = unsafe sqlite3_reset(handle) }

    // MARK: Columns

    func isNull(_ column: Int) -> Bool { unsafe sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

    func integer(_ column: Int) -> Int64 { unsafe sqlite3_column_int64(handle, Int32(column)) }

    func real(_ column: Int) -> Double { unsafe sqlite3_column_double(handle, Int32(column)) }

    func text(_ column: Int) -> String { unsafe String(decoding: textBytes(column), as: UTF8.self) }

    func blob(_ column: Int) -> [UInt8] { unsafe Array(blobBytes(column)) }

    func identifier(_ column: Int) -> Identifier? {
        let bytes = unsafe blobBytes(column)
        guard bytes.count == Identifier.byteCount else { return nil }
        return unsafe Identifier(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    func timestamp(_ column: Int) -> Timestamp? { isNull(column) ? nil : Timestamp(microseconds: integer(column)) }

    /// From pgvector's binary form; nil when it is not of that form.
    func vector(_ column: Int) -> [Float]? {
        let bytes = unsafe blobBytes(column)
        guard bytes.count >= 4 else { return nil }
        let dimension = Int(UInt16(bigEndian: unsafe bytes.loadUnaligned(as: UInt16.self)))
        guard unsafe bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self) == 0, bytes.count == 4 + 4 * dimension else { return nil }
        return unsafe [Float](unsafeUninitializedCapacity: dimension) { floats, count in
            for index in 0..<dimension {
                let bits = unsafe UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4 + 4 * index, as: UInt32.self))
                unsafe floats[index] = Float(bitPattern: bits)
            }
            count = dimension
        }
    }

    /// Whether the row of `table` now stepped to, read with `Table.selection`, matches its checksum, and stores each value in its proper form.
    func isIntact(_ table: Table, columnCount: Int) -> Bool {
        unsafe sqlite3_column_type(handle, Int32(columnCount)) == SQLITE_INTEGER && integer(columnCount) == Int64(checksum(table, columnCount: columnCount).value)
    }

    /// Over the first columns.
    func checksum(_ table: Table, columnCount: Int) -> RowChecksum {
        var checksum = RowChecksum(table)
        for column in 0..<columnCount {
            switch unsafe sqlite3_column_type(handle, Int32(column)) {
            case SQLITE_INTEGER: checksum.add(integer(column))
            case SQLITE_FLOAT: checksum.add(real(column))
            case SQLITE_TEXT: unsafe checksum.add(.text, textBytes(column))
            case SQLITE_BLOB: unsafe checksum.add(.blob, blobBytes(column))
            default: checksum.addNull()
            }
        }
        return checksum
    }

    /// What names the row in reports: identifiers as such, everything else as it prints.
    func place(identityCount: Int) -> String {
        (0..<identityCount).map { column in
            switch unsafe sqlite3_column_type(handle, Int32(column)) {
            case SQLITE_BLOB: identifier(column)?.description ?? hexadecimal(blob(column))
            case SQLITE_NULL: "null"
            default: text(column)
            }
        }.joined(separator: "/")
    }

    private func textBytes(_ column: Int) -> UnsafeRawBufferPointer {
        let start = unsafe sqlite3_column_text(handle, Int32(column))
        return unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, Int32(column))))
    }

    private func blobBytes(_ column: Int) -> UnsafeRawBufferPointer {
        let start = unsafe sqlite3_column_blob(handle, Int32(column))
        return unsafe UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, Int32(column))))
    }
}

extension RowRefusal {
    init?(code: Int32, message: String) {
        guard code & 0xFF == SQLITE_CONSTRAINT else { return nil }
        // The extended codes are macros with arithmetic, which Swift does not import.
        switch code >> 8 {
        case 6, 8, 10: self = .unique
        case 3: self = .foreignKey
        default: self = .other(message)
        }
    }
}
