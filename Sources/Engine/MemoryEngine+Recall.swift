internal import Lexical
internal import Recall
internal import Records
internal import Storage
internal import VectorIndex

/// The memories of one agent that matter to a question: the weighted score is ranked inside the scan, so that the top k is that of all rows.
extension MemoryEngine {
    func recall(_ given: RecallRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        var asked = given
        // A key that has one session alone asks for it.
        if asked.session == nil, !asked.everySession { asked.session = principal.narrowing.session }
        let request = asked
        let now = clock.now()
        let past: Moment?
        do throws(FieldError) {
            try request.check()
            past = try request.past(before: now)
            if let vector = request.vector { try check(question: vector, of: request.space, principal.organization) }
        } catch {
            return completion(.failure(.field(error)))
        }
        let wanted = request.mode ?? (request.text == nil ? .vector : request.vector == nil && embeddings == nil ? .lexical : .hybrid)
        guard wanted != .lexical || partitions.hasWords else { return completion(.failure(.wordsNotRead)) }
        let mode = partitions.hasWords ? wanted : .vector
        settings(of: [request.agent], principal.organization, context, completion) { [self] settings in
            let settings = settings[request.agent] ?? MemorySettings()
            guard settings.isEnabled else { return completion(.success(.found(SearchAnswer(entries: [], report: SearchReport())))) }
            let run = Recollection(request: request, mode: mode, weights: request.weights ?? settings.weights, fading: settings.fading, moment: past ?? Moment(now), isTraced: settings.traceDays > 0, isOfAgent: settings.isOfAgent)
            check(session: given.session, of: request.agent, principal, context, completion) { [self] in embed(run, principal, context, completion) }
        }
    }

    /// That it is no conversation with another agent, as far as the key can see. What is no conversation is whoever's names it.
    private func check(
        session: Identifier?, of agent: Identifier, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion, _ then: @escaping @Sendable () -> Void
    ) {
        guard let session else { return then() }
        var narrowing = principal.narrowing
        narrowing.kinds = nil
        store.reads.records(.conversation, [session], of: principal.organization, shownTo: narrowing, withVectors: false, isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { found, completion in
                guard let owner = found.first?.identifier(.agent), owner != agent else { return then() }
                completion(.failure(.field(FieldError("session", .malformed("it is a session of another agent")))))
            }
        }
    }

    private func embed(_ run: Recollection, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let (request, began) = (run.request, clock.ticks())
        guard run.mode != .lexical, request.vector == nil, let text = request.text else { return scan(run, request.vector, principal, context, completion) }
        embed(question: text, principal.organization, context, completion) { [self] vector in
            var run = run
            run.embedding = (clock.ticks() &- began) / 1_000
            scan(run, vector, principal, context, completion)
        }
    }

    /// With a budget of tokens more may be looked at than fit.
    private static let budgetedMax = 1_000

    private func scan(_ run: Recollection, _ vector: [Float]?, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let request = run.request
        let prior = FadingPrior(fading: run.fading, weights: run.weights, time: run.moment.valid)
        let words = partitions.words(of: principal.organization, .memory)
        let index = partitions[principal.organization, .memory]?.index
        let search = HybridSearch(text: request.text ?? "", words: words, weight: run.weights.relevance, prior: prior)
        var query = IndexQuery(
            vector: vector ?? [], k: request.tokensMax == nil ? request.k : max(request.k, MemoryEngine.budgetedMax), filter: principal.narrowing.filter(on: .memory, and: request.scope),
            time: run.moment.valid, exact: request.exact, recallTarget: MemoryEngine.recallDefault, shouldStop: { context.interruption != nil })
        query.moment = run.moment
        let scan = RecallScan(search: search, query: query, mode: run.mode)
        let accepted = searches.submit { [self] in
            if let interruption = context.interruption { return completion(.failure(interruption)) }
            let began = clock.ticks()
            do throws(IndexError) {
                let found = try scan.run(index)
                var run = run
                run.scanning = (clock.ticks() &- began) / 1_000
                fetch(found, run, vector, principal, context, completion)
            } catch {
                completion(.failure(EngineError(error, context)))
            }
        }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    private func fetch(
        _ found: HybridSearch.Answer, _ run: Recollection, _ vector: [Float]?, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion
    ) {
        let request = run.request
        var report = found.answer.report
        // How much there is beyond what it may see is not told.
        if !principal.narrowing.isNone { report.narrow() }
        report.asOf = feed.staleSince
        if request.asOf != nil { report.past = run.moment }
        let (hits, began, told) = (found.answer.hits, clock.ticks(), report)
        let index = partitions[principal.organization, .memory]?.index
        store.reads.memories(hits.map(\.id), of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { memories, completion in
                let rows = memories.keyed(by: \.id)
                var told = told
                var entries = hits.compactMap { hit in rows[hit.id].map { SearchAnswer.Entry(hit: hit, memory: $0) } }
                if let tokensMax = request.tokensMax { entries = entries.fitting(tokensMax, count: request.k) }
                // It is written behind the reply: whoever asked does not wait for it.
                if request.touches, request.asOf == nil { recalled.note(entries.compactMap(\.memory), of: principal.organization, at: run.moment.valid) }
                if run.isTraced, run.isOfAgent || !entries.isEmpty { told.trace = trace(request, entries, told, principal) }
                guard request.explains else { return completion(.success(.found(SearchAnswer(entries: entries, report: told)))) }
                let cosines = vector.flatMap { vector in index?.cosines(of: vector, entries.map(\.hit.id)) } ?? entries.map { _ in nil }
                let reasons = RecallReasons(found, run)
                let explanation = AnswerExplanation(
                    weights: run.weights, filter: principal.narrowing.filter(on: .memory, and: request.scope)?.tellable,
                    space: vector.flatMap { _ in partitions.space(of: principal.organization)?.id }, time: reasons.time, cosineScale: found.scale.cosine, wordsScale: found.scale.lexical, embeddingMicroseconds: run.embedding, scanningMicroseconds: run.scanning,
                    fetchingMicroseconds: (clock.ticks() &- began) / 1_000)
                completion(.success(.found(SearchAnswer(entries: zip(entries, cosines).map(reasons.explained), report: told, explanation: explanation))))
            }
        }
    }
}

/// One recall on its way: what was asked, by what is judged, and where the time went.
private struct Recollection: Sendable {
    let request: RecallRequest
    let mode: SearchMode
    let weights: RecallWeights
    let fading: Fading
    /// What is asked about.
    let moment: Moment
    /// Whether the audit is to have it, of an agent that is there even where nothing came.
    let isTraced: Bool
    let isOfAgent: Bool
    var embedding: UInt64 = 0
    var scanning: UInt64 = 0
}

/// By what is searched, as far as there is something to search.
private struct RecallScan {
    let search: HybridSearch
    var query: IndexQuery
    let mode: SearchMode

