import Dispatch
import Records
import Synchronization

/// When the server may be tried again that was not to be reached, for all links of one store: the first that comes through opens the way for the others.
final class PostgresReach: Sendable {
    /// Not before then; and how long to wait after it.
    private let retry = Mutex<(at: UInt64, after: UInt64)>((0, PostgresReach.pauseMin))

    private static let pauseMin: UInt64 = 50_000_000
    private static let pauseMax: UInt64 = 2_000_000_000

    var isOpen: Bool { retry.withLock { DispatchTime.now().uptimeNanoseconds >= $0.at } }

    func succeeded() { retry.withLock { $0 = (0, PostgresReach.pauseMin) } }

    func failed() { retry.withLock { $0 = (DispatchTime.now().uptimeNanoseconds + $0.after, min(2 * $0.after, PostgresReach.pauseMax)) } }
}

/// A connection that is made when it is needed, and made again after it was lost, later each time it could not be. Belongs to one thread at a time.
final class PostgresLink {
    let names: PostgresNames
    private let configuration: PostgresConfiguration
    private let reach: PostgresReach
    private var known: PostgresConnection?

    init(_ configuration: PostgresConfiguration, _ names: PostgresNames, _ reach: PostgresReach) {
        self.configuration = configuration
        self.names = names
        self.reach = reach
    }

    /// What is open still.
    var open: PostgresConnection? { known.flatMap { $0.isLost ? nil : $0 } }

    var connection: PostgresConnection {
        get throws(StorageError) {
            if let open { return open }
            known = nil
            guard reach.isOpen else { throw .unavailable("\(configuration.address) was not to be reached a moment ago") }
            do throws(StorageError) {
                let made = try PostgresConnection(configuration)
                known = made
                reach.succeeded()
                return made
            } catch {
                reach.failed()
                throw error
            }
        }
    }

    /// What a transaction begins with: as whom, for which organization, and how long its statements may take. It goes out with the first statement.
    func opening(_ begin: String, as role: String, of organization: Identifier?) -> [PostgresStep] {
        let configuration = configuration
        let settings = PostgresStep(
            """
            SELECT set_config('role', $1, true), set_config('pinyon.organization', $2, true), set_config('statement_timeout', $3, true),
                set_config('lock_timeout', $4, true), set_config('pinyon.writer', '\(PostgresMigrations.ownWriter)', true),
                set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)
            """
        ) {
            $0.add(role)
            $0.add(organization?.description ?? "")
            $0.add("\(configuration.statementSecondsMax)s")
            $0.add("\(configuration.lockSecondsMax)s")
        }
        return [PostgresStep(begin), settings]
    }

    /// What each step gave. Where they begin a transaction and the connection turns out to be gone, they go out once more over another: a server that was started
    /// again meanwhile knows nothing of what only began. They must not end it.
    func run(_ steps: [PostgresStep], over connection: PostgresConnection, beginning: Bool) throws(PostgresFailure) -> [PostgresRows] {
        do throws(PostgresFailure) {
            return try connection.run(steps)
        } catch {
            guard beginning, error.isOfConnection, let another = try? self.connection else { throw error }
            return try another.run(steps)
        }
    }

    func close() { known = nil }
}
