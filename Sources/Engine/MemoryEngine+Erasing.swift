internal import Dispatch
internal import Records
internal import Storage
internal import Synchronization

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
                    let isScrubbed = scrub(untilDone: context)
                    indexing.async { [self] in
                        partitions.shed(principal.organization)
                        embeddings?.forgetVectors()
                        log.info("rows were erased", (.organization, principal.organization.description), (.kind, erasure.subject.name), (.count, String(gone.values.reduce(0, +))))
                        let counts = Kind.allCases.compactMap { kind in gone[kind].map { JSON.Member(kind.plural, .integer($0)) } }
                        completion(.success(.counted(.object(counts + [.init("scrubbed", .bool(isScrubbed))]))))
                    }
                }
            }
        }
    }

    private static let scrubTries = 20
    private static let scrubPauseMilliseconds = 100

    /// Whoever reads what was before holds it up for a while; if it takes longer, it is tried again later.
    private func scrub(untilDone context: OperationContext) -> Bool {
        for _ in 0..<MemoryEngine.scrubTries where context.interruption == nil {
            if (try? store.scrub()) == true { return true }
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(MemoryEngine.scrubPauseMilliseconds))
        }
        scrubWaits.store(true, ordering: .relaxed)
        log.warning("what was erased is still in the store's log, because somebody reads what was before; it is tried again")
        return false
    }

    /// What could not be done when rows were erased.
    func scrubLater() {
        guard scrubWaits.load(ordering: .relaxed) else { return }
        verifying.async { [self] in if (try? store.scrub()) == true { scrubWaits.store(false, ordering: .relaxed) } }
    }
}
