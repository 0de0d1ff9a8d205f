import Records
import Wire

private let id = Identifier.golden(1)
private let worker = Identifier.golden(0xD)
private let nobody = Identifier(high: 0, low: 0)
private let space = Identifier.golden(0xE)
private let time = Timestamp(microseconds: 1_772_368_200_000_000)
private let later = Timestamp(microseconds: 1_772_368_200_123_456)

private func request(_ operation: Operation) -> Message { .request(7, Request(envelope: Envelope(), operation: operation)) }

private let step = JobStep(job: id, worker: worker, cursor: "4096", done: 12, failed: 1, error: "line 7: content is empty", end: .succeeded)

private let memory = Memory(
    id: id, organization: nobody, agent: Identifier.golden(0xA), type: .fact, content: "Likes tea 🍵", importance: 0.75, accessCount: 4,
    lastAccessedAt: later, tags: ["tea"], createdAt: time, updatedAt: later, version: 2, embedding: Embedding(space: space, vector: [0.5, -0.25]))

private let message = Record(
    .message, id: id, organization: nobody, createdAt: time, deletedAt: later, version: 3,
    values: [.conversation: .identifier(Identifier.golden(2)), .user: .identifier(Identifier.golden(0xB)), .role: .text("user"), .content: .text("Hello")])

private let job = Record(
    .job, id: id, organization: Message.organization, createdAt: time, version: 5,
    values: [
        .type: .text("import"), .state: .text("running"), .parameters: .json(["file": "more.jsonl"]), .cursor: .text("4096"), .doneCount: .integer(12),
        .totalCount: .integer(100), .rate: .number(250), .worker: .identifier(worker), .leaseUntil: .time(later), .heartbeatAt: .time(time),
        .startedAt: .time(time),
    ])

extension GoldenCase {
    static let jobRequests: [GoldenCase] = [
        GoldenCase("start_job: an import", request(.startJob(RecordDraft(.job, [
            .type: .text("import"), .parameters: .json(["file": "more.jsonl"]), .totalCount: .integer(100),
        ])))),
        GoldenCase("start_job: retention", request(.startJob(RecordDraft(.job, [.type: .text("retention")])))),
        GoldenCase("claim_job", request(.claimJob(id, worker: worker))),
        GoldenCase("step_job", request(.stepJob(step))),
        GoldenCase("step_job: a sign of life", request(.stepJob(JobStep(job: id, worker: worker)))),
        GoldenCase("control_job: pause", request(.controlJob(id, .pause))),
        GoldenCase("control_job: resume", request(.controlJob(id, .resume))),
        GoldenCase("control_job: cancel", request(.controlJob(id, .cancel))),
        GoldenCase("watch_job", request(.watchJob(id, after: 5))),
        GoldenCase("import: a memory", request(.importing(.memories([memory]), step))),
        GoldenCase("import: a deleted message", request(.importing(.records([message]), JobStep(job: id, worker: worker, done: 1)))),
    ]

    static let jobReplies: [GoldenCase] = [
        GoldenCase("reply to start_job", .reply(7, .startJob, .written(WriteReceipt(change: 12, rows: [WriteReceipt.Row(id: id, version: 1)])))),
        GoldenCase("reply to claim_job", .reply(7, .claimJob, .records([job]))),
        GoldenCase("reply to step_job", .reply(7, .stepJob, .written(WriteReceipt(change: 13, rows: [WriteReceipt.Row(id: id, version: 6)])))),
        GoldenCase("reply to control_job: it was so already", .reply(7, .controlJob, .written(WriteReceipt(change: 0, rows: [WriteReceipt.Row(id: id, version: 6)])))),
        GoldenCase("reply to watch_job", .reply(7, .watchJob, .records([job]))),
        GoldenCase("reply to import", .reply(7, .importing, .written(WriteReceipt(change: 14, rows: [WriteReceipt.Row(id: id, version: 2)])))),
        GoldenCase("error of a job", .error(7, Fault(.jobRefused, field: "job", sentence: "the job is paused"))),
    ]

    private static let stepBody = rawField(16, id.bytes) + rawField(17, worker.bytes)
    private static let kind = rawField(48, [Kind.message.rawValue])

    static let brokenJobs: [GoldenCase] = [
        GoldenCase(.startJob, "no job", [], .invalidField, "job"),
        GoldenCase(.startJob, "a type that there is not", rawField(16, rawField(20, "sleep")), .unknownField, "type"),
        GoldenCase(.startJob, "a total below zero", rawField(16, rawField(20, "import") + rawField(123, little(-1 as Int64))), .invalidField, "total_count"),
        GoldenCase(.startJob, "a state", rawField(16, rawField(20, "import") + rawField(118, "running")), .unknownField, "state"),
        GoldenCase(.claimJob, "no worker", rawField(16, id.bytes), .invalidField, "worker"),
        GoldenCase(.claimJob, "no id", rawField(17, worker.bytes), .invalidField, "id"),
        GoldenCase(.stepJob, "no step", [], .invalidField, "step"),
        GoldenCase(.stepJob, "no job", rawField(16, rawField(17, worker.bytes)), .invalidField, "job"),
        GoldenCase(.stepJob, "no worker", rawField(16, rawField(16, id.bytes)), .invalidField, "worker"),
        GoldenCase(.stepJob, "less than nothing done", rawField(16, stepBody + rawField(19, little(-1 as Int64))), .invalidField, "done_count"),
        GoldenCase(.stepJob, "an end that is none", rawField(16, stepBody + rawField(22, "paused")), .unknownField, "state"),
        GoldenCase(.stepJob, "an unknown critical field in a step", rawField(16, stepBody + rawField(0xFABC, "?")), .unknownCriticalField),
        GoldenCase(.controlJob, "no control", rawField(16, id.bytes), .invalidField, "control"),
        GoldenCase(.controlJob, "control 4", rawField(16, id.bytes) + rawField(17, [4]), .invalidField, "control"),
        GoldenCase(.watchJob, "a version of two bytes", rawField(16, id.bytes) + rawField(17, [1, 0]), .invalidField, "after"),
        GoldenCase(.importing, "no kind", rawField(16, [0]) + rawField(17, stepBody), .invalidField, "kind"),
        GoldenCase(.importing, "no step", kind + rawField(16, rawField(21, "x")), .invalidField, "step"),
        GoldenCase(.importing, "nothing to import", kind + rawField(17, stepBody), .invalidField, "messages"),
        GoldenCase(.importing, "a message without anything", kind + rawField(16, rawField(21, "x")) + rawField(17, stepBody), .malformedBody),
        GoldenCase(.importing, "a memory without anything", rawField(48, [Kind.memory.rawValue]) + rawField(16, rawField(21, "x")) + rawField(17, stepBody), .malformedBody),
    ]
}
