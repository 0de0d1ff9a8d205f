/// What PostgreSQL, or the way to it, said of a statement.
struct PostgresFailure: Error, CustomStringConvertible {
    /// Five characters, the first two its class; empty when the connection failed.
    let code: String
    let message: String
    /// Of the statements that were sent together, the one that failed.
    var statement = 0

    /// It is gone, or leads to a server that is going or only reads.
    var isOfConnection: Bool { code.isEmpty || ["57P01", "57P02", "57P03", "25006"].contains(code) }

    var description: String { code.isEmpty ? message : "\(message) (\(code))" }
}

extension RowRefusal {
    init?(_ failure: PostgresFailure) {
        switch failure.code {
        case "23505": self = .unique
        case "23503": self = .foreignKey
        default:
            // Constraints, and values that no column takes.
            guard failure.code.hasPrefix("23") || failure.code.hasPrefix("22") else { return nil }
            self = .other(failure.description)
        }
    }
}

extension StorageError {
    init(_ failure: PostgresFailure) {
        switch failure.code {
        case "53100": self = .full
        // Another was faster, or held what this one needs for too long.
        case "40001", "40P01", "55P03", "57014": self = .busy
        case "42501": self = .unavailable("\(failure.message); grant it, or let the owner of the schema run `pinyon migrate up`")
        // A statement that was prepared over another connection.
        case "42P05", "26000": self = .unavailable("a pooler stands between, which gives each transaction another connection; say so with --store-pooled, or name the database itself")
        case "42P01", "3F000": self = .unavailable("\(failure.message); `pinyon migrate up` makes what is missing")
        default:
            // Nobody is there, too many are, it is starting or going, or it could not read or write.
            let isAway = ["", "08", "28", "3D", "53", "57", "58"].contains(String(failure.code.prefix(2)))
            self = isAway ? .unavailable(failure.description) : .internalError(failure.description)
        }
    }
}
