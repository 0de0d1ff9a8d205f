import Records
import Wire

/// What a server answers to a frame that it refuses, as far as a client may rely on it.
struct Refusal: Hashable {
    enum Stage: String {
        case handshake
        case open
    }

    let code: ErrorCode
    let field: String?
    let stage: Stage

    init(_ code: ErrorCode, _ field: String?, _ stage: Stage) {
        self.code = code
        self.field = field
        self.stage = stage
    }

    /// The refusal of the first frame in these bytes; nil where nothing is wrong with it.
    init?(of bytes: [UInt8], at stage: Stage) {
        guard let fault = Refusal.fault(bytes, stage) else { return nil }
        self.init(fault.code, fault.field, stage)
    }

    private static func fault(_ bytes: [UInt8], _ stage: Stage) -> Fault? {
        do {
            switch (try decoded(bytes).first, stage) {
            case (nil, _): return nil
            case (.damaged, .handshake), (.unaligned, .handshake): return Fault(.malformedHandshake, sentence: "")
            case (.damaged, .open): return Fault(.bodyChecksum, sentence: "")
            case (.unaligned, .open): return Fault(.malformedBody, sentence: "")
            case (.frame(let frame), .handshake): return try handshake(frame)
            case (.frame(let frame), .open): return try open(frame)
            }
        } catch let error as FrameError {
            return Fault(error)
        } catch let error as BodyError {
            return stage == .handshake ? Fault(.malformedHandshake, sentence: "") : Fault(error)
        } catch let error as FieldError {
            return Fault(error)
        } catch {
            return Fault(.internalError, sentence: "\(error)")
        }
    }

    private static func handshake(_ frame: Frame) throws -> Fault? {
        guard frame.header.type == .authenticate else { return Fault(.unexpectedFrame, sentence: "") }
        let version = try Authenticate.read(frame.body).version
        return version == FrameHeader.version ? nil : Fault(.unsupportedVersion, sentence: "")
    }

    private static func open(_ frame: Frame) throws -> Fault? {
        switch frame.header.type {
        case .request:
            guard frame.header.request != 0 else { return Fault(.invalidField, field: "request", sentence: "") }
            try Request.read(frame).request.operation.check()
            return nil
        case .credit:
            do { _ = try Credit.read(frame.body) } catch { return Fault(.malformedHandshake, sentence: "") }
            return nil
        case .cancel, .goodbye: return nil
        case .hello, .authenticate, .welcome, .reply, .error, .item, .end: return Fault(.unexpectedFrame, sentence: "")
        }
    }
}

extension Operation {
    /// What is refused before anything is looked up.
    func check() throws(FieldError) {
        switch self {
        case .ping, .status, .verify, .open, .rotateKey, .revokeKey, .claimJob, .controlJob, .watchJob, .importing, .history: break
        case .ensureAgent(let slug, let name):
            try Checks.slug(slug)
            try Checks.text(name, "name", bytesMax: Limits.nameBytesMax)
        case .remember(let drafts):
            try Checks.batch(drafts.count, "memories")
            for (position, draft) in drafts.enumerated() {
                do throws(FieldError) { try draft.check() } catch { throw error.inside("memories[\(position)]") }
            }
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
        case .create(let drafts):
            for (position, draft) in drafts.enumerated() {
                do throws(FieldError) { try draft.check() } catch { throw error.inside("\(draft.kind.plural)[\(position)]") }
            }
        case .createKey(let draft), .startJob(let draft): try draft.check()
        case .stepJob(let step): try step.check()
        case .change(let patch): try patch.check()
        case .browse(let listing): try listing.check()
        case .fetch(_, let ids, _), .remove(_, let ids), .restore(_, let ids), .use(_, let ids), .end(let ids): try Checks.batch(ids.count, "ids")
        }
    }
}
