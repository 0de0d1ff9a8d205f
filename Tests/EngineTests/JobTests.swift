import Records
import Testing

@testable import Engine

@Suite("Jobs run once, in steps, and are told to whoever watches")
struct JobTests {
    private static let worker = Identifier(high: 7, low: 7)

    private func start(_ house: House, _ type: JobType, _ parameters: JSON? = nil) async throws -> Identifier {
        var draft = RecordDraft(.job, [.type: .text(type.rawValue)])
        if let parameters { draft.values[.parameters] = .json(parameters) }
        guard case .written(let receipt) = try await house.perform(.startJob(draft)).get() else { throw House.Unexpected() }
        return receipt.rows[0].id
    }

    private func watch(_ house: House, _ id: Identifier, after: Int64 = 0) async throws -> Record {
        guard case .records(let jobs) = try await house.perform(.watchJob(id, after: after)).get() else { throw House.Unexpected() }
        return jobs[0]
    }

    /// The job once it is over; every version on the way is later than the one before.
    private func end(_ house: House, _ id: Identifier) async throws -> Record {
        var job = try await watch(house, id)
        while job.jobState?.isOver == false {
            let next = try await watch(house, id, after: job.version)
            #expect(next.version > job.version)
            job = next
        }
        return job
    }

    private func say(_ house: House, _ conversation: Identifier, _ vector: [Float]) async throws -> Identifier {
        try await house.create(
            RecordDraft(.message, [.conversation: .identifier(conversation), .role: .text("user"), .content: .text("x")], vector: vector))
    }

    @Test("retention deletes what is older than the organization keeps, finds nothing of it afterwards, and leaves other organizations alone")
    func retention() async throws {
        let house = try House()
        guard case .failure(.field(let missing)) = await house.perform(.startJob(RecordDraft(.job, [.type: .text("retention")]))) else {
            Issue.record("retention was started without anything to go by")
            return
        }
        #expect(missing.field == "settings.data_retention_days")
        let settings = RecordPatch(.organization, id: house.first.organization, [.settings: .json(["data_retention_days": 30])])
        _ = try await house.perform(.change(settings)).get()
        let user = try await house.user("maya")
        let talks = [
            try await house.create(RecordDraft(.conversation, [.user: .identifier(user)])), try await house.create(RecordDraft(.conversation, [.user: .identifier(user)])),
        ]
        for _ in 0..<450 { _ = try await say(house, talks[0], [1, 0]) }
        let foreign = try await house.user("noor", as: house.second)
        let theirs = try await house.create(RecordDraft(.conversation, [.user: .identifier(foreign)], vector: [0, 1]), as: house.second)
        house.pass(seconds: 31 * 24 * 60 * 60)
        let kept = try await say(house, talks[1], [1, 0.5])
        let job = try await end(house, try await start(house, .retention))
        #expect(job.jobState == .succeeded && job.integer(.doneCount) == 451)
        #expect(try await house.search(SearchRequest(.message, query: .vector([1, 0]), k: 1_000)).entries.map(\.hit.id) == [kept])
        guard case .failure(.notFound) = await house.perform(.open(talks[0], messages: 1)) else {
            Issue.record("an old conversation is still there")
            return
        }
        guard case .conversation(let talk, let messages) = try await house.perform(.open(talks[1], messages: 50)).get() else { throw House.Unexpected() }
        #expect(talk.integer(.messageCount) == 1 && messages.map(\.id) == [kept])
        guard case .conversation = try await house.perform(.open(theirs, messages: 1), as: house.second).get() else { throw House.Unexpected() }
    }

