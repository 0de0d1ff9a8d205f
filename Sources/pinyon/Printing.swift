internal import Records

/// What results look like, for people in 80 columns and for programs.
enum Printing {
    static let width = 80

    static func json(_ answer: SearchAnswer, _ kind: Kind = .memory) -> JSON {
        let report = answer.report
        let answered: JSON = [
            "hits": .list(
                answer.entries.map { entry in
                    let members: [JSON.Member] = [
                        JSON.Member("score", .number(Double(entry.hit.score))), JSON.Member("id", .text(entry.hit.id.description)),
                        JSON.Member(kind.name, entry.memory?.json ?? entry.record?.json() ?? .null),
                    ]
                    return .object(members + (entry.explanation.map { [JSON.Member("why", json($0))] } ?? []))
                }),
            "report": [
                "rows_total": .integer(Int64(report.rowsTotal)), "rows_matching": .integer(Int64(report.rowsMatching)),
                "rows_visited": .integer(Int64(report.rowsVisited)), "rows_scored": .integer(Int64(report.rowsScored)), "lists_total": .integer(Int64(report.listsTotal)),
                "lists_visited": .integer(Int64(report.listsVisited)), "recall_estimate": .number(report.recallEstimate),
                "exact": .bool(report.isExact), "mode": .text(report.mode.name), "lacks_contents": .bool(report.lacksContents), "as_of": report.asOf.map { .text($0.description) } ?? .null,
                "trace": report.trace.map { .text($0.description) } ?? .null,
                "valid_at": report.past.map { .text($0.valid.description) } ?? .null, "known_at": report.past?.known.map { .text($0.description) } ?? .null,
            ],
        ]
        guard let explanation = answer.explanation, case .object(let members) = answered else { return answered }
        return .object(members + [JSON.Member("explanation", json(explanation))])
    }

    private static func json(_ why: HitExplanation) -> JSON {
        [
            "cosine": why.cosine.map { .number($0) } ?? .null, "words": why.words.map { .number($0) } ?? .null, "relevance": .number(why.relevance),
            "retention": .number(why.retention), "importance": .number(why.importance), "of_time": .bool(why.isOfTime),
        ]
    }

    static func json(_ explanation: AnswerExplanation) -> JSON {
        [
            "weights": [
                "relevance": .number(explanation.weights.relevance), "importance": .number(explanation.weights.importance), "recency": .number(explanation.weights.recency),
            ],
            "filter": explanation.filter?.json ?? .null, "space": explanation.space.map { .text($0.description) } ?? .null,
            "time": explanation.time.map(json) ?? .null, "cosine_scale": .number(explanation.cosineScale), "words_scale": .number(explanation.wordsScale),
            "embedding_us": .integer(Int64(clamping: explanation.embeddingMicroseconds)), "scanning_us": .integer(Int64(clamping: explanation.scanningMicroseconds)),
            "fetching_us": .integer(Int64(clamping: explanation.fetchingMicroseconds)),
        ]
    }

    static func lines(_ explanation: AnswerExplanation) -> [String] {
        func number(_ value: Double) -> String { value.text(digits: 3) }
        let weights = explanation.weights
        var lines = [
            "score = \(number(weights.relevance)) · relevance + \(number(weights.importance)) · importance + \(number(weights.recency)) · retention; "
                + "relevance = \(number(explanation.cosineScale)) · cosine + \(number(explanation.wordsScale)) · words"
        ]
        if let time = explanation.time {
            let which =
                switch time.which {
                case .span(let span): "from \(span.lowerBound) until \(span.upperBound)"
                case .session(let id): "the session \(id)"
                }
            lines[0] += " + \(number(time.scale)) for what is of the time"
            lines.append("the question names a time: \(which)")
        }
        if let filter = explanation.filter { lines.append("every one matches \(filter.json)") }
        if let space = explanation.space { lines.append("vectors of the space \(space)") }
        return lines
    }

    private static func json(_ time: AnswerExplanation.Time) -> JSON {
        switch time.which {
        case .span(let span): ["from": .text(span.lowerBound.description), "until": .text(span.upperBound.description), "scale": .number(time.scale)]
        case .session(let id): ["session": .text(id.description), "scale": .number(time.scale)]
        }
    }

