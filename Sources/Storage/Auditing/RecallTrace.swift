public import Records
internal import Secrets

/// A recall that was answered: who asked for whose memories, and which came. Of what they say it has no word.
public struct RecallTrace: Sendable {
    public struct Found: Sendable {
        let memory: Identifier
        let version: Int64
        let score: Float
        /// SHA-256 of what it says.
        let contentDigest: [UInt8]

        public init(_ memory: Memory, score: Float) {
            (self.memory, version, self.score) = (memory.id, memory.version, score)
            contentDigest = Digest.sha256(memory.content.utf8)
        }
    }

    public let id: Identifier
    let at: Timestamp
    let agent: Identifier
    let session: Identifier?
    let key: Identifier
    let user: Identifier?
    let mode: SearchMode
    /// What was asked about; nil for the present.
    let past: Moment?
    /// How many were asked for, and of how many tokens at most.
    let wanted: Int
    let tokensMax: Int?
    let isOfEverySession: Bool
    let isFiltered: Bool
    /// The best first.
    let found: [Found]
    /// How many more came.
    let leftOut: Int

    /// `report` says how it was answered.
    public init(id: Identifier, at time: Timestamp, of request: RecallRequest, by principal: Principal, _ report: SearchReport, found: [Found], leftOut: Int) {
        (self.id, at) = (id, time)
        (agent, session, key, user) = (request.agent, request.session, principal.key, principal.narrowing.user)
        (mode, past) = (report.mode, report.past)
        (wanted, tokensMax) = (request.k, request.tokensMax)
        (isOfEverySession, isFiltered) = (request.everySession, request.filter != nil)
        (self.found, self.leftOut) = (found, leftOut)
    }

    public static let event = "memory.recalled"

    /// As an audit entry, each memory with what that makes of its digest; nil where nothing can.
    func record(of organization: Identifier, keyed: (Found) -> String?) -> Record {
        var metadata = [JSON.Member(Member.mode, .text(mode.name)), JSON.Member(Member.wanted, .integer(Int64(wanted)))]
        if let tokensMax { metadata.append(JSON.Member(Member.tokens, .integer(Int64(tokensMax)))) }
        for (name, flag) in [(Member.everySession, isOfEverySession), (Member.filtered, isFiltered)] where flag { metadata.append(JSON.Member(name, .bool(true))) }
        if let past {
            metadata.append(JSON.Member(Member.asOf, .text(past.valid.description)))
            if let known = past.known { metadata.append(JSON.Member(Member.knownAt, .text(known.description))) }
        }
        let memories = found.map { found in
            let members = [
                JSON.Member(Member.id, .text(found.memory.description)), JSON.Member(Member.version, .integer(found.version)), JSON.Member(Member.score, .number(Double(found.score.description) ?? Double(found.score))),
            ]
            return JSON.object(members + (keyed(found).map { [JSON.Member(Member.digest, .text($0))] } ?? []))
        }
        metadata.append(JSON.Member(Member.memories, .list(memories)))
        if leftOut > 0 { metadata.append(JSON.Member(Member.leftOut, .integer(Int64(leftOut)))) }
        var values: [RecordField: Value] = [
            .event: .text(RecallTrace.event), .action: .text("read"), .status: .text("success"), .resourceType: .text(Kind.agent.name), .resource: .identifier(agent),
            .key: .identifier(key), .metadata: .json(.object(metadata)),
        ]
        values[.session] = session.map { .identifier($0) }
        values[.user] = user.map { .identifier($0) }
        return Record(.audit, id: id, organization: organization, createdAt: at, values: values)
    }

    /// The names in an entry's metadata.
    enum Member {
        static let mode = "mode"
        static let wanted = "k"
        static let tokens = "tokens"
        static let everySession = "every_session"
        static let filtered = "filtered"
        static let asOf = "as_of"
        static let knownAt = "known_at"
        static let memories = "memories"
        static let leftOut = "left_out"
        static let id = "id"
        static let version = "version"
        static let score = "score"
        static let digest = "digest"
        static let text = "text"
    }
}

/// What became of the text of a memory since it was recalled.
enum RecalledText: String {
    case same, changed
    /// It was forgotten, and can be restored.
    case forgotten
    /// With the memory went the key, so that nobody can tell any more what it said, not even whether a guess is right.
    case gone
    /// It is there, but not by what the digest was made, or it is damaged.
    case unknown
}
