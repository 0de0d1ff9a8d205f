import Records

private enum Tag {
    static let id: UInt16 = 16
    static let user: UInt16 = 17
    static let limit: UInt16 = 18
}

extension FieldWriter {
    mutating func related(_ request: RelatedRequest) {
        identifier(Tag.id, request.id)
        if let user = request.user { identifier(Tag.user, user) }
        integer(Tag.limit, UInt32(clamping: request.limit))
    }
}

extension [UInt8] {
    func related(in range: Range<Int>) throws(BodyError) -> RelatedRequest {
        var id: Identifier?
        var request = RelatedRequest(Identifier(high: 0, low: 0))
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.id: id = try identifier(field, "id")
            case Tag.user: request.user = try identifier(field, "user")
            case Tag.limit: request.limit = Int(try integer(field, "limit") as UInt32)
            default: return false
            }
            return true
        }
        guard let id else { throw .field(FieldError("id", .missing)) }
        request.id = id
        return request
    }
}

private enum TermTag {
    static let id: UInt16 = 16
    static let term: UInt16 = 17
    static let context: UInt16 = 18
    static let own: UInt16 = 19
    static let deprecated: UInt16 = 20
    static let named: UInt16 = 21
    static let mentions: UInt16 = 22
    static let similarity: UInt16 = 23
}

extension FieldWriter {
    mutating func related(_ term: RelatedTerm) {
        identifier(TermTag.id, term.id)
        text(TermTag.term, term.term)
        if let context = term.context { text(TermTag.context, context) }
        if term.isOwn { flag(TermTag.own, true) }
        if term.isDeprecated { flag(TermTag.deprecated, true) }
        if term.isNamed { flag(TermTag.named, true) }
        if term.mentions > 0 { integer(TermTag.mentions, UInt32(clamping: term.mentions)) }
        if let similarity = term.similarity { number(TermTag.similarity, similarity) }
    }
}

extension [UInt8] {
    func relatedTerm(in range: Range<Int>) throws(BodyError) -> RelatedTerm {
        var (id, term, context, similarity): (Identifier?, String?, String?, Double?) = (nil, nil, nil, nil)
        var (isOwn, isDeprecated, isNamed, mentions): (Bool, Bool, Bool, UInt32) = (false, false, false, 0)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case TermTag.id: id = try identifier(field, "id")
            case TermTag.term: term = try text(field, "term")
            case TermTag.context: context = try text(field, "context")
            case TermTag.own: isOwn = try flag(field, "own")
            case TermTag.deprecated: isDeprecated = try flag(field, "deprecated")
            case TermTag.named: isNamed = try flag(field, "named")
            case TermTag.mentions: mentions = try integer(field, "mentions")
            case TermTag.similarity: similarity = try number(field, "similarity")
            default: return false
            }
            return true
        }
        guard let id, let term else { throw .malformed("a related term lacks its id or how it is written") }
        return RelatedTerm(
            id: id, term: term, context: context, isOwn: isOwn, isDeprecated: isDeprecated, isNamed: isNamed, mentions: Int(mentions), similarity: similarity)
    }
}
