public import Records

/// One entry of the change sequence, by which everything derived is brought up to date.
public struct ChangeRecord: Hashable, Sendable {
    /// The numbers are stored; they never change their meaning.
    public enum Operation: Int64, Hashable, Sendable {
        case put = 1
        case remove = 2
        /// Rows of the kind, of every organization, may have gone; organization names none, and `cleared` which.
        case clear = 3
    }

    /// 1 for the first; greater for each next of one writer, over all organizations.
    public let number: Int64
    /// The transaction that wrote it, where several write to one store; otherwise 0.
    public let transaction: UInt64
    public let organization: Identifier
    public let kind: Kind
    public let record: Identifier
    /// The version it has after the change, or had when it was removed.
    public let version: Int64
    public let operation: Operation
    public let at: Timestamp

    public init(
        number: Int64, transaction: UInt64 = 0, organization: Identifier, kind: Kind, record: Identifier, version: Int64, operation: Operation, at: Timestamp
    ) {
        self.number = number
        self.transaction = transaction
        self.organization = organization
        self.kind = kind
        self.record = record
        self.version = version
        self.operation = operation
        self.at = at
    }

    /// Of a clear: the identifiers of which any may have gone. Those of a time begin with the record, and the version is their end in milliseconds; otherwise
    /// the record names none, and all are meant.
    public func mayHaveCleared(_ id: Identifier) -> Bool { record == .none || record <= id && Int64(id.high >> 16) < version }

    public var position: ChangePosition { ChangePosition(transaction: transaction, number: number) }
}

/// How far the change sequence was read: everything up to there, and nothing beyond.
///
/// Where several write, a number that was given out first may be committed last. Changes are therefore in the order of their transactions, and are read when no
/// older one is open any more.
public struct ChangePosition: Hashable, Comparable, Sendable {
    public let transaction: UInt64
    public let number: Int64

    public init(transaction: UInt64 = 0, number: Int64) {
        self.transaction = transaction
        self.number = number
    }

    /// Before the first change.
    public static let start = ChangePosition(number: 0)

    public static func < (left: ChangePosition, right: ChangePosition) -> Bool { (left.transaction, left.number) < (right.transaction, right.number) }
}
