internal import Lexical
internal import Records
internal import VectorIndex

/// Searches for a text: by its words and by its vector.
extension MemoryEngine {
    /// Words need no vector: where no vectors are made at all, they are searched alone.
    func search(_ request: SearchRequest, for text: String, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        let mode = request.mode ?? (embeddings == nil ? .lexical : .hybrid)
        guard mode != .lexical || partitions.hasWords else { return completion(.failure(.wordsNotRead)) }
        guard mode != .lexical else { return searchWords(request, text, nil, principal, context, completion) }
        // Where the words have not been read yet, vectors say what they can, and the report says by what rows were found.
        guard mode == .hybrid, partitions.hasWords else {
            return embed(question: text, principal.organization, context, completion) { [self] vector in
                search(request, with: vector, principal, context, mayRunHere: false, completion)
            }
        }
        guard request.kind == .message else {
            return embed(question: text, principal.organization, context, completion) { [self] vector in searchWords(request, text, vector, principal, context, completion) }
        }
        // What nearly every message has, as the names of those who speak, says nothing of what is meant.
        let words = partitions.words(of: principal.organization, .message)
        let query = indexQuery(request, [], principal, context)
        let accepted = searches.submit { [self] in
            let meaning = words.withoutCommonWords(text, filter: query.filter, at: query.moment)
            embed(question: meaning, principal.organization, context, completion) { [self] vector in searchWords(request, text, vector, principal, context, completion) }
        }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    private func searchWords(
        _ request: SearchRequest, _ text: String, _ vector: [Float]?, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion
    ) {
        let search = HybridSearch(text: text, words: partitions.words(of: principal.organization, request.kind))
        let index = partitions[principal.organization, request.kind]?.index
        let query = indexQuery(request, vector ?? [], principal, context)
        let accepted = searches.submit { [self] in
            if let interruption = context.interruption { return completion(.failure(interruption)) }
            guard let index, vector != nil else {
                return answer(.success(search.byWords(k: query.k, filter: query.filter, at: query.moment, isScaled: false).answer), request, principal, context, completion)
            }
            let found = Result { () throws(IndexError) in
                switch request.kind {
                case .message: try messages(text, query, principal, search, index)
                case .conversation: try conversations(text, query, principal, search, index)
                default: try search.byBoth(query, in: index).answer
                }
            }
            answer(found, request, principal, context, completion)
        }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    /// By what they say, by what was said right before and after, and by what their conversation is called.
    private func messages(_ text: String, _ query: IndexQuery, _ principal: Principal, _ search: HybridSearch, _ index: CosineIndex) throws(IndexError) -> IndexAnswer {
        var search = search
        if principal.mayRead(.conversation, .conversationsRead) {
            let titles = partitions.words(of: principal.organization, .conversation)
            search.titles = titles.scores(of: text, filter: principal.narrowing.filter(on: .conversation, and: nil), at: query.moment)
        }
        return try search.byBoth(query, in: index).answer
    }

    /// So many messages say which conversations they are of.
    private static let messagesMin = 256

    /// By what they are called, or by the best that was said in them.
    private func conversations(_ text: String, _ query: IndexQuery, _ principal: Principal, _ search: HybridSearch, _ index: CosineIndex) throws(IndexError) -> IndexAnswer {
        let found = try search.byBoth(query, in: index).answer
        // Of what it may not read, a key learns nothing here either.
        guard principal.mayRead(.message, .messagesRead), let messages = partitions[principal.organization, .message]?.index else { return found }
        var question = query
        question.k = max(2 * query.k, MemoryEngine.messagesMin)
        question.filter = principal.narrowing.filter(on: .message, and: nil)
        let words = partitions.words(of: principal.organization, .message)
        let said = try HybridSearch(text: text, words: words).byBoth(question, in: messages)
        var scores: [Identifier: Float] = [:]
        for hit in said.answer.hits {
            guard let conversation = said.scores.conversation(of: hit.id) else { continue }
            scores[conversation] = max(scores[conversation] ?? hit.score, hit.score)
        }
        let admitted = try index.admitted(scores.keys, by: query).union(found.hits.map(\.id))
        for hit in found.hits { scores[hit.id] = max(scores[hit.id] ?? hit.score, hit.score) }
        let hits = scores.filter { admitted.contains($0.key) }.map { Hit(id: $0.key, score: $0.value) }
        let best = Array(hits.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.prefix(query.k))
        return IndexAnswer(hits: best, report: found.report)
    }
}

extension Principal {
    fileprivate func mayRead(_ kind: Kind, _ scope: Scope) -> Bool { scopes.contains(scope) && narrowing.admits(kind) }
}
