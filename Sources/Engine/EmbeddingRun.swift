internal import Embedding
internal import Records
internal import Storage

/// The work of one job of the type `embed`: rows that wait for their vector get it, those first that wait longest. While the embedder fails the job
/// keeps its place and tries again, at growing distances; the desk is free for other jobs meanwhile.
struct EmbeddingRun: Sendable {
    private let runner: JobRunner
    private let engine: MemoryEngine
    private let job: Record
    private let embeddings: EmbeddingQueue
    private let choice: SpaceChoice
    private let space: EmbeddingSpace

    private static let rowsAtOnce = 64

    /// Nil where this server does not make the vectors of the job's organization.
    init?(_ runner: JobRunner, _ engine: MemoryEngine, _ job: Record) {
        guard let embeddings = engine.embeddings, let choice = try? engine.space(for: nil, of: nil, job.organization, at: engine.clock.now()), choice.embeds,
            let space = choice.space
        else { return nil }
        self.runner = runner
        self.engine = engine
        self.job = job
        self.embeddings = embeddings
        self.choice = choice
        self.space = space
    }

    func step() {
        engine.store.reads.waitingTexts(of: job.organization, limit: EmbeddingRun.rowsAtOnce) { [self] result in
            switch result {
            case .failure(let error): runner.stop(job, error)
            case .success(let rows):
                guard !rows.isEmpty else { return runner.finish(job, runner.step(job, end: .succeeded)) }
                let prefix = space.model.passagePrefix
                let fit = rows.filter { $0.text.map { embeddings.embedder.limits.admits($0, prefix) } ?? false }
                // What is gone, or can never have a vector, waits no longer.
                let rest = rows.filter { row in !fit.contains { $0.kind == row.kind && $0.id == row.id } }.map { $0.made(nil) }
                guard !fit.isEmpty else { return keep(rest) }
                embed(fit) { answer in
                    switch answer {
                    case .success(let vectors): keep(rest + zip(fit, vectors).map { $0.made($1) })
                    case .failure(.embedding(let error)) where error.mayBeOfOneText && fit.count > 1: embedEach(fit, rest)
                    case .failure(let failure): retry(failure)
                    }
                }
            }
        }
    }

    /// After a refusal of all together: those that are refused alone, while others are not, wait no longer.
    private func embedEach(_ rows: [WaitingText], _ made: [MadeVector], hasSucceeded: Bool = false, refused: [MadeVector] = []) {
        guard let row = rows.first else {
            return hasSucceeded ? keep(made + refused) : retry(.embedding(.refused(endpoint: space.model.name, why: "every text is refused")))
        }
        let rest = Array(rows.dropFirst())
        embed([row]) { answer in
            switch answer {
            case .success(let vectors): embedEach(rest, made + [row.made(vectors[0])], hasSucceeded: true, refused: refused)
            case .failure(.embedding(.refused)): embedEach(rest, made, hasSucceeded: hasSucceeded, refused: refused + [row.made(nil)])
            case .failure(.embedding(.badAnswer)): embedEach(rest, made, hasSucceeded: hasSucceeded, refused: refused)
            case .failure(let failure): hasSucceeded ? keep(made) : retry(failure)
            }
        }
    }

    private func embed(_ rows: [WaitingText], _ completion: @escaping @Sendable (EmbeddingQueue.Answer) -> Void) {
        embeddings.embed(
            rows.map { space.model.passagePrefix + ($0.text ?? "") }, of: job.organization, in: space.id, urgency: .job, isWanted: { !runner.hasEnded },
            completion: completion)
    }

    private func keep(_ made: [MadeVector]) {
        let done = made.count { $0.vector != nil }
        let request = WriteRequest(
            organization: job.organization, at: engine.clock.now(), action: .embed(made, space: space.id), newSpace: choice.isNew && done > 0 ? space : nil,
            step: runner.step(job, done: Int64(done), failed: Int64(made.count - done)))
        runner.hasProgressed(job)
        engine.submit(request) { result in
            switch result {
            case .success: runner.work(at: job)
            case .failure(let error): runner.stop(job, error)
            }
        }
    }

    private func retry(_ failure: EmbeddingQueue.Failure) {
        let why =
            switch failure {
            case .full: "too many texts wait to be embedded"
            case .embedding(let error): error.description
            }
        runner.retry(job, why)
    }
}

extension WaitingText {
    fileprivate func made(_ vector: [Float]?) -> MadeVector { MadeVector(kind: kind, id: id, text: text ?? "", vector: vector) }
}

extension EmbeddingError {
    fileprivate var mayBeOfOneText: Bool {
        switch self {
        case .refused, .badAnswer: true
        case .emptyText, .textTooLong, .unusableModel, .unusableSetting, .unavailable, .cancelled: false
        }
    }
}
