public import Records
internal import Wire

extension MemoryClient {
    /// A job that waits for a worker: the server itself for retention, a client for the rest.
    public func startJob(
        _ type: JobType, parameters: JSON? = nil, total: Int64? = nil, idempotencyKey: Identifier? = nil
    ) async throws(ClientError) -> Identifier {
        var draft = RecordDraft(.job, [.type: .text(type.rawValue)])
        if let parameters { draft.values[.parameters] = .json(parameters) }
        if let total { draft.values[.totalCount] = .integer(total) }
        let receipt = try await write(.startJob(draft), idempotencyKey)
        guard let row = receipt.rows.first else { throw .protocolViolation("a receipt without a row") }
        return row.id
    }

    /// The job as it is now, with where to go on; refused while another worker holds it.
    public func claimJob(_ id: Identifier, worker: Identifier) async throws(ClientError) -> Record {
        try await job(.claimJob(id, worker: worker))
    }

    public func stepJob(_ step: JobStep) async throws(ClientError) -> WriteReceipt { try await write(.stepJob(step), nil) }

    public func controlJob(_ id: Identifier, _ control: JobControl) async throws(ClientError) -> WriteReceipt { try await write(.controlJob(id, control), nil) }

    /// Rows of another server, together with the step of the job that brings them.
    public func bring(_ batch: ImportBatch, step: JobStep) async throws(ClientError) -> WriteReceipt { try await write(.importing(batch, step), nil) }

    /// The job now, and whenever it has gone on, until it is over.
    public func watchJob(_ id: Identifier) -> AsyncThrowingStream<Record, any Error> {
        AsyncThrowingStream { continuation in
            let watching = Task {
                do {
                    var seen: Int64 = 0
                    while true {
                        let job: Record
                        do throws(ClientError) {
                            job = try await self.job(.watchJob(id, after: seen))
                        } catch {
                            guard error.isSilence, !Task.isCancelled else { throw error }
                            continue
                        }
                        continuation.yield(job)
                        if job.jobState?.isOver == true { return continuation.finish() }
                        seen = job.version
                    }
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in watching.cancel() }
        }
    }

    private func job(_ operation: Operation) async throws(ClientError) -> Record {
        guard case .records(let jobs) = try await perform(operation), let job = jobs.first else { throw .protocolViolation("another answer than a job") }
        return job
    }
}

extension ClientError {
    /// Nothing has happened for as long as one waits for an answer.
    fileprivate var isSilence: Bool {
        switch self {
        case .timedOut: true
        case .refused(let fault): fault.code == .deadlineExceeded
        case .unreachable, .notTrusted, .connectionLost, .cancelled, .protocolViolation, .closed, .tooLarge: false
        }
    }
}
