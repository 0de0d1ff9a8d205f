import Records
import Testing

@testable import Storage

/// What every store does with jobs, and with the rows that they bring and delete.
@Suite struct JobContractTests {
    private static let worker = Identifier(high: 1, low: 1)
    private static let other = Identifier(high: 1, low: 2)

    /// An organization and one queued job.
    private struct Desk {
        var house: RecordContractTests.House
        let store: any Store
        let id: Identifier

        init(_ store: any Store, seed: UInt64) async throws {
            house = try await RecordContractTests.House(in: store, seed: seed)
            let job = house.world.record(.job, [.type: .text("import"), .totalCount: .integer(10)])
            _ = try await store.write(house.world.request(.create([job])))
            self.store = store
            id = job.id
        }

        func job() async throws -> Record { try #require(try await store.records(.job, [id], of: house.world.organization.id).first) }

        /// Why the write was refused; nil when it was not.
        func refusal(_ action: WriteAction, after seconds: Int64 = 0, step: JobStep? = nil) async throws -> StorageError? {
            do {
                _ = try await write(action, after: seconds, step: step)
                return nil
            } catch let error as StorageError {
                return error
            }
        }

        func write(_ action: WriteAction, after seconds: Int64 = 0, step: JobStep? = nil) async throws -> WriteOutcome {
            let at = house.world.time.adding(seconds: seconds)
            return try await store.write(WriteRequest(organization: house.world.organization.id, at: at, action: action, step: step))
        }
    }

    private func run(_ maker: any StoreMaker, _ seed: UInt64, _ body: (inout Desk) async throws -> Void) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        var desk = try await Desk(store, seed: seed)
        try await body(&desk)
    }

    @Test("one worker holds a job, tells of its steps, and ends it", arguments: storeMakers)
    func steps(maker: any StoreMaker) async throws {
        try await run(maker, 1) { desk in
            let worker = JobContractTests.worker
            let claimed = try #require(try await desk.write(.claimJob(desk.id, worker: worker)).records.first)
            #expect(claimed.jobState == .running && claimed.identifier(.worker) == worker && claimed.version == 2)
            #expect(claimed.time(.leaseUntil) == desk.house.world.time.adding(seconds: Limits.jobLeaseSeconds))
            _ = try await desk.write(.stepJob(JobStep(job: desk.id, worker: worker, cursor: "a", done: 20, failed: 1, error: "line 3")), after: 10)
            var job = try await desk.job()
            #expect(job.text(.cursor) == "a" && job.integer(.doneCount) == 20 && job.integer(.failedCount) == 1 && job.text(.lastError) == "line 3")
            #expect(abs((job.number(.rate) ?? 0) - 2.1) < 0.01)
            #expect(job.time(.leaseUntil) == desk.house.world.time.adding(seconds: 10 + Limits.jobLeaseSeconds))
            _ = try await desk.write(.stepJob(JobStep(job: desk.id, worker: worker, end: .succeeded)), after: 11)
            job = try await desk.job()
            #expect(job.jobState == .succeeded && job[.worker] == nil && job[.leaseUntil] == nil && job.text(.cursor) == "a")
            #expect(job.time(.finishedAt) == desk.house.world.time.adding(seconds: 11) && job.time(.startedAt) == desk.house.world.time)
            let id = desk.id
            #expect(try await desk.refusal(.stepJob(JobStep(job: id, worker: worker))) == StorageError.jobIsNotRunning(id, state: "succeeded"))
            #expect(try await desk.refusal(.controlJob(id, .cancel)) == StorageError.jobIsNotRunning(id, state: "succeeded"))
        }
    }

