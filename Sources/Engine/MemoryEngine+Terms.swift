internal import Records
internal import Storage
internal import Terminology

extension MemoryEngine {
    /// Without a vector and, but for definitions, without the store: somebody is typing.
    func suggest(_ request: SuggestRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let narrowing = principal.narrowing
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        guard narrowing.agent == nil, narrowing.session == nil else { return completion(.failure(.narrowed(.term))) }
        guard let user = request.user ?? narrowing.user else { return completion(.failure(.field(FieldError("user", .missing)))) }
        guard narrowing.user == nil || narrowing.user == user else { return completion(.failure(.narrowed(.term))) }
        guard partitions.hasWords else { return completion(.failure(.wordsNotRead)) }
        let book = partitions.terms(of: principal.organization)
        let accepted = searches.submit(mayRunHere: context.mayRunHere) { [self] in
            if let interruption = context.interruption { return completion(.failure(interruption)) }
            let found = book.suggest(request, to: user)
            guard request.withDefinitions, !found.isEmpty else { return completion(.success(.suggested(found))) }
            define(found, principal, context, completion)
        }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    /// With what they mean; those that went meanwhile are left out.
    private func define(_ found: [Suggestion], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        store.reads.records(
            .term, found.map(\.id), of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: { context.interruption == nil }
        ) { [self] result in
            finish(result, context, completion) { records, completion in
                let definitions = Dictionary(records.map { ($0.id, $0.text(.definition)) }, uniquingKeysWith: { first, _ in first })
                completion(
                    .success(
                        .suggested(
                            found.compactMap { suggestion in
                                guard let definition = definitions[suggestion.id] else { return nil }
                                var defined = suggestion
                                defined.definition = definition
                                return defined
                            })))
            }
        }
    }
}
