public import Records

/// One entry of the change sequence, by which everything derived is brought up to date.
public struct ChangeRecord: Hashable, Sendable {
    /// The numbers are stored; they never change their meaning.
    public enum Operation: Int64, Hashable, Sendable {
        case put = 1
        case remove = 2
    }

    /// 1 for the first; one more for each next, over all organizations.
    public let number: Int64
    public let organization: Identifier
    public let kind: Kind
    public let record: Identifier
    /// The version it has after the change, or had when it was removed.
    public let version: Int64
    public let operation: Operation
    public let at: Timestamp

    public init(
        number: Int64, organization: Identifier, kind: Kind, record: Identifier, version: Int64, operation: Operation, at: Timestamp
    ) {
        self.number = number
        self.organization = organization
        self.kind = kind
        self.record = record
        self.version = version
        self.operation = operation
        self.at = at
    }
}
