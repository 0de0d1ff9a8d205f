/// Every table has one column more in SQLite, the last: the checksum of the others.
extension Table {
    /// The version of the schema that gives it this form.
    var firstVersion: Int {
        switch self {
        case .organizations, .users, .agents, .apiKeys: 1
        case .conversations, .messages, .learningPatterns: 3
        case .changes, .counters: 4
        case .jobs: 5
        case .embeddingSpaces, .embeddingWaits: 6
        case .agentMemories, .idempotencyKeys: 7
        case .auditLogs, .auditKeys: 8
        case .terminologyEntries: 9
        }
    }

    /// Parameters are numbered as the columns are, the checksum's being the last.
    var insertion: String {
        let names = columns + ["checksum"]
        return "INSERT INTO \(name) (\(names.joined(separator: ", "))) VALUES (\(names.indices.map { "?\($0 + 1)" }.joined(separator: ", ")))"
    }

    /// Writes all columns where the row's identity matches, with the parameters of `insertion`.
    var update: String {
        let names = columns + ["checksum"]
        let identity = names.indices.prefix(identityCount).map { "\(names[$0]) = ?\($0 + 1)" }.joined(separator: " AND ")
        let assignments = names.indices.dropFirst(identityCount).map { "\(names[$0]) = ?\($0 + 1)" }.joined(separator: ", ")
        return "UPDATE \(name) SET \(assignments) WHERE \(identity)"
    }

    /// All columns, then the checksum.
    var selection: String { "SELECT \((columns + ["checksum"]).joined(separator: ", ")) FROM \(name)" }
}
