extension SQLiteStatement {
    /// Refuses the row that the statement stands on, read with `Table.selection`, when it does not match its checksum.
    func check(_ table: Table) throws(StorageError) {
        guard isIntact(table, columnCount: table.columnCount) else { throw corrupt(table) }
    }

    func corrupt(_ table: Table) -> StorageError {
        .corruptRow(table: table.name, place: place(identityCount: table.identityCount))
    }
}
