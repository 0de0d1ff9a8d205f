internal import Records

private enum Tag {
    static let session: UInt16 = 16
    static let agent: UInt16 = 17
    static let promotesFrom: UInt16 = 18
    static let drops: UInt16 = 19
    static let isAsAgent: UInt16 = 20
}

/// What becomes of the memories of a session.
extension FieldWriter {
    mutating func ending(_ ending: SessionEnding) {
        identifier(Tag.session, ending.session)
        if let agent = ending.agent { identifier(Tag.agent, agent) }
        if let least = ending.promotesFrom { number(Tag.promotesFrom, least) }
        if ending.drops { flag(Tag.drops, true) }
        if ending.isAsAgent { flag(Tag.isAsAgent, true) }
    }
}

extension [UInt8] {
    func ending(in range: Range<Int>) throws(BodyError) -> SessionEnding {
        var session: Identifier?
        var ending = SessionEnding(session: Identifier(high: 0, low: 0))
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.session: session = try identifier(field, "session")
            case Tag.agent: ending.agent = try identifier(field, "agent")
            case Tag.promotesFrom: ending.promotesFrom = try number(field, "promote_from")
            case Tag.drops: ending.drops = try flag(field, "drop")
            case Tag.isAsAgent: ending.isAsAgent = try flag(field, "as_agent")
            default: return false
            }
            return true
        }
        guard let session else { throw .field(FieldError("session", .missing)) }
        ending.session = session
        return ending
    }
}

private enum ErasureTag {
    static let subject: UInt16 = 16
    static let ids: UInt16 = 17
}

/// What is to go for good.
extension FieldWriter {
    mutating func erasure(_ erasure: Erasure) {
        integer(ErasureTag.subject, erasure.subject.rawValue)
        identifiers(ErasureTag.ids, erasure.ids)
    }
}

extension [UInt8] {
    func erasure(in range: Range<Int>) throws(BodyError) -> Erasure {
        var subject: Erasure.Subject?
        var ids: [Identifier] = []
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case ErasureTag.subject: subject = try choice(field, "subject", \Erasure.Subject.name)
            case ErasureTag.ids: ids = try identifiers(field, "ids", countMax: Limits.batchMax)
            default: return false
            }
            return true
        }
        guard let subject else { throw .field(FieldError("subject", .missing)) }
        return Erasure(subject, ids)
    }
}
