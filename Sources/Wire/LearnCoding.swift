import Records

private enum Tag {
    static let user: UInt16 = 16
    static let event: UInt16 = 17
    static let typed: UInt16 = 18
}

private enum EventTag {
    static let term: UInt16 = 16
    static let reaction: UInt16 = 17
    static let context: UInt16 = 18
}

extension FieldWriter {
    mutating func learn(_ request: LearnRequest) {
        if let user = request.user { identifier(Tag.user, user) }
        for event in request.events {
            field(Tag.event) { writer in
                writer.identifier(EventTag.term, event.term)
                writer.integer(EventTag.reaction, event.reaction.rawValue)
                if let context = event.context { writer.text(EventTag.context, context) }
            }
        }
        for text in request.typed { self.text(Tag.typed, text) }
    }
}

extension [UInt8] {
    func learn(in range: Range<Int>) throws(BodyError) -> LearnRequest {
        var request = LearnRequest()
        var reader = FieldReader(self, in: range)
        try reader.each(lists: TagSet([Tag.event, Tag.typed])) { (field) throws(BodyError) in
            switch field.tag {
            case Tag.user: request.user = try identifier(field, "user")
            case Tag.event: request.events.append(try learnEvent(in: field.range))
            case Tag.typed: request.typed.append(try text(field, "typed[\(request.typed.count)]"))
            default: return false
            }
            return true
        }
        return request
    }

    private func learnEvent(in range: Range<Int>) throws(BodyError) -> LearnEvent {
        var (term, reaction, context): (Identifier?, TermReaction?, String?) = (nil, nil, nil)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case EventTag.term: term = try identifier(field, "term")
            case EventTag.reaction: reaction = try choice(field, "reaction", \TermReaction.name)
            case EventTag.context: context = try text(field, "context")
            default: return false
            }
            return true
        }
        guard let term else { throw .field(FieldError("term", .missing)) }
        guard let reaction else { throw .field(FieldError("reaction", .missing)) }
        return LearnEvent(term, reaction, context: context)
    }
}