    @Test("retention that is due is started by itself, once a day")
    func due() async throws {
        let house = try House()
        let settings = RecordPatch(.organization, id: house.first.organization, [.settings: .json(["data_retention_days": 1])])
        _ = try await house.perform(.change(settings)).get()
        for (seconds, count) in [(0, 1), (60, 1), (3_600, 1), (86_400, 2)] as [(Int64, Int)] {
            house.pass(seconds: seconds)
            house.engine.lookAfterJobs()
            // What runs by itself tells when it is done.
            for _ in 0..<60_000 {
                guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(.job))).get() else { throw House.Unexpected() }
                if page.records.count == count, page.records.allSatisfy({ $0.jobState == .succeeded }) { break }
                try await Task.sleep(nanoseconds: 1_000_000)
            }
            guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(.job))).get() else { throw House.Unexpected() }
            #expect(page.records.count == count && page.records.allSatisfy { $0.jobState == .succeeded }, "after \(seconds) s")
        }
    }

    @Test("settings that retention cannot follow are refused", arguments: [0, -1, 36_501])
    func settings(days: Int) async throws {
        let house = try House()
        let patch = RecordPatch(.organization, id: house.first.organization, [.settings: .json(["data_retention_days": .integer(Int64(days))])])
        guard case .failure(.field(let error)) = await house.perform(.change(patch)) else {
            Issue.record("\(days) days were taken")
            return
        }
        #expect(error.field == "settings.data_retention_days")
    }

    @Test("who watches is told of the next step, and of a deadline when there is none; nobody else's job is seen")
    func watching() async throws {
        let house = try House()
        let id = try await start(house, .importing)
        let queued = try await watch(house, id)
        #expect(queued.jobState == .queued)
        async let next = watch(house, id, after: queued.version)
        // Whether the watch begins before or after the claim, it is told.
        _ = try await house.perform(.claimJob(id, worker: JobTests.worker)).get()
        #expect(try await next.jobState == .running)
        guard case .failure(.notFound(.job, id)) = await house.perform(.watchJob(id, after: 0), as: house.second) else {
            Issue.record("another organization's job was seen")
            return
        }
        let context = OperationContext(clock: house.clock, deadline: house.clock.ticks() + 1_000_000_000)
        async let nothing = house.perform(.watchJob(id, after: 1_000), context: context)
        house.pass(seconds: 2)
        let sweeping = Task { while !Task.isCancelled { house.engine.sweepWatches(); try? await Task.sleep(nanoseconds: 1_000_000) } }
        #expect(await nothing == .failure(.deadlineExceeded))
        sweeping.cancel()
        house.engine.endJobs()
        guard case .failure(.busy) = await house.perform(.watchJob(id, after: 1_000)) else {
            Issue.record("a watch was taken after the end")
            return
        }
    }

    @Test("a client works at its own jobs, and not at the server's")
    func whose() async throws {
        let house = try House()
        house.engine.endJobs()
        let job = try await start(house, .retention, ["before": "2020-01-01T00:00:00Z"])
        guard case .failure(.jobRefused) = await house.perform(.claimJob(job, worker: JobTests.worker)) else {
            Issue.record("a client took the server's job")
            return
        }
        let narrowed = Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(kinds: [.job, .term]))
        #expect(await house.perform(.startJob(RecordDraft(.job, [.type: .text("import")])), as: narrowed) == .failure(.narrowed(.job)))
    }

    @Test("what is imported is checked in every field, becomes the organization's own, and is found")
    func importing() async throws {
        let house = try House()
        let id = try await start(house, .importing)
        _ = try await house.perform(.claimJob(id, worker: JobTests.worker)).get()
        let step = JobStep(job: id, worker: JobTests.worker, done: 1)
        let time = house.clock.now()
        let strange = Identifier(high: 5, low: 5)
        let user = Record(.user, id: strange, organization: strange, createdAt: time, values: [.email: .text("a@b.c"), .name: .text("A")])
        _ = try await house.perform(.importing(.records([user]), step)).get()
        let term = Record(
            .term, id: Identifier(high: 5, low: 6), organization: strange, createdAt: time, version: 4,
            values: [.user: .identifier(strange), .term: .text("t"), .definition: .text("d"), .frequency: .integer(9), .lastUsedAt: .time(time)],
            embedding: Embedding(space: .none, vector: [0, 1]))
        _ = try await house.perform(.importing(.records([term]), step)).get()
        let found = try await house.search(SearchRequest(.term, query: .vector([0, 2])))
        #expect(found.entries.first?.record?.version == 4 && found.entries.first?.record?.organization == house.first.organization)
        for (field, value) in [(RecordField.frequency, Value.integer(0)), (.term, .text("")), (.lastUsedAt, .time(Timestamp(microseconds: .max)))] {
            var wrong = term
            wrong[field] = value
            guard case .failure(.field(let error)) = await house.perform(.importing(.records([wrong]), step)) else {
                Issue.record("\(field.name) was not checked")
                continue
            }
            #expect(error.field == "terms[0].\(field.name)")
        }
        guard case .failure(.field(let error)) = await house.perform(.importing(.records([Record(.key, id: strange, organization: strange, createdAt: time)]), step))
        else {
            Issue.record("a key was imported")
            return
        }
        #expect(error.field == "kind")
    }
}