    func run(_ index: CosineIndex?) throws(IndexError) -> HybridSearch.Answer {
        if mode != .vector {
            guard mode == .hybrid, let index else { return search.byWords(k: query.k, filter: query.filter, at: query.moment, isScaled: true) }
            return try search.byBoth(query, in: index)
        }
        guard let index else { return HybridSearch.Answer(answer: IndexAnswer(hits: [], report: SearchReport()), scale: .cosineAlone, scores: .none) }
        var query = query
        query.ranking = Ranking(weight: HybridSearch.weight(search.weight), prior: search.prior)
        return HybridSearch.Answer(answer: try index.search(query), scale: .cosineAlone, scores: .none)
    }
}

/// Why each memory came.
private struct RecallReasons {
    private let scores: LexicalScores
    private let hasWords: Bool
    private let scale: RelevanceScale
    private let asked: AskedTime?
    let time: AnswerExplanation.Time?
    private let fading: Fading
    private let now: Timestamp

    init(_ found: HybridSearch.Answer, _ run: Recollection) {
        hasWords = found.answer.report.mode != .vector
        scores = found.scores
        scale = found.scale
        asked = found.time
        // The weight of relevance is in what the time counted.
        time = found.time.map { AnswerExplanation.Time($0.explained, scale: run.weights.relevance > 0 ? Double(found.timeWorth) / run.weights.relevance : 0) }
        (fading, now) = (run.fading, run.moment.valid)
    }

    func explained(_ entry: SearchAnswer.Entry, _ found: Float?) -> SearchAnswer.Entry {
        guard let memory = entry.memory else { return entry }
        let (cosine, said) = (found.map { Double($0) }, hasWords ? Double(scores.score(of: memory.id)) : nil)
        let isOfTime = asked?.has(memory) ?? false
        let relevance = scale.relevance(cosine: cosine ?? 0, lexical: said ?? 0) + (isOfTime ? time?.scale ?? 0 : 0)
        let explanation = HitExplanation(
            cosine: cosine, words: said, relevance: relevance, retention: fading.retention(MemoryFacts(memory), at: now), importance: fading.importance(MemoryFacts(memory), at: now),
            isOfTime: isOfTime)
        return SearchAnswer.Entry(hit: entry.hit, memory: memory, explanation: explanation)
    }
}

extension [SearchAnswer.Entry] {
    /// The best that fit together; one that is too long makes room for what comes after it.
    fileprivate func fitting(_ tokensMax: Int, count: Int) -> [SearchAnswer.Entry] {
        var (left, kept) = (tokensMax, [SearchAnswer.Entry]())
        for entry in self where kept.count < count {
            let tokens = entry.memory.map { RecallRequest.tokens(of: $0.content) } ?? 0
            guard tokens <= left else { continue }
            left -= tokens
            kept.append(entry)
        }
        return kept
    }
}

extension EngineError {
    /// Of a search that ended so.
    init(_ error: IndexError, _ context: OperationContext) {
        switch error {
        case .refused(let error): self = .field(error)
        case .wrongDimension(let found, let expected): self = .field(FieldError("vector", .wrongDimension(found: found, expected: expected)))
        case .stopped: self = context.interruption ?? .internalError
        }
    }
}

extension Filter {
    /// Itself, unless it has become larger than what may be sent.
    fileprivate var tellable: Filter? { (try? check(on: .memory)) == nil ? nil : self }
}
