import Records

private enum Tag {
    static let vector: UInt16 = 16
    static let text: UInt16 = 17
    static let k: UInt16 = 18
    static let filter: UInt16 = 19
    static let exact: UInt16 = 20
    static let space: UInt16 = 22
    static let mode: UInt16 = 25
    static let agent: UInt16 = 26
    static let session: UInt16 = 27
    static let everySession: UInt16 = 28
    static let tokens: UInt16 = 29
    static let relevance: UInt16 = 30
    static let importance: UInt16 = 31
    static let recency: UInt16 = 32
    static let explain: UInt16 = 33
    static let untouched: UInt16 = 34
    static let asOf: UInt16 = 35
    static let knownAt: UInt16 = 36
}

extension FieldWriter {
    mutating func recall(_ recall: RecallRequest) {
        identifier(Tag.agent, recall.agent)
        if let session = recall.session { identifier(Tag.session, session) }
        if recall.everySession { flag(Tag.everySession, true) }
        if let vector = recall.vector { self.vector(Tag.vector, vector) }
        if let text = recall.text { self.text(Tag.text, text) }
        if let space = recall.space { identifier(Tag.space, space) }
        if let mode = recall.mode { integer(Tag.mode, mode.rawValue) }
        integer(Tag.k, UInt32(clamping: recall.k))
        if let tokens = recall.tokensMax { integer(Tag.tokens, UInt32(clamping: tokens)) }
        if let filter = recall.filter { field(Tag.filter, critical: true) { $0.filter(filter) } }
        if recall.exact { flag(Tag.exact, true) }
        if let weights = recall.weights {
            number(Tag.relevance, weights.relevance)
            number(Tag.importance, weights.importance)
            number(Tag.recency, weights.recency)
        }
        if recall.explains { flag(Tag.explain, true) }
        if !recall.touches { flag(Tag.untouched, true) }
        if let asOf = recall.asOf { time(Tag.asOf, asOf) }
        if let knownAt = recall.knownAt { time(Tag.knownAt, knownAt) }
    }
}

extension [UInt8] {
    func recall(in range: Range<Int>) throws(BodyError) -> RecallRequest {
        var agent: Identifier?
        var filter: Range<Int>?
        var recall = RecallRequest(agent: Identifier(high: 0, low: 0))
        var (relevance, importance, recency): (Double?, Double?, Double?)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.agent: agent = try identifier(field, "agent")
            case Tag.session: recall.session = try identifier(field, "session")
            case Tag.everySession: recall.everySession = try flag(field, "every_session")
            case Tag.vector: recall.vector = try vector(field, "vector")
            case Tag.text: recall.text = try text(field, "text")
            case Tag.space: recall.space = try identifier(field, "space")
            case Tag.mode: recall.mode = try mode(field)
            case Tag.k: recall.k = Int(try integer(field, "k") as UInt32)
            case Tag.tokens: recall.tokensMax = Int(try integer(field, "tokens") as UInt32)
            case Tag.filter: filter = field.range
            case Tag.exact: recall.exact = try flag(field, "exact")
            case Tag.relevance: relevance = try number(field, "weights.relevance")
            case Tag.importance: importance = try number(field, "weights.importance")
            case Tag.recency: recency = try number(field, "weights.recency")
            case Tag.explain: recall.explains = try flag(field, "explain")
            case Tag.asOf: recall.asOf = try time(field, "as_of")
            case Tag.knownAt: recall.knownAt = try time(field, "known_at")
            case Tag.untouched: recall.touches = try !flag(field, "untouched")
            default: return false
            }
            return true
        }
        guard let agent else { throw .field(FieldError("agent", .missing)) }
        recall.agent = agent
        if let filter { recall.filter = try FilterReader.read(self, in: filter, on: .memory) }
        // Where only some are given, the others are the usual ones.
        if relevance != nil || importance != nil || recency != nil {
            let standard = RecallWeights.standard
            do throws(FieldError) {
                recall.weights = try RecallWeights(
                    relevance: relevance ?? standard.relevance, importance: importance ?? standard.importance, recency: recency ?? standard.recency)
            } catch {
                throw .field(error)
            }
        }
        return recall
    }
}

// What an answer was made of.
private enum ExplanationTag {
    static let relevance: UInt16 = 16
    static let importance: UInt16 = 17
    static let recency: UInt16 = 18
    static let cosineScale: UInt16 = 19
    static let wordsScale: UInt16 = 20
    static let embedding: UInt16 = 21
    static let scanning: UInt16 = 22
    static let fetching: UInt16 = 23
    static let timeFrom: UInt16 = 24
    static let timeUntil: UInt16 = 25
    static let timeSession: UInt16 = 26
    static let timeScale: UInt16 = 27
    static let filter: UInt16 = 28
    static let space: UInt16 = 29
}