    @Test("a job runs once at a time, and is taken over when its worker is silent", arguments: storeMakers)
    func takeover(maker: any StoreMaker) async throws {
        try await run(maker, 2) { desk in
            let (id, worker, other) = (desk.id, JobContractTests.worker, JobContractTests.other)
            _ = try await desk.write(.claimJob(id, worker: worker))
            #expect(try await desk.refusal(.claimJob(id, worker: other), after: Limits.jobLeaseSeconds - 1) == StorageError.jobIsHeld(id))
            #expect(try await desk.refusal(.stepJob(JobStep(job: id, worker: other))) == StorageError.jobIsHeld(id))
            _ = try await desk.write(.stepJob(JobStep(job: id, worker: worker, cursor: "b", done: 1)), after: 5)
            let taken = try #require(try await desk.write(.claimJob(id, worker: other), after: 5 + Limits.jobLeaseSeconds).records.first)
            #expect(taken.text(.cursor) == "b" && taken.integer(.doneCount) == 1)
            #expect(try await desk.refusal(.stepJob(JobStep(job: id, worker: worker)), after: 40) == StorageError.jobIsHeld(id))
        }
    }

    @Test("a paused job is taken from its worker and goes on from its cursor; a cancelled one is over", arguments: storeMakers)
    func control(maker: any StoreMaker) async throws {
        try await run(maker, 3) { desk in
            let (id, worker) = (desk.id, JobContractTests.worker)
            _ = try await desk.write(.claimJob(id, worker: worker))
            _ = try await desk.write(.stepJob(JobStep(job: id, worker: worker, cursor: "c")))
            _ = try await desk.write(.controlJob(id, .pause))
            #expect(try await desk.refusal(.stepJob(JobStep(job: id, worker: worker))) == StorageError.jobIsNotRunning(id, state: "paused"))
            #expect(try await desk.refusal(.claimJob(id, worker: worker)) == StorageError.jobIsNotRunning(id, state: "paused"))
            #expect(try await desk.write(.controlJob(id, .pause)).receipt.change == 0)
            _ = try await desk.write(.controlJob(id, .resume))
            #expect(try await desk.write(.claimJob(id, worker: worker)).records.first?.text(.cursor) == "c")
            _ = try await desk.write(.controlJob(id, .cancel))
            #expect(try await desk.job().jobState == .cancelled)
            #expect(try await desk.refusal(.controlJob(id, .resume)) == StorageError.jobIsNotRunning(id, state: "cancelled"))
        }
    }

    @Test("a write that is a step is written with it or not at all", arguments: storeMakers)
    func together(maker: any StoreMaker) async throws {
        try await run(maker, 4) { desk in
            let (id, worker) = (desk.id, JobContractTests.worker)
            let user = desk.house.world.record(.user, [.email: .text("ada@example.com"), .name: .text("Ada")])
            #expect(try await desk.refusal(.bring(.records([user])), step: JobStep(job: id, worker: worker, done: 1)) != nil)
            #expect(try await desk.store.records(.user, [user.id], of: desk.house.world.organization.id).isEmpty)
            _ = try await desk.write(.claimJob(id, worker: worker))
            _ = try await desk.write(.bring(.records([user])), step: JobStep(job: id, worker: worker, cursor: "1", done: 1))
            #expect(try await desk.job().text(.cursor) == "1")
            // The same row again is refused, and so the step is, too.
            #expect(try await desk.refusal(.bring(.records([user])), step: JobStep(job: id, worker: worker, cursor: "2", done: 1)) == StorageError.alreadyExists(.user, user.id.description))
            let job = try await desk.job()
            #expect(job.text(.cursor) == "1" && job.integer(.doneCount) == 1)
        }
    }

