internal import Lexical
internal import Records
internal import Storage
internal import Terminology

extension MemoryEngine {
    /// Without a vector and, but for definitions, without the store: somebody is typing.
    func suggest(_ request: SuggestRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        guard !request.byMeaning else { return suggestByMeaning(request, principal, context, completion) }
        look(for: request.user, principal, context, mayRunHere: context.mayRunHere, completion) { [self] book, user in
            complete(book.suggest(request, to: user), request, principal, context, completion)
        }
    }

    private func suggestByMeaning(_ request: SuggestRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        // Whether the key may see it at all is told before a vector is made.
        look(for: request.user, principal, context, mayRunHere: true, completion) { [self] _, user in
            embed(question: request.typed, principal.organization, context, completion) { [self] vector in
                look(for: user, principal, context, mayRunHere: false, completion) { [self] book, user in
                    let search = relatedSearch(book, user, principal)
                    let near = search.near(vector, k: 2 * request.limit + RelatedSearch.nearMin, { context.interruption != nil })
                    complete(book.suggest(near: near, request, to: user), request, principal, context, completion)
                }
            }
        }
    }

    private func complete(_ found: [Suggestion], _ request: SuggestRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        guard request.withDefinitions, !found.isEmpty else { return completion(.success(.suggested(found))) }
        define(found, principal, context, completion)
    }

    private func relatedSearch(_ book: TermBook, _ user: Identifier, _ principal: Principal) -> RelatedSearch {
        RelatedSearch(
            book: book, words: partitions.words(of: principal.organization, .term), vectors: partitions[principal.organization, .term]?.index, user: user, time: clock.now())
    }

    func detect(_ request: DetectRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        look(for: request.user, principal, context, mayRunHere: false, completion) { book, user in
            guard let detection = book.detect(request, for: user, shouldStop: { context.interruption != nil }) else {
                return completion(.failure(context.interruption ?? .cancelled))
            }
            completion(.success(.detected(detection)))
        }
    }

    func related(_ request: RelatedRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        look(for: request.user, principal, context, mayRunHere: false, completion) { [self] book, user in
            store.reads.records(
                .term, [request.id], of: principal.organization, shownTo: Narrowing(user: user), withVectors: true, isWanted: { context.interruption == nil }
            ) { [self] result in
                finish(result, context, completion) { [self] records, completion in
                    guard let record = records.first, let subject = RelatedSubject(record) else { return completion(.failure(.notFound(.term, request.id))) }
                    let search = relatedSearch(book, user, principal)
                    let accepted = searches.submit {
                        let found = search.related(to: subject, record.embedding?.vector, limit: request.limit, shouldStop: { context.interruption != nil })
                        completion(found.map { .success(.related($0)) } ?? .failure(context.interruption ?? .cancelled))
                    }
                    if !accepted { completion(.failure(.busy("searches"))) }
                }
            }
        }
    }

    func learn(_ request: LearnRequest, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try request.check() } catch { return completion(.failure(.field(error))) }
        guard let user = user(request.user, principal, completion) else { return }
        let now = clock.now()
        // Terms need not be read for what was done with them.
        guard !request.typed.isEmpty else { return write(.learn(request.events, words: [:], user: user), principal, context, at: now, completion) }
        look(for: user, principal, context, mayRunHere: false, completion) { [self] book, user in
            guard let words = book.unknownWords(of: request.typed, for: user, shouldStop: { context.interruption != nil }) else {
                return completion(.failure(context.interruption ?? .cancelled))
            }
            write(.learn(request.events, words: words, user: user), principal, context, at: now, completion)
        }
    }

    /// Whose dictionary it is, if the key may see it; else `completion` was told why not.
    private func user(_ asked: Identifier?, _ principal: Principal, _ completion: @escaping Completion) -> Identifier? {
        let narrowing = principal.narrowing
        var refusal = EngineError.narrowed(.term)
        if narrowing.agent == nil, narrowing.session == nil {
            if let user = asked ?? narrowing.user { if narrowing.user == nil || narrowing.user == user { return user } } else { refusal = .field(FieldError("user", .missing)) }
        }
        completion(.failure(refusal))
        return nil
    }

    /// Has a user's dictionary looked into, if the key may see it.
    private func look(
        for asked: Identifier?, _ principal: Principal, _ context: OperationContext, mayRunHere: Bool, _ completion: @escaping Completion,
        _ body: @escaping @Sendable (TermBook, Identifier) -> Void
    ) {
        guard let user = user(asked, principal, completion) else { return }
        guard partitions.hasWords else { return completion(.failure(.wordsNotRead)) }
        let book = partitions.terms(of: principal.organization)
        let accepted = searches.submit(mayRunHere: mayRunHere) {
            if let interruption = context.interruption { return completion(.failure(interruption)) }
            body(book, user)
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

extension RelatedSubject {
    /// Nil of what is no term.
    init?(_ record: Record) {
        guard let term = record.text(.term), let definition = record.text(.definition) else { return nil }
        self.init(
            id: record.id, term: term, definition: definition, named: record.texts(.relatedTerms), language: record.text(.language).flatMap { Language(tag: $0) })
    }
}