extension FieldWriter {
    mutating func explanation(_ explanation: AnswerExplanation) {
        if let filter = explanation.filter { field(ExplanationTag.filter) { $0.filter(filter) } }
        if let space = explanation.space { identifier(ExplanationTag.space, space) }
        number(ExplanationTag.relevance, explanation.weights.relevance)
        number(ExplanationTag.importance, explanation.weights.importance)
        number(ExplanationTag.recency, explanation.weights.recency)
        number(ExplanationTag.cosineScale, explanation.cosineScale)
        number(ExplanationTag.wordsScale, explanation.wordsScale)
        integer(ExplanationTag.embedding, explanation.embeddingMicroseconds)
        integer(ExplanationTag.scanning, explanation.scanningMicroseconds)
        integer(ExplanationTag.fetching, explanation.fetchingMicroseconds)
        guard let time = explanation.time else { return }
        switch time.which {
        case .span(let span):
            self.time(ExplanationTag.timeFrom, span.lowerBound)
            self.time(ExplanationTag.timeUntil, span.upperBound)
        case .session(let id): identifier(ExplanationTag.timeSession, id)
        }
        number(ExplanationTag.timeScale, time.scale)
    }

    /// 48 bytes: which of the first two there are (bits 0 and 1 of 4 bytes), whether it is of the time (bit 2), zero (4), then five numbers.
    mutating func raw(_ explanation: HitExplanation?) {
        let isOfTime = explanation?.isOfTime ?? false
        bytes.append(littleEndian: (explanation?.cosine == nil ? 0 : 1) | (explanation?.words == nil ? 0 : 2) | (isOfTime ? 4 : 0) as UInt32)
        bytes.append(littleEndian: 0 as UInt32)
        let numbers = [explanation?.cosine, explanation?.words, explanation?.relevance, explanation?.retention, explanation?.importance]
        for number in numbers { bytes.append(littleEndian: (number ?? 0).bitPattern) }
    }
}

extension [UInt8] {
    static let explanationBytes = 48

    func explanation(at start: Int) throws(BodyError) -> HitExplanation {
        let present: UInt32 = littleEndian(at: start)
        guard present < 8, littleEndian(at: start + 4) == 0 as UInt32 else { throw .malformed("the reserved bytes of an explanation are not zero") }
        func number(_ place: Int) -> Double { Double(bitPattern: littleEndian(at: start + 8 + 8 * place) as UInt64) }
        return HitExplanation(
            cosine: present & 1 != 0 ? number(0) : nil, words: present & 2 != 0 ? number(1) : nil, relevance: number(2), retention: number(3), importance: number(4),
            isOfTime: present & 4 != 0)
    }

    func explanation(in range: Range<Int>) throws(BodyError) -> AnswerExplanation {
        var numbers: [UInt16: Double] = [:]
        var times: [UInt16: UInt64] = [:]
        var (from, until, session, scale): (Timestamp?, Timestamp?, Identifier?, Double?)
        var (filter, space): (Filter?, Identifier?)
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case ExplanationTag.relevance...ExplanationTag.wordsScale: numbers[field.tag] = try number(field, "explanation")
            case ExplanationTag.embedding...ExplanationTag.fetching: times[field.tag] = try integer(field, "explanation")
            case ExplanationTag.filter: filter = try FilterReader.read(self, in: field.range, on: .memory)
            case ExplanationTag.space: space = try identifier(field, "explanation")
            case ExplanationTag.timeFrom: from = try time(field, "explanation")
            case ExplanationTag.timeUntil: until = try time(field, "explanation")
            case ExplanationTag.timeSession: session = try identifier(field, "explanation")
            case ExplanationTag.timeScale: scale = try number(field, "explanation")
            default: return false
            }
            return true
        }
        let weights: RecallWeights
        do throws(FieldError) {
            weights = try RecallWeights(
                relevance: numbers[ExplanationTag.relevance] ?? 0, importance: numbers[ExplanationTag.importance] ?? 0, recency: numbers[ExplanationTag.recency] ?? 0)
        } catch {
            throw .field(error)
        }
        var which = session.map { AnswerExplanation.Time.Which.session($0) }
        if let from, let until {
            guard from <= until else { throw .malformed("a time of an explanation ends before it begins") }
            which = .span(from..<until)
        }
        return AnswerExplanation(
            weights: weights, filter: filter, space: space, time: which.map { AnswerExplanation.Time($0, scale: scale ?? 0) }, cosineScale: numbers[ExplanationTag.cosineScale] ?? 0, wordsScale: numbers[ExplanationTag.wordsScale] ?? 0,
            embeddingMicroseconds: times[ExplanationTag.embedding] ?? 0, scanningMicroseconds: times[ExplanationTag.scanning] ?? 0,
            fetchingMicroseconds: times[ExplanationTag.fetching] ?? 0)
    }
}