    static func json(_ receipt: WriteReceipt) -> JSON {
        let rows = receipt.rows.map { ["id": .text($0.id.description), "version": .integer($0.version)] as JSON }
        let members: [JSON.Member] = [.init("change", .integer(receipt.change)), .init("rows", .list(rows))]
        let waiting: [JSON.Member] = receipt.waiting > 0 ? [.init("waiting", .integer(Int64(receipt.waiting)))] : []
        return .object(members + waiting + (receipt.notes.isEmpty ? [] : [.init("notes", .list(receipt.notes.map(\.json)))]))
    }

    /// What became of a memory beyond that it was stored.
    static func lines(_ note: RememberNote, _ id: Identifier) -> [String] {
        var lines: [String] =
            switch note.fate {
            case .stored: []
            case .duplicate: ["known already, and counted as accessed: \(id)"]
            case .merged: ["merged into \(id)"]
            }
        lines += note.superseded.map { "\(id) takes the place of \($0)" }
        return lines + note.similar.map { "\(id) is much like \($0.id) (\(score(Float($0.cosine)).drop { $0 == " " }))" }
    }

    /// After a write that was taken without all of its vectors.
    static func waiting(_ count: Int) -> String {
        count == 1
            ? "it waits for its vector, which cannot be made now; no search finds it until then"
            : "\(count) wait for their vectors, which cannot be made now; no search finds them until then"
    }

    static func lines(_ answer: SearchAnswer) -> [String] {
        answer.entries.map { entry in
            let start = "  \(score(entry.hit.score))  "
            if let record = entry.record { return start + RecordText.summary(record).line(of: width - start.count) }
            guard let memory = entry.memory else { return start + entry.hit.id.description }
            let head = start + memory.type.name.padded(to: 12)  // "conversation"
            let line = head + "  " + memory.content.line(of: width - head.count - 2)
            return entry.explanation.map { line + "\n" + why($0) } ?? line
        }
    }

    private static func why(_ why: HitExplanation) -> String {
        let parts: [(String, Double?)] = [("cosine", why.cosine), ("words", why.words), ("relevance", why.relevance), ("retention", why.retention), ("importance", why.importance)]
        return "           " + parts.compactMap { name, value in value.map { "\(name) \(score(Float($0)).drop(while: { $0 == " " }))" } }.joined(separator: ", ")
            + (why.isOfTime ? ", of the time that is asked about" : "")
    }

    static func report(_ report: SearchReport) -> String {
        let how = report.isExact ? "exact" : "about \(min(99, Int((report.recallEstimate * 100).rounded()))) % of the true answers"
        let away = report.lacksContents ? "\n  the store is away: contents are missing" : ""
        let since = (report.asOf.map { "\n  what others wrote since \($0) may be missing" } ?? "") + (report.past.map(past) ?? "")
        guard report.mode != .lexical else { return "  \(report.rowsScored) of \(report.rowsMatching) rows have words of it" + away + since }
        return "  \(report.rowsScored) of \(report.rowsTotal) rows compared, \(how)" + away + since
    }

    private static func past(_ past: Moment) -> String {
        let known = past.known.map { $0 == past.valid ? "" : ", as it was known at \($0)" } ?? ""
        return "\n  as of \(past.valid)\(known); what was left of each is reckoned from its accesses until today"
    }

    /// Three digits after the point.
    static func score(_ value: Float) -> String {
        let thousandths = Int((Double(value) * 1_000).rounded())
        let digits = String(abs(thousandths) % 1_000)
        return (thousandths < 0 ? "-" : " ") + "\(abs(thousandths) / 1_000)." + String(repeating: "0", count: 3 - digits.count) + digits
    }

    /// Why it is not recalled now; nothing where it is.
    private static func state(of memory: Memory) -> String {
        let now = System.wallClock
        if memory.deletedAt != nil { return "(forgotten) " }
        if memory.isExpired(at: now) { return "(expired) " }
        if let from = memory.validity.from, from > now { return "(not yet so) " }
        if let to = memory.validity.to, to <= now { return "(so no longer) " }
        return ""
    }

    static func line(_ memory: Memory) -> String {
        let head = "\(memory.id)  \(memory.type.name.padded(to: 12))  \(state(of: memory))"
        return head + memory.content.line(of: max(20, width - head.count))
    }
}

extension Double {
    /// So many digits after the point, of what is not below 0.
    func text(digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let whole = Int64((self * scale).rounded())
        let rest = String(whole % Int64(scale))
        return "\(whole / Int64(scale))." + String(repeating: "0", count: digits - rest.count) + rest
    }
}
