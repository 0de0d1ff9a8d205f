internal import CSQLite
public import Records

extension SQLiteStore {
    /// Name and versions, for `status`.
    public var facts: JSON {
        let number = sqlite3_libversion_number()
        return [
            "kind": "sqlite", "sqlite": .text("\(number / 1_000_000).\(number / 1_000 % 1_000).\(number % 1_000)"),
            "schema": .integer(Int64(SQLiteStore.schemaVersionMax)),
        ]
    }
}
