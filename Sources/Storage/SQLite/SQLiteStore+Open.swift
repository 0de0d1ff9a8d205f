extension SQLiteStore {
    /// Opens the directory's database, or makes it; brings its schema up to date; refuses it when it is damaged, newer or another program's.
    ///
    /// The store then owns the directory and closes it in `close()`. When it throws, the directory stays open and is the caller's.
    public static func open(
        _ directory: DataDirectory, configuration: SQLiteConfiguration = SQLiteConfiguration()
    ) throws(StorageError) -> SQLiteStore {
        guard directory.isOpen else { throw .closed }
        var notes: [String] = []
        switch try WriteAheadLog.examine(directory.logPath) {
        case .sound: break
        case .torn(let frames):
            notes.append("the write-ahead log ended in \(frames) frames of an unfinished commit, which were dropped")
        case .damaged(let detail): throw .corruptFile(path: directory.logPath, detail: detail)
        }
        let connection = try connect(directory, configuration)
        try check(connection, directory, configuration)
        try SQLiteSchema.migrate(connection, to: Migrations.latest)
        let checkpoints = try Checkpoints(path: directory.databasePath, configuration)
        let writer = Writer(try SQLiteSession(connection, directory, checkpoints))
        try check(writer.session.lastChange, acknowledged: directory)
        var readers: [any ReadSession] = []
        for _ in 0..<readerCount { readers.append(try ReadConnection(path: directory.databasePath)) }
        let reads = ReadQueue(readers, countMax: configuration.waitingReadsMax)
        connection.countLogPages()
        let writes = WriteQueue(writer, configuration.writeLimits)
        return SQLiteStore(directory, writes: writes, reads: reads, notes: notes)
    }

    /// The latest version of the schema that this program knows.
    public static var schemaVersionMax: Int { Migrations.latest }

    public static var schemaSteps: [SchemaStep] { Migrations.all.map { SchemaStep(version: $0.number, name: $0.name, up: $0.up, down: $0.down) } }

    /// The version of the schema in a data directory, also while a server runs on it.
    public static func schemaVersion(in path: String) throws(StorageError) -> Int {
        guard try ReadOnlyFile.open(path + "/pinyon.db") != nil else { throw .unavailable("there is no database in \(path)") }
        return try SQLiteSchema.version(of: try SQLiteConnection(path: path + "/pinyon.db", .readOnly))
    }

    /// Moves the directory's database to a version of the schema, up or down, and returns the version that it had.
    ///
    /// Down drops the tables of the steps that are undone, with all that is in them. No store may be open on the directory.
    public static func migrate(
        _ directory: DataDirectory, to version: Int, configuration: SQLiteConfiguration = SQLiteConfiguration()
    ) throws(StorageError) -> Int {
        guard directory.isOpen else { throw .closed }
        if case .damaged(let detail) = try WriteAheadLog.examine(directory.logPath) {
            throw .corruptFile(path: directory.logPath, detail: detail)
        }
        let connection = try connect(directory, configuration)
        try check(connection, directory, configuration)
        let before = try SQLiteSchema.version(of: connection)
        // The change sequence begins anew on the way up again.
        if version < before { directory.forgetAcknowledged() }
        try SQLiteSchema.migrate(connection, to: version)
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return before
    }

    private static func connect(_ directory: DataDirectory, _ configuration: SQLiteConfiguration) throws(StorageError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: directory.databasePath, .readWrite)
        // Nothing is written before it is known that the file is ours or empty.
        _ = try SQLiteSchema.version(of: connection)
        try connection.execute(
            """
            PRAGMA page_size = \(SQLiteSchema.pageBytes);
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA secure_delete = ON;
            PRAGMA temp_store = MEMORY;
            PRAGMA cache_size = -65536;
            PRAGMA wal_autocheckpoint = \(configuration.checkpointPages);
            PRAGMA journal_size_limit = \(configuration.logBytesMax)
            """)
        if let bytes = configuration.databaseBytesMax {
            try connection.execute("PRAGMA max_page_count = \(max(1, bytes / SQLiteSchema.pageBytes))")
        }
        return connection
    }

    private static func check(
        _ connection: SQLiteConnection, _ directory: DataDirectory, _ configuration: SQLiteConfiguration
    ) throws(StorageError) {
        let quick =
            switch configuration.openingCheck {
            case .full: false
            case .quick: true
            }
        let damage = try SQLiteSchema.damage(connection, quick: quick, linesMax: 5)
        guard damage.isEmpty else { throw .corruptFile(path: directory.databasePath, detail: damage.joined(separator: "; ")) }
        let version = try SQLiteSchema.version(of: connection)
        if let difference = try SQLiteSchema.difference(connection, version: version) {
            throw .corruptFile(path: directory.databasePath, detail: difference)
        }
    }

    static func check(_ last: Int64, acknowledged directory: DataDirectory) throws(StorageError) {
        guard let acknowledged = directory.acknowledged, acknowledged > last else { return }
        throw .corruptFile(
            path: directory.databasePath,
            detail: "it ends at change \(last), but change \(acknowledged) was acknowledged; "
                + "if it was restored from an older backup, delete \(directory.acknowledgedPath)")
    }
}
