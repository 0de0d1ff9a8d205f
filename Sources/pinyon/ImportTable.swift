internal import Records
internal import Storage

/// A table in a PostgreSQL database, whose columns are taken for fields.
final class ImportTable: ImportSource {
    let title: String
    let unit = "row"
    let file: String
    let parameters: JSON
    let isResumable = true
    let mayGrow = true
    var shouldStop: () -> Bool = { false }
    private(set) var cursor = ""
    /// Rows whose vector is NULL.
    private(set) var withoutVector = 0

    private let table: ForeignTable
    private let mapping: TableMapping
    private let rowsTotal: Int64?
    private var rows: ArraySlice<(row: ForeignTable.Row, object: JSON, byteCount: Int)> = []
    private var rowsGiven: Int64 = 0
    private var isAtEnd = false

    /// Few at first: nobody knows yet how large they are.
    private var rowsAtOnce = 50
    private static let rowsAtOnceMax = 2_000
    private static let bytesAtOnce = 8_000_000

    init(_ arguments: Arguments, spaceDimension: Int?, say: (String) -> Void) throws {
        do throws(StorageError) {
            let address = try PostgresAddress(arguments["from"] ?? "")
            table = try ForeignTable(address, arguments["table"] ?? "", where: arguments["where"])
            title = "\(address) \(table.name)"
            try table.order(by: arguments["by"])
            rowsTotal = arguments["where"] == nil ? try table.estimate() : nil
        } catch {
            throw Failure(error.reason)
        }
        mapping = try TableMapping(arguments, table)
        if !mapping.left.isEmpty {
            say("no field takes \(mapping.left.joined(separator: ", ")); --map FIELD=COLUMN names one\(mapping.hasMetadata ? ", --rest puts them into metadata" : "")")
        }
        if let vector = mapping.vector {
            do throws(StorageError) { try ImportTable.check(vector, of: table, spaceDimension) } catch { throw Failure(error.reason) }
        }
        file = title
        parameters = [
            "file": .text(title), "by": .text(table.key), "where": .text(arguments["where"] ?? ""), "rows": .list(mapping.description.map { .text($0) }),
        ]
    }

    /// Before anything is written: of one dimension, and of the organization's.
    private static func check(_ column: ForeignTable.Column, of table: ForeignTable, _ wanted: Int?) throws(StorageError) {
        guard column.isVector else { throw .unavailable("\(column.name) is \(column.type), and no vector") }
        let found = try table.dimensions(of: column)
        if found.count > 1 {
            let counts = found.prefix(5).map { "\($0.dimension) dimensions in \($0.rows ?? 0) rows" }.joined(separator: ", ")
            throw .unavailable("the vectors in \(column.name) have \(counts); take those of one dimension with --where, or none with --map vector=")
        }
        guard let dimension = found.first?.dimension, let wanted, dimension != wanted else { return }
        throw .unavailable("the vectors in \(column.name) have \(dimension) dimensions, and this organization's space has \(wanted); without them, --map vector=, texts are embedded anew")
    }

    func goOn(from cursor: String) throws -> String? {
        self.cursor = cursor
        return cursor.isEmpty ? "" : "\(table.key) \(cursor)"
    }

    func next() throws -> ImportEntry? {
        if rows.isEmpty, !isAtEnd { try read() }
        guard let (row, object, byteCount) = rows.popFirst(), !shouldStop() else { return nil }
        cursor = row.key
        rowsGiven += 1
        if mapping.vector != nil, row.vector == nil, row.refusal == nil { withoutVector += 1 }
        let share = rowsTotal.map { min(1, Double(rowsGiven) / Double($0)) }
        return ImportEntry(
            label: "row \(row.key)", cursor: cursor, byteCount: byteCount, share: share,
            content: row.refusal.map { .refused($0) } ?? .object(object, vector: row.vector))
    }

    private func read() throws {
        do throws(StorageError) {
            let page = try table.page(after: cursor.isEmpty ? nil : cursor, mapping.fields, vector: mapping.vector, limit: rowsAtOnce)
            rows = page.map { row in
                let object = mapping.object(row)
                return (row, object, object.description.utf8.count + 4 * (row.vector?.count ?? 0))
            }[...]
        } catch {
            throw Failure(error.reason)
        }
        isAtEnd = rows.count < rowsAtOnce
        // As many as are some megabytes together.
        let bytes = rows.reduce(1) { $0 + $1.byteCount }
        rowsAtOnce = max(1, min(ImportTable.rowsAtOnceMax, ImportTable.bytesAtOnce / max(1, bytes / max(1, rows.count))))
    }
}

extension StorageError {
    /// What is wrong, where a sentence about Pinyon's own store would mislead.
    var reason: String { if case .unavailable(let detail) = self { detail } else { description } }
}
