import CSQLite

/// One connection to one database file. Belongs to one thread at a time: SQLite's own locks are off.
///
/// It stays open until its last statement is gone.
@safe final class SQLiteConnection {
    enum Mode {
        case readWrite
        case readOnly
        /// A database of its own, in memory.
        case inMemory
    }

    let path: String
    private let handle: OpaquePointer
    /// How many pages the write-ahead log had after the last commit, once they are counted.
    private(set) var logPages = 0

    init(path: String, _ mode: Mode) throws(StorageError) {
        let flags =
            switch mode {
            case .readWrite, .inMemory: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
            case .readOnly: SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX
            }
        let name =
            switch mode {
            case .readWrite, .readOnly: path
            case .inMemory: ":memory:"
            }
        // Only what writes to a file needs the layer that clears what deletions leave behind.
        let layer: String? =
            switch mode {
            case .readWrite: "pinyon"
            case .readOnly, .inMemory: nil
            }
        guard SQLiteConnection.layerCode == SQLITE_OK else { throw .internalError("SQLite took no file layer (\(SQLiteConnection.layerCode))") }
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(name, &opened, flags, layer)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let message = unsafe opened.map { unsafe SQLiteConnection.message($0) } ?? "out of memory"
            unsafe sqlite3_close_v2(opened)
            throw StorageError(code: code, message: message, path: path)
        }
        unsafe handle = opened
        self.path = path
        _ = unsafe sqlite3_extended_result_codes(handle, 1)
        _ = unsafe sqlite3_busy_timeout(handle, SQLiteConnection.busyMilliseconds)
        try execute("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0")
    }

    deinit { unsafe sqlite3_close_v2(handle) }

    private static let layerCode = pinyon_scrub_register()

    /// How long a statement waits for another process, a backup or a shell, that holds the file.
    static let busyMilliseconds: Int32 = 5_000

    /// Counts the log's pages from here on. SQLite then copies the log into the database file no more by itself.
    func countLogPages() {
        unsafe sqlite3_wal_hook(
            handle,
            { context, _, _, pages in
                guard let context = unsafe context else { return SQLITE_OK }
                unsafe Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue().logPages = Int(pages)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Runs statements one after another and drops the rows they give.
    func execute(_ sql: String) throws(StorageError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    func prepare(_ sql: String) throws(StorageError) -> SQLiteStatement {
        var prepared: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared = unsafe prepared else { throw error(code) }
        return unsafe SQLiteStatement(prepared, of: self)
    }

    /// The first column of the first row.
    func integer(_ sql: String) throws(StorageError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : nil
    }

    /// The first column of every row.
    func texts(_ sql: String) throws(StorageError) -> [String] {
        let statement = try prepare(sql)
        var result: [String] = []
        while try statement.step() { result.append(statement.text(0)) }
        return result
    }

    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Undoes an open transaction, if SQLite has not done so itself.
    func rollBack() throws(StorageError) {
        if isInTransaction { try execute("ROLLBACK") }
    }

    func error(_ code: Int32) -> StorageError {
        StorageError(code: code, message: unsafe SQLiteConnection.message(handle), path: path)
    }

    private static func message(_ handle: OpaquePointer) -> String {
        guard let text = unsafe sqlite3_errmsg(handle) else { return "no message" }
        return unsafe String(cString: text)
    }
}

extension StorageError {
    init(code: Int32, message: String, path: String) {
        switch code & 0xFF {
        case SQLITE_FULL: self = .full
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: self = .corruptFile(path: path, detail: message)
        case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_PROTOCOL, SQLITE_NOMEM, SQLITE_NOLFS:
            self = .unavailable("\(message) (\(code))")
        default: self = .internalError("\(message) (\(code))")
        }
    }
}
