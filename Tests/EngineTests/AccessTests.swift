import Records
import Secrets
import Testing

@testable import Engine

@Suite("Nobody does or sees more than his key allows")
struct AccessTests {
    private static let id = Identifier(high: 1, low: 1)

    /// Every operation of the protocol, for every kind that it can be about, beside what it needs.
    static var rules: [(operation: Operation, scopes: Set<Scope>)] {
        var rules: [(Operation, Set<Scope>)] = [
            (.ping, []), (.status, [.statusRead]), (.verify, [.jobsRun]), (.ensureAgent(slug: "a", name: "a"), [.agentsWrite]), (.remember([]), [.memoriesWrite]),
            (.get([id], withVectors: false), [.memoriesRead]), (.list(MemoryListing()), [.memoriesRead]), (.update(MemoryPatch(id: id)), [.memoriesWrite]),
            (.delete([id]), [.memoriesWrite]), (.stream(MemoryListing()), [.memoriesRead]), (.recall(RecallRequest(agent: id, text: "x")), [.memoriesRead]), (.end([id]), [.conversationsWrite]),
            (.open(id, messages: 1), [.conversationsRead, .messagesRead]), (.createKey(RecordDraft(.key)), [.adminKeys]),
            (.rotateKey(id, overlapSeconds: 0), [.adminKeys]), (.revokeKey(id), [.adminKeys]),
            (.startJob(RecordDraft(.job)), [.jobsRun]), (.claimJob(id, worker: id), [.jobsRun]), (.stepJob(JobStep(job: id, worker: id)), [.jobsRun]),
            (.controlJob(id, .pause), [.jobsRun]), (.watchJob(id, after: 0), [.jobsRead]),
            (.history(id), [.memoriesRead]), (.suggest(SuggestRequest("a")), [.termsRead]), (.detect(DetectRequest("a")), [.termsRead]),
            (.related(RelatedRequest(id)), [.termsRead]), (.learn(LearnRequest([LearnEvent(id, .accepted)])), [.termsWrite, .patternsWrite]), (.endSession(SessionEnding(session: id)), [.memoriesWrite]),
            (
                .erase(Erasure(.user, [id])),
                [.usersWrite, .agentsWrite, .conversationsWrite, .messagesWrite, .memoriesWrite, .termsWrite, .patternsWrite, .adminKeys]
            ),
        ]
        let names: [Kind: (String, String)] = [
            .memory: ("memories:read", "memories:write"), .agent: ("agents:read", "agents:write"), .organization: ("organization:read", "organization:write"),
            .key: ("admin:keys", "admin:keys"), .user: ("users:read", "users:write"), .conversation: ("conversations:read", "conversations:write"),
            .message: ("messages:read", "messages:write"), .term: ("terms:read", "terms:write"), .pattern: ("patterns:read", "patterns:write"),
            .job: ("jobs:read", "jobs:run"), .audit: ("audit:read", "audit:read"),
        ]
        for kind in Kind.allCases {
            let (read, write) = names[kind].map { (Scope(rawValue: $0).map { [$0] } ?? [], Scope(rawValue: $1).map { [$0] } ?? []) } ?? ([], [])
            for operation in [Operation.search(SearchRequest(kind, query: .vector([1]))), .fetch(kind, [id], withVectors: false), .browse(RecordListing(kind))] {
                rules.append((operation, Set(read)))
            }
            for operation in [
                Operation.create([RecordDraft(kind)]), .change(RecordPatch(kind, id: id)), .remove(kind, [id]), .restore(kind, [id]), .use(kind, [id]),
            ] {
                rules.append((operation, Set(write)))
            }
            rules.append((.importing(batch(kind), JobStep(job: id, worker: id)), Set(write).union([.jobsRun])))
        }
        return rules
    }

    private static func batch(_ kind: Kind) -> ImportBatch {
        let time = Timestamp(microseconds: 0)
        guard kind == .memory else { return .records([Record(kind, id: id, organization: id, createdAt: time)]) }
        return .memories([Memory(id: id, organization: id, agent: id, type: .fact, content: "x", createdAt: time, updatedAt: time)])
    }

