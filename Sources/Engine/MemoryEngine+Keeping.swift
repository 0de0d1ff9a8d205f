internal import Records
internal import Recall
internal import Storage
internal import VectorIndex

/// What becomes of memories: those that say the same, those that took another's place, and those of a session that ends.
extension MemoryEngine {
    /// What is asked of each memory, with those beside it that may say nearly the same.
    func keepings(
        _ drafts: [MemoryDraft], _ memories: [Memory], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion,
        _ then: @escaping @Sendable ([Keeping]) -> Void
    ) {
        // Queries of one moment read the rows together.
        let now = clock.now()
        let index = partitions[principal.organization, .memory]?.index
        let asked = drafts.indices.filter { drafts[$0].onSimilar != .keep && memories[$0].embedding != nil }
        guard let index, !asked.isEmpty else { return then(drafts.map { Keeping($0, similar: []) }) }
        let accepted = searches.submit {
            if let interruption = context.interruption { return completion(.failure(interruption)) }
            var similar = [[Identifier]](repeating: [], count: drafts.count)
            let queries = asked.map { place in
                IndexQuery(
                    vector: memories[place].embedding?.vector ?? [], k: MemoryEngine.similarLookedAt, filter: memories[place].beside, time: memories[place].validity.from ?? now,
                    recallTarget: drafts[place].leastCosine >= MemoryEngine.nearCosine ? MemoryEngine.recallOfNear : MemoryEngine.recallDefault,
                    shouldStop: { context.interruption != nil })
            }
            for (place, answer) in zip(asked, index.search(queries)) {
                let least = Float(drafts[place].leastCosine) - MemoryEngine.similaritySlack
                if case .success(let answer) = answer { similar[place] = answer.hits.filter { $0.score >= least }.map(\.id) }
            }
            then(zip(drafts, similar).enumerated().map { place, pair in
                // Those that come with it are not in the index yet.
                let acts = [.supersede, .merge].contains(pair.0.onSimilar)
                return Keeping(pair.0, similar: pair.1 + (acts ? memories[..<place].filter { $0.mayBeSimilar(to: memories[place]) }.map(\.id) : []))
            })
        }
        if !accepted { completion(.failure(.busy("searches"))) }
    }

    /// More than are told, so that those count too that the store then finds to have ended.
    private static let similarLookedAt = 2 * SimilarAction.countMax
    /// Rows that are so near to each other lie in the same lists, and are found among the first that are looked at.
    private static let nearCosine = 0.9
    private static let recallOfNear = 0.8
    /// The index and the store round differently.
    private static let similaritySlack: Float = 1e-4

    /// The memory with all that took its place, and all whose place it took, in the order in which they were so.
    func history(_ id: Identifier, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        store.reads.history(of: id, principal.organization, shownTo: principal.narrowing, at: clock.now(), isWanted: { context.interruption == nil }) { [self] result in
            finish(result, context, completion) { memories, completion in
                completion(memories.isEmpty ? .failure(.notFound(.memory, id)) : .success(.memories(memories)))
            }
        }
    }

    // MARK: Sessions

    private static let rowsAtOnce = 200

    /// What the writes of one operation have done so far.
    private struct Ending: Sendable {
        let rule: SessionEnding
        var after: Identifier?
        var promoted: Int64 = 0
        var dropped: Int64 = 0

        var counts: JSON {
            .object([.init("promoted", .integer(promoted)), .init("dropped", .integer(dropped))])
        }
    }

    func endSession(_ given: SessionEnding, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try given.check() } catch { return completion(.failure(.field(error))) }
        guard given.isAsAgent else { return end(Ending(rule: given), principal, context, completion) }
        store.reads.records(.conversation, [given.session], of: principal.organization, shownTo: principal.narrowing, withVectors: false, isWanted: { context.interruption == nil }) {
            [self] result in
            finish(result, context, completion) { [self] found, completion in
                guard let agent = given.agent ?? found.first?.identifier(.agent) else { return completion(.failure(.field(FieldError("agent", .missing)))) }
                store.reads.records(.agent, [agent], of: principal.organization, shownTo: .none, withVectors: false, isWanted: { context.interruption == nil }) { [self] result in
                    finish(result, context, completion) { [self] found, completion in
                        guard let record = found.first else { return completion(.failure(.notFound(.agent, agent))) }
                        var rule = given
                        rule.agent = agent
                        rule.follow(memoryType: record.text(.memoryType) ?? "conversation")
                        end(Ending(rule: rule), principal, context, completion)
                    }
                }
            }
        }
    }

    /// Part by part, so that others can write between two. Whoever asks again goes on where it ended.
    private func end(_ ending: Ending, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        // What is kept for good is of no session, and so beyond a key of one.
        guard ending.rule.promotesFrom == nil || principal.narrowing.session == nil else { return completion(.failure(.narrowed(.memory))) }
        if let interruption = context.interruption { return completion(.failure(interruption)) }
        let part = MemoryPart(agent: ending.rule.agent, session: ending.rule.session, after: ending.after, limit: MemoryEngine.rowsAtOnce)
        let action = WriteAction.endSession(ending.rule, part)
        submit(WriteRequest(organization: principal.organization, at: clock.now(), action: action, narrowing: principal.narrowing)) { [self] result in
            finish(result, context, completion) { [self] outcome, completion in
                var done = ending
                done.promoted += Int64(outcome.memories.count { $0.deletedAt == nil })
                done.dropped += Int64(outcome.memories.count { $0.deletedAt != nil })
                done.after = outcome.receipt.rows.last?.id
                guard outcome.receipt.rows.count < MemoryEngine.rowsAtOnce else { return end(done, principal, context, completion) }
                completion(.success(.counted(done.counts)))
            }
        }
    }
}

extension Keeping {
    fileprivate init(_ draft: MemoryDraft, similar: [Identifier]) {
        self.init(
            supersedes: draft.supersedes, onSimilar: draft.onSimilar, similarity: draft.leastCosine, similar: similar)
    }
}

extension MemoryDraft {
    /// From which on another memory says nearly the same.
    fileprivate var leastCosine: Double { similarity ?? SimilarAction.similarityDefault }
}

extension Memory {
    /// Those of the same agent, user, session and type.
    fileprivate var beside: Filter {
        .and([
            .equals(.agent, .identifier(agent)), .equals(.type, .text(type.name)), user.map { .equals(.user, .identifier($0)) } ?? .not(.exists(.user)),
            session.map { .equals(.session, .identifier($0)) } ?? .not(.exists(.session)),
        ])
    }

    fileprivate func mayBeSimilar(to other: Memory) -> Bool { type == other.type && isBeside(other) && embedding != nil }
}