    @Test("what is brought is as it was, and conversations count their messages anew", arguments: storeMakers)
    func bring(maker: any StoreMaker) async throws {
        try await run(maker, 5) { desk in
            let id = desk.id
            let worker = JobContractTests.worker
            var world = desk.house.world
            _ = try await desk.write(.claimJob(id, worker: worker))
            var conversation = world.record(.conversation, [
                .user: .identifier(desk.house.users[0].id), .title: .text("Brought"), .messageCount: .integer(77), .lastActivityAt: .time(world.time.adding(seconds: 500)),
                .endedAt: .time(world.time), .titleVector: .vector(world.vector()),
            ])
            conversation.version = 9
            conversation.embedding = Embedding(space: world.space.id, vector: world.vector())
            var messages = (0..<3).map { number in
                world.record(.message, [.conversation: .identifier(conversation.id), .user: .identifier(desk.house.users[0].id), .role: .text("user"), .content: .text("\(number)"), .edited: .flag(true)])
            }
            messages[0].embedding = Embedding(space: world.space.id, vector: world.vector())
            messages[2].deletedAt = world.time
            _ = try await desk.write(.bring(.records([conversation])), step: JobStep(job: id, worker: worker))
            _ = try await desk.write(.bring(.records(messages)), step: JobStep(job: id, worker: worker))
            let kept = try #require(try await desk.store.records(.conversation, [conversation.id], of: world.organization.id).first)
            #expect(kept.integer(.messageCount) == 2 && kept.version == 9 && kept.time(.lastActivityAt) == conversation.time(.lastActivityAt))
            #expect(kept.updatedAt == conversation.updatedAt && kept.integer(.vectorCount) == 2 && kept.time(.endedAt) == conversation.time(.endedAt))
            #expect(kept.vector(.titleVector) == conversation.vector(.titleVector) && kept.embedding != conversation.embedding)
            let found = try await desk.store.records(.message, messages.map(\.id), of: world.organization.id)
            #expect(found == Array(messages[..<2]))
        }
    }

    @Test("retention deletes what is older, in batches, and keeps every count", arguments: storeMakers)
    func retention(maker: any StoreMaker) async throws {
        try await run(maker, 6) { desk in
            let (id, worker) = (desk.id, JobContractTests.worker)
            var messages: [Record] = []
            for number in 0..<10 { messages.append(desk.house.message("\(number)", in: number < 7 ? 0 : 1)) }
            for message in messages { _ = try await desk.write(.create([message])) }
            _ = try await desk.write(.remove(.message, [messages[1].id]))
            _ = try await desk.write(.claimJob(id, worker: worker))
            let middle = messages[5].createdAt
            var deleted: [Identifier] = []
            while true {
                let outcome = try await desk.write(.retain(since: middle, limit: 2), step: JobStep(job: id, worker: worker))
                guard !outcome.removed.isEmpty else { break }
                #expect(outcome.removed.values.reduce(0) { $0 + $1.count } <= 2)
                deleted += outcome.removed[.message] ?? []
            }
            #expect(deleted == messages[..<5].map(\.id))
            #expect(try await desk.job().integer(.doneCount) == 5)
            #expect(try await desk.house.conversation(in: desk.store).integer(.messageCount) == 2)
            _ = try await desk.write(.retain(since: desk.house.world.time.adding(seconds: 1), limit: 1_000), step: JobStep(job: id, worker: worker))
            let counts = try await desk.store.counts(of: desk.house.world.organization.id)
            #expect(counts[.message] == StoreCounts.Count() && counts[.conversation] == StoreCounts.Count() && counts[.user].rows == 2)
        }
    }

    @Test("jobs that wait, of all organizations, are found with those whose worker is dead", arguments: storeMakers)
    func waiting(maker: any StoreMaker) async throws {
        try await run(maker, 7) { desk in
            let (id, worker) = (desk.id, JobContractTests.worker)
            let time = desk.house.world.time
            #expect(try await desk.store.waitingJobs([.importing], at: time).map(\.id) == [id])
            #expect(try await desk.store.waitingJobs([.retention], at: time).isEmpty)
            _ = try await desk.write(.claimJob(id, worker: worker))
            #expect(try await desk.store.waitingJobs([.importing], at: time).isEmpty)
            #expect(try await desk.store.waitingJobs([.importing], at: time.adding(seconds: Limits.jobLeaseSeconds)).map(\.id) == [id])
            _ = try await desk.write(.controlJob(id, .pause))
            #expect(try await desk.store.waitingJobs([.importing], at: time.adding(seconds: 1_000)).isEmpty)
        }
    }
}
