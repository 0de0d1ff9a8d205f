import Records

/// A table as PostgreSQL has it: the type of its rows, and of each of its columns, which come in the order of the table.
struct PostgresLayout {
    let rowType: UInt32
    let columns: [(name: String, type: UInt32)]

    static func query(_ table: String) -> String {
        """
        SELECT c.reltype::bigint, a.attname::text, a.atttypid::bigint FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
        WHERE c.oid = '\(table)'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """
    }

    init?(_ rows: PostgresRows) {
        guard rows.count > 0, let rowType = rows.integer(0, 0).flatMap({ UInt32(exactly: $0) }) else { return nil }
        var columns: [(name: String, type: UInt32)] = []
        for row in 0..<rows.count {
            guard let type = rows.integer(row, 2).flatMap({ UInt32(exactly: $0) }) else { return nil }
            columns.append((rows.text(row, 1), type))
        }
        self.rowType = rowType
        self.columns = columns
    }
}

/// Rows for one table that go out as one statement. One row costs PostgreSQL more in getting ready, to check it and to look for its triggers, than in writing it.
struct PostgresRowBatch {
    struct Target: Hashable {
        let table: Table
        let place: PostgresNames.VectorPlace
        /// A row that is there already is left as it is, which is no failure.
        let mayBeThere: Bool
    }

    let target: Target
    let layout: PostgresLayout
    private(set) var rows: [PostgresParameters] = []

    init(_ target: Target, _ layout: PostgresLayout) {
        self.target = target
        self.layout = layout
    }

    mutating func add(_ row: PostgresParameters) { rows.append(row) }

    func step(_ names: PostgresNames) -> PostgresStep {
        var step: PostgresStep
        if rows.count == 1 {
            step = PostgresStep(names.insertion(target.table, target.place) + conflict) { $0 = rows[0] }
        } else {
            let given = names.columns(target.table, target.place)
            let places = layout.columns.map { column in given.firstIndex(of: column.name) }
            step = PostgresStep(names.insertionOfMany(target.table, target.place) + conflict) { $0.add(rows, as: layout, places) }
        }
        if !target.mayBeThere {
            step.mustWrite = rows.count
            step.mayBeRefused = true
        }
        return step
    }

    private var conflict: String { target.table == .changes ? "" : " ON CONFLICT DO NOTHING" }
}