    @Test("every operation has its rule, and is refused when one of its scopes is missing")
    func scopes() async throws {
        let house = try House()
        #expect(Set(AccessTests.rules.map(\.operation.name)) == Set(Operation.Name.allCases), "a new operation belongs into this list")
        for (operation, scopes) in AccessTests.rules {
            #expect(operation.requiredScopes == scopes, "\(operation.name) of \(operation.kind?.name ?? "nothing")")
            #expect(scopes.isEmpty == (operation.name == .ping))
            for scope in scopes {
                let lacking = Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases).subtracting([scope]))
                #expect(await house.perform(operation, as: lacking) == .failure(.forbidden(scope)), "\(operation.name)")
            }
        }
    }

    @Test("a key of some kinds reaches no other")
    func kinds() async throws {
        let house = try House()
        let narrowed = Principal(
            organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(kinds: [.term, .conversation]))
        for (operation, _) in AccessTests.rules {
            guard let kind = operation.kind, kind != .term, kind != .conversation else { continue }
            #expect(await house.perform(operation, as: narrowed) == .failure(.narrowed(kind)), "\(operation.name) of \(kind.name)")
        }
        #expect(await house.perform(.open(AccessTests.id, messages: 1), as: narrowed) == .failure(.narrowed(.message)))
    }

    private func key(_ house: House, _ values: [RecordField: Value], as principal: Principal? = nil) async throws -> (key: Record, text: String) {
        var values = values
        values[.name] = .text("k")
        guard case .key(let key, let text) = try await house.perform(.createKey(RecordDraft(.key, values)), as: principal).get() else { throw House.Unexpected() }
        return (key, text)
    }

    @Test("a key that was made opens, with its scopes and nothing more; its hash is told to nobody")
    func makingKeys() async throws {
        let house = try House()
        let (key, text) = try await key(house, [.role: .text("reader"), .scopes: .texts(["terms:write"])])
        #expect(key[.hash] == nil && text.hasPrefix(key.text(.prefix) ?? "?"))
        let principal = try house.engine.authenticate(text, from: "127.0.0.1")
        #expect(principal.scopes == Role.reader.scopes.union([.termsWrite]) && principal.narrowing.isNone)
        guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(.key))).get() else { throw House.Unexpected() }
        #expect(page.records.contains { $0.id == key.id })
        for record in page.records { #expect(record.shown[.hash] == nil) }
    }

    @Test("nobody makes a key that may do or see more than his own")
    func escalation() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let other = try await house.user("noor")
        let (_, text) = try await key(house, [.scopes: .texts(["admin:keys", "terms:read"]), .user: .identifier(user)])
        let principal = try house.engine.authenticate(text, from: "127.0.0.1")
        #expect(await house.perform(.createKey(RecordDraft(.key, [.name: .text("x"), .scopes: .texts(["terms:write"])])), as: principal) == .failure(.forbidden(.termsWrite)))
        let wider = RecordDraft(.key, [.name: .text("x"), .scopes: .texts(["terms:read"]), .user: .identifier(other)])
        #expect(await house.perform(.createKey(wider), as: principal) == .failure(.narrowed(.key)))
        let (inherited, _) = try await key(house, [.scopes: .texts(["terms:read"])], as: principal)
        #expect(inherited.identifier(.user) == user)
        let first = try await key(house, [.role: .text("admin")]).key
        guard case .failure(.notFound) = await house.perform(.rotateKey(first.id, overlapSeconds: 0), as: principal) else {
            Issue.record("a narrowed key rotated one beyond it")
            return
        }
    }

    @Test("an old key goes on beside its successor as long as was said, and a revoked one ends at once")
    func rotation() async throws {
        let house = try House()
        let (old, oldText) = try await key(house, [.role: .text("writer")])
        guard case .key(let new, let newText) = try await house.perform(.rotateKey(old.id, overlapSeconds: 60)).get() else { throw House.Unexpected() }
        let principal = try house.engine.authenticate(oldText, from: "127.0.0.1")
        #expect(try house.engine.authenticate(newText, from: "127.0.0.1").key == new.id)
        house.pass(seconds: 59)
        #expect(!house.engine.isOver(principal, from: "127.0.0.1"))
        house.pass(seconds: 2)
        #expect(house.engine.isOver(principal, from: "127.0.0.1"))
        #expect(throws: AccessError.self) { try house.engine.authenticate(oldText, from: "127.0.0.1") }
        let successor = try house.engine.authenticate(newText, from: "127.0.0.1")
        _ = try await house.perform(.revokeKey(new.id)).get()
        #expect(house.engine.isOver(successor, from: "127.0.0.1"))
        #expect(throws: AccessError.self) { try house.engine.authenticate(newText, from: "127.0.0.1") }
    }

    @Test("the last key that can make keys is not revoked")
    func lastKey() async throws {
        let house = try House()
        let mine = try house.engine.authenticate(house.firstKey.text, from: "127.0.0.1").key
        guard case .failure(.field) = await house.perform(.revokeKey(mine)) else {
            Issue.record("it was revoked")
            return
        }
        _ = try await key(house, [.role: .text("admin")])
        _ = try await house.perform(.revokeKey(mine)).get()
    }

    @Test("nobody ends or changes a key that allows more than his own, and the last that allows everything cannot be locked out")
    func lockingOut() async throws {
        let house = try House()
        let master = try house.engine.authenticate(house.firstKey.text, from: "127.0.0.1").key
        let (_, text) = try await key(house, [.scopes: .texts(["admin:keys"])])
        let weak = try house.engine.authenticate(text, from: "127.0.0.1")
        for operation in [
            Operation.revokeKey(master), .rotateKey(master, overlapSeconds: 0), .change(RecordPatch(.key, id: master, [.networks: .texts(["10.0.0.0/8"])])),
        ] {
            guard case .failure(.forbidden) = await house.perform(operation, as: weak) else {
                Issue.record("\(operation.name) of a stronger key")
                continue
            }
        }
        for operation in [
            Operation.revokeKey(master), .change(RecordPatch(.key, id: master, [.networks: .texts(["10.0.0.0/8"])])),
            .change(RecordPatch(.key, id: master, [.expiresAt: .time(house.clock.now().adding(seconds: 60))])),
        ] {
            guard case .failure(.field) = await house.perform(operation) else {
                Issue.record("\(operation.name) of the last")
                continue
            }
        }
        _ = try await house.perform(.change(RecordPatch(.key, id: master, [.name: .text("renamed")]))).get()
    }

    @Test("a key of one user raises nobody's role, and puts nothing into another's session")
    func ownUser() async throws {
        let house = try House()
        let (maya, noor) = (try await house.user("maya"), try await house.user("noor"))
        let foreign = try await house.create(RecordDraft(.conversation, [.user: .identifier(noor)]))
        let own = try await house.create(RecordDraft(.conversation, [.user: .identifier(maya)]))
        guard case .agent(let agent) = try await house.perform(.ensureAgent(slug: "a", name: "a")).get() else { throw House.Unexpected() }
        let narrowed = Principal(
            organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: Narrowing(user: maya))
        for values in [[RecordField.role: Value.text("owner")], [.email: .text("other@example.com")], [.permissions: .json(.list([]))]] {
            #expect(await house.perform(.change(RecordPatch(.user, id: maya, values)), as: narrowed) == .failure(.narrowed(.user)))
        }
        _ = try await house.perform(.change(RecordPatch(.user, id: maya, [.name: .text("Maya L.")])), as: narrowed).get()
        let draft = { (session: Identifier) in Operation.remember([MemoryDraft(agent: agent.id, session: session, content: "x")]) }
        guard case .failure(.field(let error)) = await house.perform(draft(foreign), as: narrowed) else {
            Issue.record("it was taken")
            return
        }
        #expect(error.field == "session")
        for session in [own, AccessTests.id] { _ = try await house.perform(draft(session), as: narrowed).get() }
        _ = try await house.perform(draft(foreign)).get()
    }

    @Test("a key with networks opens from there alone", arguments: [
        ("10.0.0.0/8", "10.255.1.2", "11.0.0.1"), ("192.0.2.7", "192.0.2.7", "192.0.2.8"), ("fd00::/8", "fd12:3456::1", "fe80::1"),
        ("::ffff:10.0.0.0/104", "::1", "10.0.0.1"), ("2001:db8::/32", "2001:db8:1::5", "2001:db9::1"), ("0.0.0.0/0", "127.0.0.1", "::1"),
    ])
    func networks(network: String, inside: String, outside: String) async throws {
        let house = try House()
        guard network != "::ffff:10.0.0.0/104" else {
            // The IPv4 part of it has fewer bits than that.
            guard case .failure(.field(let error)) = await house.perform(
                .createKey(RecordDraft(.key, [.name: .text("k"), .role: .text("reader"), .networks: .texts([network])])))
            else { throw House.Unexpected() }
            #expect(error.field == "allowed_networks")
            return
        }
        let (record, text) = try await key(house, [.role: .text("reader"), .networks: .texts([network])])
        let principal = try house.engine.authenticate(text, from: inside)
        #expect(throws: AccessError.self) { try house.engine.authenticate(text, from: outside) }
        _ = try await house.perform(.change(RecordPatch(.key, id: record.id, [.networks: .texts(["203.0.113.0/24"])]))).get()
        #expect(house.engine.isOver(principal, from: inside))
    }

    @Test("what a key was used for is written when it is asked for, and counted")
    func uses() async throws {
        let house = try House()
        let (record, text) = try await key(house, [.role: .text("reader")])
        let principal = try house.engine.authenticate(text, from: "10.0.0.9")
        for _ in 0..<3 { house.engine.noteUse(by: principal, from: "10.0.0.9") }
        house.engine.writeKeyUses()
        guard case .records(let keys) = try await house.perform(.fetch(.key, [record.id], withVectors: false)).get() else { throw House.Unexpected() }
        // A write that comes later waits for the one before.
        _ = try await house.user("someone")
        guard case .records(let later) = try await house.perform(.fetch(.key, [record.id], withVectors: false)).get(), keys.count == 1 else { throw House.Unexpected() }
        #expect(later.first?.integer(.useCount) == 3 && later.first?.text(.lastUsedFrom) == "10.0.0.9")
    }
}

extension House {
    func user(_ name: String, as principal: Principal? = nil) async throws -> Identifier {
        try await create(RecordDraft(.user, [.email: .text("\(name)@example.com"), .name: .text(name)]), as: principal)
    }

    func create(_ draft: RecordDraft, as principal: Principal? = nil) async throws -> Identifier {
        guard case .written(let receipt) = try await perform(.create([draft]), as: principal).get(), let row = receipt.rows.first else { throw Unexpected() }
        return row.id
    }
}
