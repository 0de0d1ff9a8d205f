internal import Records
internal import Storage

/// What is kept of recalls, so that it can be shown why an agent said something: who asked, and which memories came.
extension MemoryEngine {
    private static let tracesAtOnce = 256
    private static let entriesEndedAtOnce = 1_000

    /// The name of the entry that will tell of it.
    func trace(_ request: RecallRequest, _ entries: [SearchAnswer.Entry], _ report: SearchReport, _ principal: Principal) -> Identifier {
        let now = clock.now()
        let found = entries.prefix(Limits.tracedMemoriesMax).compactMap { entry in entry.memory.map { RecallTrace.Found($0, score: entry.hit.score) } }
        let trace = RecallTrace(id: identifiers.next(at: now), at: now, of: request, by: principal, report, found: found, leftOut: entries.count - found.count)
        traces.note([trace], of: principal.organization)
        return trace.id
    }

    /// Writes what was recalled: how often each memory was, and the audit's entries. Nothing waits for it.
    public func writeRecalls() {
        let now = clock.now()
        for (organization, accesses) in recalled.take() {
            submit(WriteRequest(organization: organization, at: now, action: .noteAccesses(accesses))) { [log] result in
                if case .failure(let error) = result { log.warning("it could not be written which memories were recalled", (.detail, error.description)) }
            }
        }
        let (waiting, lost) = traces.take()
        if lost > 0 { log.warning("the audit has no entries of recalls, as the store was away for too long", (.count, String(lost))) }
        for (organization, recalls) in waiting {
            for part in recalls.parts(of: MemoryEngine.tracesAtOnce) {
                store.write(WriteRequest(organization: organization, at: now, action: .trace(part))) { [self] result in
                    guard case .failure(let error) = result, error != .closed else { return }
                    log.warning(error.mayPass ? "recalls wait to be written to the audit" : "recalls could not be written to the audit", (.count, String(part.count)), (.detail, error.description))
                    if error.mayPass { traces.note(part, of: organization) }
                }
            }
        }
    }

    func endAudit(of organization: Identifier, before time: Timestamp) {
        store.write(WriteRequest(organization: organization, at: clock.now(), action: .endAudit(before: time, limit: MemoryEngine.entriesEndedAtOnce))) { [self] result in
            switch result {
            case .success(let outcome): if outcome.receipt.rows.count == MemoryEngine.entriesEndedAtOnce { endAudit(of: organization, before: time) }
            case .failure(let error): if error != .closed { log.warning("old audit entries could not be deleted", (.detail, error.description)) }
            }
        }
    }
}

extension StorageError {
    /// Whether the same may succeed later.
    fileprivate var mayPass: Bool {
        switch self {
        case .busy, .full, .unavailable: true
        default: false
        }
    }
}
