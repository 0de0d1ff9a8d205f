internal import Dispatch
internal import Records
internal import Storage

/// What a person may ask for: that all goes that is kept of somebody.
extension MemoryEngine {
    private static let rowsAtOnce = 200

    /// Rows first, part by part; then what is left of them in the store's free room, in memory, and in what was embedded lately. Whoever asks again goes on where it ended.
    func erase(_ erasure: Erasure, _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        do throws(FieldError) { try erasure.check() } catch { return completion(.failure(.field(error))) }
        guard principal.narrowing.isNone else { return completion(.failure(.narrowed(.memory))) }
        erase(erasure, gone: [:], principal, context, completion)
    }

    private func erase(_ erasure: Erasure, gone: [Kind: Int64], _ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        if let interruption = context.interruption { return completion(.failure(interruption)) }
        let action = WriteAction.erase(erasure, limit: MemoryEngine.rowsAtOnce)
        submit(WriteRequest(organization: principal.organization, at: clock.now(), action: action)) { [self] result in
            finish(result, context, completion) { [self] outcome, completion in
                guard outcome.removed.isEmpty else {
                    return erase(erasure, gone: gone.merging(outcome.removed.mapValues { Int64($0.count) }) { $0 + $1 }, principal, context, completion)
                }
                verifying.async { [self] in
                    do throws(StorageError) { try store.scrub() } catch { return completion(.failure(EngineError(error))) }
                    indexing.async { [self] in
                        partitions.shed(principal.organization)
                        embeddings?.forgetVectors()
                        log.info("rows were erased", (.organization, principal.organization.description), (.kind, erasure.subject.name), (.count, String(gone.values.reduce(0, +))))
                        completion(.success(.counted(.object(Kind.allCases.compactMap { kind in gone[kind].map { .init(kind.plural, .integer($0)) } }))))
                    }
                }
            }
        }
    }
}
