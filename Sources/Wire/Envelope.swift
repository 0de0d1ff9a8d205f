public import Records

/// What stands around an operation in a request's body: fields 1 to 15, before those of the operation.
public struct Envelope: Hashable, Sendable {
    /// From the moment the server has the request; nil for the server's own bound.
    public var deadlineMilliseconds: UInt32?
    /// Under the same key the same write is done once, however often it is sent.
    public var idempotencyKey: Identifier?

    public init(deadlineMilliseconds: UInt32? = nil, idempotencyKey: Identifier? = nil) {
        self.deadlineMilliseconds = deadlineMilliseconds
        self.idempotencyKey = idempotencyKey
    }

    enum Tag {
        static let deadline: UInt16 = 1
        static let idempotencyKey: UInt16 = 2
        /// The operation's own fields begin here.
        static let operationMin: UInt16 = 16
    }

    func append(to writer: inout FieldWriter) {
        if let deadlineMilliseconds { writer.integer(Tag.deadline, deadlineMilliseconds) }
        if let idempotencyKey { writer.identifier(Tag.idempotencyKey, idempotencyKey) }
    }

    /// The envelope, and where the operation's fields begin.
    static func read(_ body: [UInt8]) throws(BodyError) -> (envelope: Envelope, operationStart: Int) {
        var envelope = Envelope()
        var taken = TagSet()
        var reader = FieldReader(body)
        while true {
            let start = reader.offset
            guard let field = try reader.next() else { return (envelope, start) }
            guard field.tag < Tag.operationMin else { return (envelope, start) }
            guard !taken.contains(field.tag) else { throw .malformed("field \(field.tag) stands there twice") }
            switch field.tag {
            case Tag.deadline: envelope.deadlineMilliseconds = try body.integer(field, "deadline")
            case Tag.idempotencyKey: envelope.idempotencyKey = try body.identifier(field, "idempotency_key")
            default:
                if field.isCritical { throw .unknownCriticalField(field.tag) }
                continue
            }
            taken.insert(field.tag)
        }
    }
}
