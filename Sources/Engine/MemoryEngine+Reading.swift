internal import Columns
internal import Recall
internal import Records
internal import Storage
internal import VectorIndex

extension MemoryEngine {
    /// Those of the memories that are there, in the order asked; an error only when none is.
    func get(
        _ ids: [Identifier], _ withVectors: Bool, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion
    ) {
        do throws(FieldError) { try Checks.batch(ids.count, "ids") } catch { return completion(.failure(.field(error))) }
        let now = clock.now()
        store.reads.memories(ids, of: principal.organization, shownTo: principal.narrowing, withVectors: withVectors, isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { memories, completion in
                let alive = memories.filter { $0.isShown(at: now) }
                if alive.isEmpty, let first = ids.first { completion(.failure(.notFound(.memory, first))) } else { completion(.success(.memories(alive))) }
            }
        }
    }

    func list(_ listing: MemoryListing, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try listing.check() } catch { return completion(.failure(.field(error))) }
        store.reads.page(listing, of: principal.organization, shownTo: principal.narrowing, at: clock.now(), isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { [self] page, completion in
                guard let dueAt = listing.dueAt else { return completion(.success(.page(page))) }
                settings(of: Set(page.memories.map(\.agent)), principal.organization, context, completion) { settings in
                    // What the column says is looked at once more, as the sweep does.
                    let due = page.memories.filter { memory in
                        let forgetAt = (settings[memory.agent] ?? MemorySettings()).fading.forgetAt(MemoryFacts(memory))
                        return memory.isExpired(at: dueAt) || forgetAt.map { $0 <= dueAt } ?? false
                    }
                    completion(.success(.page(MemoryPage(memories: due, next: page.next))))
                }
            }
        }
    }

    static let recallDefault = 0.95

    func search(_ request: SearchRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        switch request.query {
        case .text(let text): search(request, for: text, principal, context, completion)
        case .vector(let vector):
            do throws(FieldError) { try check(question: vector, of: request.space, principal.organization) } catch { return completion(.failure(.field(error))) }
            search(request, with: vector, principal, context, mayRunHere: context.mayRunHere, completion)
        }
    }

    /// Whether it can be compared with the organization's vectors.
    func check(question vector: [Float], of named: Identifier?, _ organization: Identifier) throws(FieldError) {
        let choice = try space(for: vector, of: named, organization, at: clock.now())
        if !choice.isNew { try choice.check(vector, of: named) }
    }

    func indexQuery(_ request: SearchRequest, _ vector: [Float], _ principal: Principal, _ context: OperationContext) -> IndexQuery {
        IndexQuery(
            vector: vector, k: request.k, filter: principal.narrowing.filter(on: request.kind, and: request.filter), time: clock.now(),
            exact: request.exact || request.recall == 1, recallTarget: request.recall ?? MemoryEngine.recallDefault, probes: request.probes, shouldStop: { context.interruption != nil })
    }

    func search(
        _ request: SearchRequest, with vector: [Float], _ principal: Principal, _ context: OperationContext, mayRunHere: Bool, _ completion: @escaping Completion
    ) {
        guard let partition = partitions[principal.organization, request.kind] else {
            return completion(.success(.found(SearchAnswer(entries: [], report: SearchReport()))))
        }
        let query = indexQuery(request, vector, principal, context)
        let accepted = searches.submit(query, to: partition.index, mayRunHere: mayRunHere) { [self] in answer($0, request, principal, context, completion) }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    func answer(
        _ result: Result<IndexAnswer, IndexError>, _ request: SearchRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion
    ) {
        switch result {
        case .failure(let error): completion(.failure(EngineError(error, context)))
        case .success(var answer):
            // How much there is beyond what it may see is not told.
            if !principal.narrowing.isNone { answer.report.narrow() }
            fetch(answer, request, principal, context, completion)
        }
    }

    /// The rows behind the hits, if they are wanted. One that was deleted in the meantime is left out; while the store is away, all come as far as the index
    /// knows them.
    private func fetch(_ answer: IndexAnswer, _ request: SearchRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        var answer = answer
        answer.report.asOf = feed.staleSince
        let found = answer
        guard request.withContent, !found.hits.isEmpty else { return completion(.success(.found(SearchAnswer(found) { SearchAnswer.Entry(hit: $0) }))) }
        let ids = found.hits.map(\.id)
        let isWanted: @Sendable () -> Bool = { context.interruption == nil }
        guard request.kind == .memory else {
            return store.reads.records(request.kind, ids, of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: isWanted) {
                [self] result in
                finish(result, context, orWithoutContents(found, request.kind, principal, completion)) { records, completion in
                    let rows = records.keyed(by: \.id)
                    completion(.success(.found(SearchAnswer(found) { hit in rows[hit.id].map { SearchAnswer.Entry(hit: hit, record: $0) } })))
                }
            }
        }
        store.reads.memories(ids, of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: isWanted) { [self] result in
            finish(result, context, orWithoutContents(found, .memory, principal, completion)) { memories, completion in
                let rows = memories.keyed(by: \.id)
                completion(.success(.found(SearchAnswer(found) { hit in rows[hit.id].map { SearchAnswer.Entry(hit: hit, memory: $0) } })))
            }
        }
    }

    private func orWithoutContents(_ answer: IndexAnswer, _ kind: Kind, _ principal: Principal, _ completion: @escaping Completion) -> Completion {
        { [self] result in
            guard case .failure(.storeUnavailable) = result, let index = partitions[principal.organization, kind]?.index else { return completion(result) }
            let rows = index.attributes(of: answer.hits.map(\.id))
            var answer = answer
            answer.report.lacksContents = true
            let organization = principal.organization
            completion(
                .success(
                    .found(
                        SearchAnswer(answer) { hit in
                            rows[hit.id].map { row in
                                kind == .memory
                                    ? SearchAnswer.Entry(hit: hit, memory: Memory(row, of: organization))
                                    : SearchAnswer.Entry(hit: hit, record: Record(row, kind, of: organization))
                            }
                        })))
        }
    }
}

extension SearchAnswer {
    /// Without the hits that have no entry.
    fileprivate init(_ answer: IndexAnswer, _ entry: (Hit) -> Entry?) { self.init(entries: answer.hits.compactMap(entry), report: answer.report) }
}
