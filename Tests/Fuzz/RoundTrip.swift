import Records
import Wire

/// What every request that was understood must come through: written, framed, cut out of its bytes and read, it is the same, and so are its bytes.
func expectRoundTrip(of request: Request) {
    var sent: [UInt8] = []
    request.append(id: 7, to: &sent)
    guard let read = onlyRequest(in: sent) else { fatalError("broken promise: a request that was checked can be read back") }
    expect(read == request, "a request read back equals the one that was written")
    var again: [UInt8] = []
    read.append(id: 7, to: &again)
    expect(again == sent, "a request read back is written with the same bytes")
}

private func onlyRequest(in bytes: [UInt8]) -> Request? {
    var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
    decoder.append(bytes.span)
    guard case .frame(let frame)? = try? decoder.next() else { return nil }
    expect(decoder.bytesHeld == 0, "a written request is one frame and nothing more")
    return try? Request.read(frame).request
}

extension Operation {
    /// The checks that stand between a request that was understood and the engine that performs it.
    func check() throws(FieldError) {
        switch self {
        case .ping, .status, .verify, .open, .rotateKey, .revokeKey, .claimJob, .controlJob, .watchJob, .history: break
        case .ensureAgent(let slug, let name):
            try Checks.slug(slug)
            try Checks.text(name, "name", bytesMax: Limits.nameBytesMax)
        case .remember(let drafts):
            try Checks.batch(drafts.count, "memories")
            for draft in drafts { try draft.check() }
        case .get(let ids, _), .delete(let ids): try Checks.batch(ids.count, "ids")
        case .list(let listing), .stream(let listing): try listing.check()
        case .update(let patch): try patch.check()
        case .search(let search): try search.check()
        case .recall(let recall): try recall.check()
        case .endSession(let ending): try ending.check()
        case .erase(let erasure): try erasure.check()
        case .suggest(let request): try request.check()
        case .detect(let request): try request.check()
        case .related(let request): try request.check()
        case .learn(let request): try request.check()
        case .create(let drafts): for draft in drafts { try draft.check() }
        case .createKey(let draft), .startJob(let draft): try draft.check()
        case .stepJob(let step): try step.check()
        case .importing(let batch, let step):
            try Checks.batch(batch.count, "rows")
            switch batch {
            case .memories(let memories): for memory in memories { try memory.check() }
            case .records(let records): for record in records { try record.check() }
            }
            try step.check()
        case .change(let patch): try patch.check()
        case .browse(let listing): try listing.check()
        case .fetch(_, let ids, _), .remove(_, let ids), .restore(_, let ids), .use(_, let ids), .end(let ids): try Checks.batch(ids.count, "ids")
        }
    }
}

/// An error must be one that can be sent: its fault is written, framed and read back as it was.
func expectAnswer(to error: BodyError) {
    let fault = Fault(error)
    expect(!fault.code.endsConnection, "an error in a body ends the request and not the connection")
    var sent: [UInt8] = []
    fault.append(request: 7, to: &sent)
    var decoder = FrameDecoder(bodyBytesMax: Limits.frameBytesMax)
    decoder.append(sent.span)
    guard case .frame(let frame)? = try? decoder.next() else { fatalError("broken promise: a fault is one frame") }
    guard let read = try? Fault.read(frame.body) else { fatalError("broken promise: a fault can be read back") }
    expect(read == fault, "a fault read back equals the one that was written")
}
