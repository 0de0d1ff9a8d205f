import CSQLite
import Dispatch

/// What SQLite itself does with the rows that the server wrote: the same table, indexes and settings, prepared statement, 100 rows a commit, one thread, nothing else.
enum SQLitePeer {
    static let rowsPerCommit = 100

    /// Rows per second, from all rows of the server's table read into memory first.
    static func run(source: String, target: String) throws -> Double {
        let from = try Database(source)
        let to = try Database(target)
        if case .integer(let bytes)? = try from.rows("PRAGMA page_size").first?.first { try to.execute("PRAGMA page_size=\(bytes)") }
        try to.execute("PRAGMA journal_mode=WAL")
        try to.execute("PRAGMA synchronous=FULL")
        try to.execute("PRAGMA secure_delete=ON")
        for row in try from.rows("SELECT sql FROM sqlite_master WHERE tbl_name = 'agent_memories' AND sql IS NOT NULL AND type IN ('table', 'index')") {
            guard case .text(let sql) = row[0] else { continue }
            try to.execute(sql)
        }
        let rows = try from.rows("SELECT * FROM agent_memories LIMIT 50000")
        guard let width = rows.first?.count else { throw BenchError("the server wrote no rows") }
        let statement = try to.prepare("INSERT INTO agent_memories VALUES (\(Array(repeating: "?", count: width).joined(separator: ",")))")
        let start = DispatchTime.now().uptimeNanoseconds
        for (number, row) in rows.enumerated() {
            if number % rowsPerCommit == 0 { try to.execute(number == 0 ? "BEGIN IMMEDIATE" : "COMMIT; BEGIN IMMEDIATE") }
            try statement.insert(row)
        }
        try to.execute("COMMIT")
        return Double(rows.count) / (Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
    }

    enum Value {
        case null
        case integer(Int64)
        case number(Double)
        case text(String)
        case blob([UInt8])
    }

    @safe final class Database {
        private var handle: OpaquePointer?

        init(_ path: String) throws {
            guard unsafe sqlite3_open(path, &handle) == SQLITE_OK else { throw BenchError("cannot open \(path)") }
        }

        deinit { unsafe sqlite3_close_v2(handle) }

        func execute(_ sql: String) throws {
            guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw BenchError(unsafe String(cString: sqlite3_errmsg(handle))) }
        }

        func prepare(_ sql: String) throws -> Statement {
            var statement: OpaquePointer?
            guard unsafe sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK else {
                throw BenchError(unsafe String(cString: sqlite3_errmsg(handle)))
            }
            return unsafe Statement(statement)
        }

        func rows(_ sql: String) throws -> [[Value]] {
            let statement = try prepare(sql)
            var rows: [[Value]] = []
            while let row = statement.next() { rows.append(row) }
            return rows
        }
    }

    @safe final class Statement {
        private let handle: OpaquePointer?

        init(_ handle: OpaquePointer?) { unsafe self.handle = handle }

        deinit { unsafe sqlite3_finalize(handle) }

        func next() -> [Value]? {
            guard unsafe sqlite3_step(handle) == SQLITE_ROW else { return nil }
            return (0..<(unsafe sqlite3_column_count(handle))).map { column in
                switch unsafe sqlite3_column_type(handle, column) {
                case SQLITE_INTEGER: return unsafe .integer(sqlite3_column_int64(handle, column))
                case SQLITE_FLOAT: return unsafe .number(sqlite3_column_double(handle, column))
                case SQLITE_TEXT: return unsafe .text(String(cString: sqlite3_column_text(handle, column)))
                case SQLITE_BLOB:
                    let count = unsafe Int(sqlite3_column_bytes(handle, column))
                    return unsafe .blob(Array(UnsafeRawBufferPointer(start: sqlite3_column_blob(handle, column), count: count)))
                default: return .null
                }
            }
        }

        func insert(_ row: [Value]) throws {
            // SQLite copies what it is given: -1 is SQLITE_TRANSIENT.
            let transient = unsafe unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            for (index, value) in row.enumerated() {
                let column = Int32(index + 1)
                switch value {
                case .null: unsafe sqlite3_bind_null(handle, column)
                case .integer(let value): unsafe sqlite3_bind_int64(handle, column, value)
                case .number(let value): unsafe sqlite3_bind_double(handle, column, value)
                case .text(let value): unsafe sqlite3_bind_text(handle, column, value, -1, transient)
                case .blob(let value): unsafe sqlite3_bind_blob(handle, column, value, Int32(value.count), transient)
                }
            }
            guard unsafe sqlite3_step(handle) == SQLITE_DONE else { throw BenchError("SQLite refuses a row") }
            unsafe sqlite3_reset(handle)
        }
    }
}
