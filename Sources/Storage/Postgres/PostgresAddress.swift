internal import CPostgres

/// Where a PostgreSQL database is reached, and as whom. Its password is never told.
public struct PostgresAddress: Sendable {
    /// As libpq names them.
    struct Setting: Sendable {
        let keyword: String
        let value: String
    }

    let settings: [Setting]

    /// `postgres://user@host:port/database`, or what else libpq takes as a connection string.
    public init(_ text: String) throws(StorageError) {
        var message: UnsafeMutablePointer<CChar>?
        let options = unsafe PQconninfoParse(text, &message)
        unsafe PQfreemem(message)
        // What libpq says of it may quote the password.
        guard let options = unsafe options else { throw .unavailable("that is no address of a PostgreSQL database: postgres://user@host:port/database is one") }
        defer { unsafe PQconninfoFree(options) }
        var settings: [Setting] = []
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val { unsafe settings.append(Setting(keyword: String(cString: keyword), value: String(cString: value))) }
            unsafe option += 1
        }
        self.settings = settings
        // Of a password with a slash or an at sign libpq takes a part for something else, which would be told.
        let isPlain = (value(of: "port") ?? "").allSatisfy { $0.isNumber || $0 == "," } && ["host", "dbname"].allSatisfy { value(of: $0)?.contains("@") != true }
        guard isPlain else { throw .unavailable("that address has no port that is a number, or an @ too many; in a password write %40 for @, %2F for / and %3A for :") }
    }

    private init(settings: [Setting]) { self.settings = settings }

    /// Another database of the same server.
    func with(database: String) -> PostgresAddress {
        PostgresAddress(settings: settings.filter { $0.keyword != "dbname" } + [Setting(keyword: "dbname", value: database)])
    }

    func value(of keyword: String) -> String? { settings.first { $0.keyword == keyword }?.value }
}

extension PostgresAddress: CustomStringConvertible {
    public var description: String {
        let user = value(of: "user").map { "\($0)@" } ?? ""
        let port = value(of: "port").map { ":\($0)" } ?? ""
        return "postgres://\(user)\(value(of: "host") ?? value(of: "hostaddr") ?? "")\(port)/\(value(of: "dbname") ?? "")"
    }
}

extension PostgresAddress: CustomDebugStringConvertible, CustomReflectable {
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}
