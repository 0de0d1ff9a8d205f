public import Records
import Synchronization

/// The store in a schema of a PostgreSQL database, beside whatever else is there; several may work on it at once.
///
/// One connection writes, on one serial queue; some read, each on a queue of its own. Each transaction is the service role's, and sees one organization.
public final class PostgresStore: Store, CopyTarget {
    private let configuration: PostgresConfiguration
    private let names: PostgresNames
    private let writes: WriteQueue<PostgresSession>

    public let reads: StoreReads
    /// What answered on opening.
    public let facts: JSON
    public var notes: [String] { [] }

    private init(_ configuration: PostgresConfiguration, _ names: PostgresNames, facts: JSON) {
        self.configuration = configuration
        self.names = names
        self.facts = facts
        let (epoch, reach) = (KnownEpoch(), PostgresReach())
        writes = WriteQueue(Writer(PostgresSession(PostgresLink(configuration, names, reach))), configuration.writeLimits)
        let readers = (0..<max(1, configuration.readersMax)).map { _ in PostgresReadSession(PostgresLink(configuration, names, reach), epoch) }
        let state = OpenState()
        self.state = state
        reads = StoreReads(ReadQueue(readers, countMax: configuration.waitingReadsMax)) { () throws(StorageError) in
            guard state.isOpen else { throw .closed }
            return PostgresReadSession(PostgresLink(configuration, names, reach), epoch)
        }
    }

    private let state: OpenState

    /// Reaches the database, and brings its schema up to date, or makes it; refuses what could keep nothing, and a schema that is newer.
    public static func open(_ configuration: PostgresConfiguration) throws(StorageError) -> PostgresStore {
        let names = try PostgresNames(schema: configuration.schema)
        let connection = try PostgresConnection(migrating: configuration)
        try PostgresSchema.check(connection)
        try PostgresSchema.migrate(connection, names, to: PostgresMigrations.latest)
        try PostgresUpkeep.run(connection, names)
        let version = connection.serverVersion
        let facts: JSON = [
            "kind": "postgres", "postgres": .text("\(version / 10_000).\(version % 10_000)"), "address": .text(configuration.address.description),
            "schema": .integer(Int64(PostgresMigrations.latest)),
        ]
        return PostgresStore(configuration, names, facts: facts)
    }

    /// Durable commits since the store was opened.
    public var commitCount: Int { writes.commitCount }

    public func write(_ request: WriteRequest, completion: @escaping @Sendable (Result<WriteOutcome, StorageError>) -> Void) {
        writes.add(request, completion)
    }

    public var isShared: Bool { true }

    /// Where texts still stand, as far as SQL shows it. Blocks; for tools.
    public func places(of texts: [String]) throws(StorageError) -> [Absence.Finding] {
        try reads.inSnapshot(of: nil) { session throws(StorageError) in
            guard let session = session as? PostgresReadSession else { throw .internalError("a session of another store") }
            return try session.places(of: texts)
        }
    }

    /// Dead rows are the database's: it vacuums them.
    public func scrub() -> Bool { true }

    public func tend() throws(StorageError) {
        guard state.isOpen else { throw .closed }
        let connection = try PostgresConnection(configuration)
        try PostgresUpkeep.run(connection, names)
    }

    func withSession(_ body: (PostgresSession) throws(StorageError) -> Void) throws(StorageError) {
        try writes.withWriter { writer throws(StorageError) in try body(writer.session) }
    }

    public func close() {
        state.close()
        writes.finish()
        reads.close()
        writes.close()
    }
}

/// Whether a store may still be asked.
private final class OpenState: Sendable {
    private let open = Atomic(true)

    var isOpen: Bool { open.load(ordering: .relaxed) }

    func close() { open.store(false, ordering: .relaxed) }
}
