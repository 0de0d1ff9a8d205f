import Records

private enum Tag {
    static let user: UInt16 = 16
    static let typed: UInt16 = 17
    static let context: UInt16 = 18
    static let limit: UInt16 = 19
    static let definitions: UInt16 = 20
    static let meaning: UInt16 = 21
}

extension FieldWriter {
    mutating func suggest(_ request: SuggestRequest) {
        if let user = request.user { identifier(Tag.user, user) }
        text(Tag.typed, request.typed)
        if let context = request.context { text(Tag.context, context) }
        integer(Tag.limit, UInt32(clamping: request.limit))
        if request.withDefinitions { flag(Tag.definitions, true) }
        if request.byMeaning { flag(Tag.meaning, true) }
    }
}

extension [UInt8] {
    func suggest(in range: Range<Int>) throws(BodyError) -> SuggestRequest {
        var typed: String?
        var request = SuggestRequest("")
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.user: request.user = try identifier(field, "user")
            case Tag.typed: typed = try text(field, "typed")
            case Tag.context: request.context = try text(field, "context")
            case Tag.limit: request.limit = Int(try integer(field, "limit") as UInt32)
            case Tag.definitions: request.withDefinitions = try flag(field, "with_definitions")
            case Tag.meaning: request.byMeaning = try flag(field, "by_meaning")
            default: return false
            }
            return true
        }
        guard let typed else { throw .field(FieldError("typed", .missing)) }
        request.typed = typed
        return request
    }
}

private enum SuggestionTag {
    static let id: UInt16 = 16
    static let term: UInt16 = 17
    static let reason: UInt16 = 18
    static let typos: UInt16 = 19
    static let similarity: UInt16 = 20
    static let start: UInt16 = 21
    static let context: UInt16 = 22
    static let fitsContext: UInt16 = 23
    static let own: UInt16 = 24
    static let insteadOf: UInt16 = 25
    static let definition: UInt16 = 26
    static let deprecated: UInt16 = 27
    static let rejected: UInt16 = 28
    static let preferred: UInt16 = 29
}

/// Reasons, as they are sent; the numbers never change their meaning.
private enum ReasonCode: UInt8 {
    case exact = 1
    case prefix = 2
    case typos = 3
    case similar = 4
    case meaning = 5
}

extension FieldWriter {
    mutating func suggestion(_ suggestion: Suggestion) {
        identifier(SuggestionTag.id, suggestion.id)
        text(SuggestionTag.term, suggestion.term)
        switch suggestion.reason {
        case .exact: integer(SuggestionTag.reason, ReasonCode.exact.rawValue)
        case .prefix: integer(SuggestionTag.reason, ReasonCode.prefix.rawValue)
        case .typos(let count):
            integer(SuggestionTag.reason, ReasonCode.typos.rawValue)
            integer(SuggestionTag.typos, UInt32(clamping: count))
        case .similar(let similarity):
            integer(SuggestionTag.reason, ReasonCode.similar.rawValue)
            number(SuggestionTag.similarity, similarity)
        case .meaning(let similarity):
            integer(SuggestionTag.reason, ReasonCode.meaning.rawValue)
            number(SuggestionTag.similarity, similarity)
        }
        integer(SuggestionTag.start, UInt32(clamping: suggestion.start))
        if let context = suggestion.context { text(SuggestionTag.context, context) }
        if suggestion.fitsContext { flag(SuggestionTag.fitsContext, true) }
        if suggestion.isOwn { flag(SuggestionTag.own, true) }
        if let insteadOf = suggestion.insteadOf { text(SuggestionTag.insteadOf, insteadOf) }
        if suggestion.isDeprecated { flag(SuggestionTag.deprecated, true) }
        if let preferred = suggestion.preferred { text(SuggestionTag.preferred, preferred) }
        if suggestion.isRejected { flag(SuggestionTag.rejected, true) }
        if let definition = suggestion.definition { text(SuggestionTag.definition, definition) }
    }
}

extension [UInt8] {
    func suggestion(in range: Range<Int>) throws(BodyError) -> Suggestion {
        var (id, term, code): (Identifier?, String?, ReasonCode?) = (nil, nil, nil)
        var (typos, similarity, start): (UInt32, Double, UInt32) = (0, 0, 0)
        var (context, insteadOf, definition, preferred): (String?, String?, String?, String?) = (nil, nil, nil, nil)
        var (fitsContext, isOwn, isDeprecated, isRejected) = (false, false, false, false)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case SuggestionTag.id: id = try identifier(field, "id")
            case SuggestionTag.term: term = try text(field, "term")
            case SuggestionTag.reason: code = ReasonCode(rawValue: try integer(field, "reason"))
            case SuggestionTag.typos: typos = try integer(field, "typos")
            case SuggestionTag.similarity: similarity = try number(field, "similarity")
            case SuggestionTag.start: start = try integer(field, "start")
            case SuggestionTag.context: context = try text(field, "context")
            case SuggestionTag.fitsContext: fitsContext = try flag(field, "fits_context")
            case SuggestionTag.own: isOwn = try flag(field, "own")
            case SuggestionTag.deprecated: isDeprecated = try flag(field, "deprecated")
            case SuggestionTag.preferred: preferred = try text(field, "preferred")
            case SuggestionTag.rejected: isRejected = try flag(field, "rejected")
            case SuggestionTag.insteadOf: insteadOf = try text(field, "instead_of")
            case SuggestionTag.definition: definition = try text(field, "definition")
            default: return false
            }
            return true
        }
        guard let id, let term, let code else { throw .malformed("a suggestion lacks its id, its term or its reason") }
        let reason: Suggestion.Reason =
            switch code {
            case .exact: .exact
            case .prefix: .prefix
            case .typos: .typos(Int(typos))
            case .similar: .similar(similarity)
            case .meaning: .meaning(similarity)
            }
        return Suggestion(
            id: id, term: term, reason: reason, start: Int(start), context: context, fitsContext: fitsContext, isOwn: isOwn, insteadOf: insteadOf, isDeprecated: isDeprecated,
            preferred: preferred, isRejected: isRejected, definition: definition)
    }
}
