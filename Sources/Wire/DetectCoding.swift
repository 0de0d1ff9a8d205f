import Records

private enum Tag {
    static let user: UInt16 = 16
    static let text: UInt16 = 17
    static let language: UInt16 = 18
    static let context: UInt16 = 19
}

extension FieldWriter {
    mutating func detect(_ request: DetectRequest) {
        if let user = request.user { identifier(Tag.user, user) }
        text(Tag.text, request.text)
        if let language = request.language { text(Tag.language, language) }
        if let context = request.context { text(Tag.context, context) }
    }
}

extension [UInt8] {
    func detect(in range: Range<Int>) throws(BodyError) -> DetectRequest {
        var given: String?
        var request = DetectRequest("")
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.user: request.user = try identifier(field, "user")
            case Tag.text: given = try text(field, "text")
            case Tag.language: request.language = try text(field, "language")
            case Tag.context: request.context = try text(field, "context")
            default: return false
            }
            return true
        }
        guard let given else { throw .field(FieldError("text", .missing)) }
        request.text = given
        return request
    }
}

private enum DetectionTag {
    static let term: UInt16 = 16
    static let occurrences: UInt16 = 17
    static let readBytes: UInt16 = 18
}

private enum TermTag {
    static let id: UInt16 = 16
    static let term: UInt16 = 17
    static let context: UInt16 = 18
    static let fitsContext: UInt16 = 19
    static let own: UInt16 = 20
    static let deprecated: UInt16 = 21
    static let preferred: UInt16 = 22
    static let others: UInt16 = 23
}

/// Start, end, term, and 1 where it is inflected: four numbers of four bytes each.
private enum OccurrenceLayout {
    static let byteCount = 16
    static let inflected: UInt32 = 1
}

extension FieldWriter {
    mutating func detection(_ detection: Detection) {
        for term in detection.terms { field(DetectionTag.term) { $0.detected(term) } }
        field(DetectionTag.occurrences) { writer in
            var numbers: [UInt32] = []
            numbers.reserveCapacity(detection.occurrences.count * OccurrenceLayout.byteCount / 4)
            for occurrence in detection.occurrences {
                numbers.append(UInt32(clamping: occurrence.range.lowerBound))
                numbers.append(UInt32(clamping: occurrence.range.upperBound))
                numbers.append(UInt32(clamping: occurrence.term))
                numbers.append(occurrence.isInflected ? OccurrenceLayout.inflected : 0)
            }
            RawBytes.append(numbers, to: &writer.bytes)
        }
        integer(DetectionTag.readBytes, UInt32(clamping: detection.readBytes))
    }

    private mutating func detected(_ term: Detection.Term) {
        identifier(TermTag.id, term.id)
        text(TermTag.term, term.term)
        if let context = term.context { text(TermTag.context, context) }
        if term.fitsContext { flag(TermTag.fitsContext, true) }
        if term.isOwn { flag(TermTag.own, true) }
        if term.isDeprecated { flag(TermTag.deprecated, true) }
        if let preferred = term.preferred { text(TermTag.preferred, preferred) }
        if !term.others.isEmpty { identifiers(TermTag.others, term.others) }
    }
}

extension [UInt8] {
    func detection() throws(BodyError) -> Detection {
        var detection = Detection(readBytes: 0)
        var (places, readBytes): (Range<Int>?, UInt32?) = (nil, nil)
        var reader = FieldReader(self)
        try reader.each(lists: TagSet(DetectionTag.term)) { (field) throws(BodyError) in
            switch field.tag {
            case DetectionTag.term: detection.terms.append(try detectedTerm(in: field.range))
            case DetectionTag.occurrences: places = field.range
            case DetectionTag.readBytes: readBytes = try integer(field, "read_bytes")
            default: return false
            }
            return true
        }
        guard let places, let readBytes else { throw .malformed("a detection lacks its occurrences, or how far it was read") }
        detection.readBytes = Int(readBytes)
        detection.occurrences = try occurrences(in: places, of: detection.terms.count)
        return detection
    }

    private func occurrences(in range: Range<Int>, of terms: Int) throws(BodyError) -> [Detection.Occurrence] {
        guard range.count % OccurrenceLayout.byteCount == 0 else { throw .malformed("an occurrence has \(OccurrenceLayout.byteCount) bytes") }
        var occurrences: [Detection.Occurrence] = []
        for place in stride(from: range.lowerBound, to: range.upperBound, by: OccurrenceLayout.byteCount) {
            let numbers = [0, 4, 8].map { Int(littleEndian(at: place + $0) as UInt32) }
            let form: UInt32 = littleEndian(at: place + 12)
            guard numbers[0] <= numbers[1], numbers[2] < terms, form <= OccurrenceLayout.inflected else { throw .malformed("an occurrence is of no term or no place") }
            occurrences.append(Detection.Occurrence(range: numbers[0]..<numbers[1], term: numbers[2], isInflected: form == OccurrenceLayout.inflected))
        }
        return occurrences
    }

    private func detectedTerm(in range: Range<Int>) throws(BodyError) -> Detection.Term {
        var (id, term, context, preferred): (Identifier?, String?, String?, String?) = (nil, nil, nil, nil)
        var (fitsContext, isOwn, isDeprecated, others): (Bool, Bool, Bool, [Identifier]) = (false, false, false, [])
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case TermTag.id: id = try identifier(field, "id")
            case TermTag.term: term = try text(field, "term")
            case TermTag.context: context = try text(field, "context")
            case TermTag.fitsContext: fitsContext = try flag(field, "fits_context")
            case TermTag.own: isOwn = try flag(field, "own")
            case TermTag.deprecated: isDeprecated = try flag(field, "deprecated")
            case TermTag.preferred: preferred = try text(field, "preferred")
            case TermTag.others: others = try identifiers(field, "others", countMax: Limits.homonymsMax)
            default: return false
            }
            return true
        }
        guard let id, let term else { throw .malformed("a term lacks its id or how it is written") }
        return Detection.Term(
            id: id, term: term, context: context, fitsContext: fitsContext, isOwn: isOwn, isDeprecated: isDeprecated, preferred: preferred, others: others)
    }
}
