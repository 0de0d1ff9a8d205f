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
        store.memories(ids, of: principal.organization, withVectors: withVectors, isWanted: { context.interruption == nil }) { [log] result in
            switch result {
            case .success(let memories):
                let alive = memories.filter { !$0.isExpired(at: now) }
                if alive.isEmpty, let first = ids.first { completion(.failure(.notFound(.memory, first))) } else { completion(.success(.memories(alive))) }
            case .failure(let error):
                if EngineError(error).isOurs { log.error("memories could not be read", (.detail, error.description)) }
                completion(.failure(context.interruption ?? EngineError(error)))
            }
        }
    }

    func list(_ listing: MemoryListing, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try listing.check() } catch { return completion(.failure(.field(error))) }
        store.page(listing, of: principal.organization, at: clock.now(), isWanted: { context.interruption == nil }) { [log] result in
            if case .failure(let error) = result, EngineError(error).isOurs { log.error("a page could not be read", (.detail, error.description)) }
            completion(result.mapError { context.interruption ?? EngineError($0) }.map(Outcome.page))
        }
    }

    func search(_ request: SearchRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        guard case .vector(let vector) = request.query else { return completion(.failure(.noEmbedder)) }
        guard let partition = partitions[principal.organization] else {
            return completion(.success(.found(SearchAnswer(entries: [], report: SearchReport()))))
        }
        guard vector.count == partition.space.dimension else {
            return completion(.failure(.field(FieldError("vector", .wrongDimension(found: vector.count, expected: partition.space.dimension)))))
        }
        let query = IndexQuery(
            vector: vector, k: request.k, filter: request.filter, time: clock.now(), exact: request.exact,
            shouldStop: { context.interruption != nil })
        let accepted = searches.submit(query, to: partition.index) { result in
            switch result {
            case .failure(.refused(let error)): completion(.failure(.field(error)))
            case .failure(.wrongDimension(let found, let expected)):
                completion(.failure(.field(FieldError("vector", .wrongDimension(found: found, expected: expected)))))
            case .failure(.stopped): completion(.failure(context.interruption ?? .internalError))
            case .success(let answer): self.fetch(answer, request, principal, context, completion)
            }
        }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    /// The memories behind the hits, if they are wanted. One that was deleted in the meantime is left out.
    private func fetch(_ answer: IndexAnswer, _ request: SearchRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        guard request.withContent, !answer.hits.isEmpty else {
            let entries = answer.hits.map { SearchAnswer.Entry(hit: $0, memory: nil) }
            return completion(.success(.found(SearchAnswer(entries: entries, report: answer.report))))
        }
        store.memories(answer.hits.map(\.id), of: principal.organization, withVectors: false, isWanted: { context.interruption == nil }) { [log] result in
            switch result {
            case .failure(let error):
                if EngineError(error).isOurs { log.error("found memories could not be read", (.detail, error.description)) }
                completion(.failure(context.interruption ?? EngineError(error)))
            case .success(let memories):
                let byIdentifier = Dictionary(memories.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
                let entries = answer.hits.compactMap { hit in byIdentifier[hit.id].map { SearchAnswer.Entry(hit: hit, memory: $0) } }
                completion(.success(.found(SearchAnswer(entries: entries, report: answer.report))))
            }
        }
    }
}
