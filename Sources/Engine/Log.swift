/// Where the engine and the server say what happened. The message is constant; what varies stands in the facts.
public struct Log: Sendable {
    public enum Level: String, Sendable {
        case info
        case warning
        case error
    }

    public enum Key: String, Sendable {
        case address
        case agent
        case bytes
        case client
        case code
        case connection
        case count
        case detail
        case dimension
        case key
        case kind
        case lists
        case milliseconds
        case name
        case operation
        case organization
        case path
        case place
        case reason
        case version
    }

    public let write: @Sendable (_ level: Level, _ message: String, _ facts: [(Key, String)]) -> Void

    public init(write: @escaping @Sendable (_ level: Level, _ message: String, _ facts: [(Key, String)]) -> Void) {
        self.write = write
    }

    public static let silent = Log { _, _, _ in }

    public func info(_ message: String, _ facts: (Key, String)...) { write(.info, message, facts) }
    public func warning(_ message: String, _ facts: (Key, String)...) { write(.warning, message, facts) }
    public func error(_ message: String, _ facts: (Key, String)...) { write(.error, message, facts) }
}
