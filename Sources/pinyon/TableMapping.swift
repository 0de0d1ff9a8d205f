internal import Records
internal import Storage

/// Which column of a table becomes which field: by `--map`, or where it is called as the field, or as Pinyon's own column of it.
struct TableMapping {
    let fields: [(name: String, column: ForeignTable.Column)]
    let vector: ForeignTable.Column?
    /// Columns that no field takes.
    let left: [String]
    let hasMetadata: Bool
    private let kind: Kind
    private let constants: [JSON.Member]

    /// Stands before the names of columns that go into metadata.
    private static let restMark = "metadata."
    /// What every row has, whatever its kind.
    private static let common = ["id", "created_at", "updated_at", "deleted_at", "version", "space"]

    init(_ arguments: Arguments, _ table: ForeignTable) throws {
        guard let kind = Kind(name: try arguments.required("kind")), ExportCommand.kinds.contains(kind) else {
            throw UsageError("--kind is one of \(ExportCommand.kinds.map(\.name).joined(separator: ", "))")
        }
        let known = TableMapping.names(of: kind)
        let (mapped, set) = (try TableMapping.pairs("map", "COLUMN", arguments), try TableMapping.pairs("set", "VALUE", arguments))
        for (name, _) in mapped + set where known[name] == nil {
            throw UsageError("a \(kind) has no field \(name); its fields are \(known.keys.sorted().joined(separator: ", "))")
        }
        self.kind = kind
        hasMetadata = known["metadata"] != nil
        constants = set.map { JSON.Member($0.name, (try? JSON(parsing: $0.value)) ?? .text($0.value)) }
        var (fields, taken) = ([(name: String, column: ForeignTable.Column)](), Set<String>())
        for (name, column) in mapped where !column.isEmpty {
            do throws(StorageError) { fields.append((name, try table.column(column))) } catch { throw Failure(error.reason) }
            taken.insert(column)
        }
        let given = Set((mapped + set).map(\.name))
        for column in table.columns where !taken.contains(column.name) && !column.isVector {
            let field = known.first { $0.key == column.name } ?? known.first { $0.value == column.name }
            // Another's numbers name nothing here.
            guard let name = field?.key, !given.contains(name), name != "id" || column.isIdentifier, !fields.contains(where: { $0.name == name }) else { continue }
            fields.append((name, column))
            taken.insert(column.name)
        }
        var vector = fields.first { $0.name == "vector" }?.column
        fields.removeAll { $0.name == "vector" }
        let vectors = table.columns.filter { $0.isVector && !taken.contains($0.name) }
        if vector == nil, known["vector"] != nil, !given.contains("vector"), !vectors.isEmpty {
            guard let only = vectors.first(where: { ["vector", "embedding"].contains($0.name) || vectors.count == 1 }) else {
                throw Failure("\(table.name) has vectors in \(vectors.map(\.name).joined(separator: " and ")); say which with --map vector=COLUMN")
            }
            vector = only
            taken.insert(only.name)
        }
        self.vector = vector
        let left = table.columns.filter { !taken.contains($0.name) }
        if arguments.has("rest") {
            guard hasMetadata else { throw UsageError("a \(kind) has no metadata that --rest could put columns into") }
            for column in left where !column.isVector { fields.append((TableMapping.restMark + column.name, column)) }
            self.left = left.filter(\.isVector).map(\.name)
        } else {
            self.left = left.map(\.name)
        }
        self.fields = fields
    }

    private static func pairs(_ option: String, _ second: String, _ arguments: Arguments) throws -> [(name: String, value: String)] {
        try arguments.all(option).map { text in
            guard let sign = text.firstIndex(of: "=") else { throw UsageError("--\(option) takes FIELD=\(second)") }
            return (String(text[..<sign]), String(text[text.index(after: sign)...]))
        }
    }

    /// Of the fields, with the columns in which Pinyon itself has them.
    private static func names(of kind: Kind) -> [String: String] {
        let schema = Schema.of(kind)
        var names = Dictionary(schema.rules.filter { $0.setter != .hidden }.map { ($0.field.name, $0.column) }, uniquingKeysWith: { first, _ in first })
        for name in common { names[name] = name }
        // Memories have a form of their own.
        if kind == .memory {
            for (name, column) in [("agent", "agent_id"), ("user", "user_id"), ("session", "session_id"), ("type", "memory_type"), ("importance", "importance_score")] { names[name] = column }
        }
        if schema.hasVector { names["vector"] = "vector" }
        return names
    }

    /// What must be the same for going on.
    var description: [String] {
        ["kind=\(kind)", "vector=\(vector?.name ?? "")"] + fields.map { "\($0.name)=\($0.column.name)" }.sorted() + constants.map { "\($0.name):=\($0.value)" }
    }

    func object(_ row: ForeignTable.Row) -> JSON {
        guard case .object(let given) = row.values else { return row.values }
        let mark = TableMapping.restMark
        var members = [JSON.Member("kind", .text(kind.name))] + constants + given.filter { !$0.name.hasPrefix(mark) }
        let rest = given.filter { $0.name.hasPrefix(mark) }.map { JSON.Member(String($0.name.dropFirst(mark.count)), $0.value) }
        guard !rest.isEmpty else { return .object(members) }
        var metadata: [JSON.Member] = []
        if let place = members.firstIndex(where: { $0.name == "metadata" }), case .object(let known) = members.remove(at: place).value { metadata = known }
        members.append(JSON.Member("metadata", .object(metadata + rest.filter { member in !metadata.contains { $0.name == member.name } })))
        return .object(members)
    }
}
