import Records
import Synchronization

/// The epoch in which one store's positions mean something. Set by loading, which is what begins one.
final class KnownEpoch: Sendable {
    private let epoch = Mutex<Identifier?>(nil)

    var value: Identifier? {
        get { epoch.withLock { $0 } }
        set { epoch.withLock { $0 = newValue } }
    }
}

/// What the tables' owner does now and then.
enum PostgresUpkeep {
    private static let lock = 0x506E_796F
    private static let rowsAtOnce = 10_000
    /// Who was away for longer reads all rows anew.
    static let keptHours = 24

    /// Adds up what was counted, and forgets changes that everybody has had time to read; all of them where they were written before a restore. Of several at once one does it.
    static func run(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) {
        var isDone = false
        while !isDone { isDone = try connection.transaction { () throws(StorageError) in try step(connection, names) } }
        try keepMonths(connection, names)
    }

    /// Makes months of messages ahead of time, and drops the first while they are past and empty: what retention left nothing of.
    private static func keepMonths(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) {
        let ahead = try connection.ask(
            "SELECT max(month) >= \(names.quoted).this_month() + interval '\(PostgresMigrations.monthsAhead) months' FROM \(names.quoted).message_months")
        if ahead.flag(0, 0) != true { _ = try months(connection, names, "add_months()") }
        // What was empty a moment ago may have got a message since: it is looked at again when nobody reads or writes messages.
        while try months(connection, names, "drop_month(true)", where: firstMonthIsPastAndEmpty) != nil {}
    }

    private static func firstMonthIsPastAndEmpty(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) -> Bool {
        let first = try connection.ask(
            "SELECT \(names.quoted).partition_of(min(month)) FROM \(names.quoted).message_months HAVING min(month) < \(names.quoted).this_month()")
        guard first.count == 1 else { return false }
        return try connection.ask("SELECT NOT EXISTS (SELECT 1 FROM \(names.quoted).\(first.text(0, 0)))").flag(0, 0) == true
    }

    /// Waits for whoever reads messages, and lets others wait behind it, for a moment only: there is time, and it is tried again.
    private static func months(
        _ connection: PostgresConnection, _ names: PostgresNames, _ call: String, where isDue: (PostgresConnection, PostgresNames) throws(StorageError) -> Bool = { _, _ in true }
    ) throws(StorageError) -> Int64? {
        try connection.transaction { () throws(StorageError) in
            // Of several at once one does it, and none looks at a month that another drops.
            guard try connection.ask("SELECT pg_try_advisory_xact_lock(\(lock))").flag(0, 0) == true, try isDue(connection, names) else { return nil }
            try connection.script("SET LOCAL lock_timeout = '1s'")
            let answer = try connection.ask("SELECT \(names.quoted).\(call)")
            return answer.isNull(0, 0) ? nil : answer.integer(0, 0)
        }
    }

    private static func step(_ connection: PostgresConnection, _ names: PostgresNames) throws(StorageError) -> Bool {
        guard try connection.ask("SELECT pg_try_advisory_xact_lock(\(lock))").flag(0, 0) == true else { return true }
        let (state, changes) = ("\(names.quoted).feed_state", names.table(.changes))
        let begun = try connection.ask("UPDATE \(state) SET epoch = \(PostgresMigrations.epoch), made = gen_random_uuid(), pruned_transaction = '0', pruned_number = 0 WHERE epoch <> \(PostgresMigrations.epoch)")
        if begun.written > 0 {
            _ = try connection.ask("DELETE FROM \(changes)")
            return true
        }
        _ = try connection.ask(
            """
            WITH gone AS (DELETE FROM \(names.quoted).counted RETURNING *), sums AS (
                SELECT organization_id, kind, sum(rows) AS rows, sum(with_vectors) AS with_vectors, sum(deleted) AS deleted FROM gone GROUP BY organization_id, kind
            )
            UPDATE \(names.table(.counters)) AS c SET rows = c.rows + s.rows, with_vectors = c.with_vectors + s.with_vectors, deleted = c.deleted + s.deleted
            FROM sums AS s WHERE c.organization_id = s.organization_id AND c.kind = s.kind
            """)
        let pruned = try connection.ask(
            """
            WITH old AS (
                SELECT transaction, number FROM \(changes) WHERE told_at < now() - interval '\(keptHours) hours' AND transaction < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY told_at LIMIT \(rowsAtOnce)
            ), gone AS (
                DELETE FROM \(changes) AS c USING old WHERE c.transaction = old.transaction AND c.number = old.number RETURNING c.transaction, c.number
            ), last AS (SELECT transaction, number FROM gone ORDER BY transaction DESC, number DESC LIMIT 1)
            UPDATE \(state) AS s SET pruned_transaction = last.transaction, pruned_number = last.number FROM last
            WHERE (s.pruned_transaction, s.pruned_number) < (last.transaction, last.number)
            """)
        return pruned.written == 0
    }
}
