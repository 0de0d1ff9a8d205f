import Client
import Foundation
import Records
import Testing
import Wire

/// A server with several organizations, a model of each, and everybody who asks.
final class ModelRun {
    private struct House {
        var model: HouseModel
        var wishes: Wishes
        var holders: [Holder]
        /// Writes that were done, to be sent again under their keys.
        var done: [(holder: Holder, operation: Records.Operation, key: Identifier, receipt: WriteReceipt)] = []
        /// What came with each recall, by the entry that tells of it.
        var traces: [Identifier: [Identifier]] = [:]
        /// What no other organization's reply may hold.
        var secrets: [Data]
    }

    private let folder: Folder
    private var server: RunningServer
    private var houses: [House] = []
    private var connections: [Identifier: RawConnection] = [:]
    private var generator: SeededGenerator
    private var requests: UInt64 = 0
    private(set) var wrong: String?
    /// How often each operation was granted, and refused.
    private(set) var granted: [Records.Operation.Name: Int] = [:]
    private(set) var refused: [Records.Operation.Name: Int] = [:]
    private(set) var scannedBytes = 0
    var neverGranted: Records.Operation.Name? { Records.Operation.Name.allCases.first { granted[$0] == nil } }

    private static let slugs = ["alder", "birch", "cedar"]
    private static let dimension = 4

    init(seed: UInt64) async throws {
        generator = SeededGenerator(seed: seed)
        folder = try Folder()
        let first = try await RunningServer.start(in: folder)
        try await first.stop()
        var files = [folder.path + "/data/admin.key"]
        for slug in ModelRun.slugs.dropFirst() {
            files.append("\(folder.path)/\(slug).key")
            let made = try await pinyon(["organization", "create", slug, "--data", "data", "--to-file", "\(slug).key"], in: folder)
            #expect(made.code == 0, "\(made.errors)")
        }
        server = try await RunningServer.start(in: folder)
        for (slug, file) in zip(ModelRun.slugs, files) { try open(slug, try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// The organization of an admin key, with a first vector, so that its space stands.
    private func open(_ slug: String, _ text: String) throws {
        let connection = try RawConnection(port: server.port)
        let organization = try connection.authenticate(text)
        let marker = "\(slug)\(String(generator.next(), radix: 36))"
        var model = HouseModel(organization: organization, mark: generator.next(), dimension: ModelRun.dimension, slug: slug == "alder" ? "default" : slug)
        if slug == "alder" { model[.organization, organization]?[.name] = .text("Default") }
        var wishes = Wishes(generator: SeededGenerator(seed: generator.next()), marker: marker)
        guard case .recordPage(let page) = try Outcome.read(.browse, connection.ask(RawFrame.request(.browse(RecordListing(.key)), id: 1)).body, of: organization),
            var key = page.records.first
        else { throw RawConnection.Failed(description: "the admin's key is not there") }
        key.createdAt = Timestamp(microseconds: 0)
        model[.key, key.id] = key
        let admin = Holder(key: key.id, text: text, scopes: Set(Scope.allCases), narrowing: .none)
        connections[admin.key] = connection
        let secrets = ([model.mark.bigEndian, model.mark.littleEndian].map { mark in unsafe withUnsafeBytes(of: mark) { unsafe Data($0) } }) + [Data(marker.utf8), data(organization)]
        houses.append(House(model: model, wishes: wishes, holders: [admin], secrets: secrets))
        let user = RecordDraft(.user, id: Identifier(high: model.mark, low: 1), createdAt: Timestamp("2099-01-01T00:00:00Z"), [.email: .text("first@\(marker).example"), .name: .text(marker)])
        let term = RecordDraft(
            .term, id: Identifier(high: model.mark, low: 2), createdAt: Timestamp("2099-01-01T00:00:00Z"),
            [.user: .identifier(Identifier(high: model.mark, low: 1)), .term: .text(marker), .definition: .text(marker)], vector: wishes.vector(ModelRun.dimension))
        for draft in [user, term] { try ask(houses.count - 1, admin, Wish(operation: .create([draft]))) }
    }

    private func data(_ id: Identifier) -> Data {
        unsafe withUnsafeBytes(of: (id.high.bigEndian, id.low.bigEndian)) { unsafe Data($0) }
    }

    // MARK: One operation

    /// One operation of one who is picked at random; false once something was wrong.
    func step() throws -> Bool {
        let index = Int.random(in: 0..<houses.count, using: &generator)
        let holders = houses[index].holders
        let holder = Int.random(in: 0..<100, using: &generator) < 50 ? holders[0] : holders[Int.random(in: 0..<holders.count, using: &generator)]
        if !houses[index].done.isEmpty, Int.random(in: 0..<100, using: &generator) < 3 {
            try askAgain(index)
        } else {
            let others = houses.indices.filter { $0 != index }.map { houses[$0].model }
            try ask(index, holder, houses[index].wishes.wish(houses[index].model, others))
        }
        return wrong == nil
    }

    private func connection(_ holder: Holder) throws -> RawConnection {
        if let known = connections[holder.key] { return known }
        let connection = try RawConnection(port: server.port)
        try connection.authenticate(holder.text)
        connections[holder.key] = connection
        return connection
    }

    /// The frames that answer, none of which may hold a byte of another organization.
    private func frames(_ index: Int, _ holder: Holder, _ operation: Records.Operation, key: Identifier?, repeatsQuestions: Bool = false) throws -> [Frame] {
        requests += 1
        let connection = try connection(holder)
        var frames = [try connection.ask(RawFrame.request(operation, id: requests, idempotencyKey: key))]
        while frames.last?.header.type == .item { frames.append(try connection.frame()) }
        for frame in frames where !repeatsQuestions {
            let body = Data(frame.body)
            scannedBytes += body.count
            for other in houses.indices where other != index {
                if houses[other].secrets.contains(where: { body.range(of: $0) != nil }) { wrong = "bytes of \(ModelRun.slugs[other]) in an answer to \(operation)" }
            }
        }
        return frames
    }

    private func ask(_ index: Int, _ holder: Holder, _ wish: Wish) throws {
        let key = wish.operation.name.isWrite && Int.random(in: 0..<3, using: &generator) == 0 ? Identifier(high: generator.next(), low: generator.next()) : nil
        let expected = wish.isSeenOnTheWire ? wish.flaw.map { .error($0) } ?? .pong : houses[index].model.perform(wish.operation, holder, flaw: wish.flaw)
        let frames = try frames(index, holder, wish.operation, key: key)
        guard let frame = frames.last, wrong == nil else { return }
        let told = { (what: String) in "\(what)\nof \(wish.operation)\nby \(holder.scopes.map(\.rawValue).sorted()) within \(holder.narrowing) in \(ModelRun.slugs[index])" }
        if frame.header.type == .error {
            let fault = try Fault.read(frame.body)
            refused[wish.operation.name, default: 0] += 1
            guard case .error(let code) = expected, code == fault.code else { return wrong = told("refused with \(fault), not answered with \(expected)") }
            return
        }
        granted[wish.operation.name, default: 0] += 1
        if case .error(let code) = expected { return wrong = told("answered with \(frame), not refused with \(code)") }
        if case .everyMemory(let want, let withVectors) = expected {
            var got: [Memory] = []
            for item in frames.dropLast() {
                if case .page(let page) = try Outcome.read(.stream, item.body, of: houses[index].model.organization) { got += page.memories }
            }
            if let difference = Judge.difference(want, got, withVectors: withVectors) { wrong = told(difference) }
            return
        }
        let outcome = try Outcome.read(wish.operation.name, frame.body, of: houses[index].model.organization)
        if let difference = Judge.difference(expected, outcome, admits: wish.admits) { return wrong = told(difference) }
        try take(index, outcome, expected)
        if case .found(let answer) = outcome, let trace = answer.report.trace { houses[index].traces[trace] = answer.entries.map(\.hit.id) }
        if case .written(let receipt) = outcome, let key { houses[index].done = houses[index].done.suffix(30) + [(holder, wish.operation, key, receipt)] }
        if case .revokeKey(let id) = wish.operation { try revoked(index, id) }
        if case .erase = wish.operation {
            // What was asked under which key is forgotten with it.
            houses[index].done = []
            for holder in houses[index].holders.dropFirst() where houses[index].model[.key, holder.key] == nil { try revoked(index, holder.key) }
        }
    }

    /// What the server named by itself.
    private func take(_ index: Int, _ outcome: Outcome, _ expected: Expected) throws {
        switch (outcome, expected) {
        case (.agent(let agent), .agent(let slug, known: nil)):
            houses[index].secrets.append(data(agent.id))
            var record = Record(.agent, id: agent.id, organization: agent.organization, createdAt: Timestamp(microseconds: 0), values: [.slug: .text(slug), .name: .text(agent.name)])
            record[.status] = .text("active")
            houses[index].model[.agent, agent.id] = record
        case (.key(let key, let text), .key(let want)):
            houses[index].secrets += [data(key.id), Data(text.utf8)]
            var kept = Record(.key, id: key.id, organization: key.organization, createdAt: Timestamp(microseconds: 0), version: 1, row: want.values)
            kept[.prefix] = key[.prefix]
            houses[index].model[.key, key.id] = kept
            houses[index].holders.append(Holder(key: key.id, text: text, scopes: HouseModel.scopes(of: kept), narrowing: HouseModel.narrowing(of: kept)))
        default: break
        }
    }

    /// Its connection ends by itself, and nobody asks with it any more.
    private func revoked(_ index: Int, _ id: Identifier) throws {
        guard let holder = houses[index].holders.first(where: { $0.key == id }) else { return }
        houses[index].holders.removeAll { $0.key == id }
        if let connection = connections.removeValue(forKey: id) {
            while case .frame(let frame) = try connection.receive() {
                guard frame.header.type == .error, try Fault.read(frame.body).code == .unauthenticated else { continue }
            }
            guard case .closed = try connection.receive() else { return wrong = "the connection of a revoked key goes on" }
        }
        let again = try RawConnection(port: server.port)
        if (try? again.authenticate(holder.text)) != nil { wrong = "a revoked key still opens" }
    }

    /// The same write under the same key changes nothing and gets the same receipt; another one under it is refused.
    private func askAgain(_ index: Int) throws {
        let done = houses[index].done
        let (holder, operation, key, receipt) = done[Int.random(in: 0..<done.count, using: &generator)]
        guard houses[index].holders.contains(where: { $0.key == holder.key }) else { return }
        guard let frame = try frames(index, holder, operation, key: key).last, wrong == nil else { return }
        guard frame.header.type == .reply, case .written(receipt) = try Outcome.read(operation.name, frame.body, of: houses[index].model.organization) else {
            return wrong = "sent again, \(operation) was answered with \(frame), not \(receipt)"
        }
        let admin = houses[index].holders[0]
        let other = try frames(index, admin, .end([Identifier(high: 1, low: 1)]), key: key).last
        guard let other, other.header.type == .error, try Fault.read(other.body).code == .idempotencyMismatch else { return wrong = "another write under a key that was used" }
    }

    // MARK: Restarts

    /// Stops or kills the server, starts it again, and compares everything.
    func restart(killing: Bool) async throws {
        if killing {
            server.child.send(SIGKILL)
            _ = try await server.child.end()
        } else {
            connections = [:]
            let status = try await server.stop()
            #expect(status?.code == 0, "\(server.child.errors)")
        }
        connections = [:]
        let verified = try await pinyon(["verify", "--data", "data"], in: folder)
        #expect(verified.code == 0, "\(verified.output)")
        server = try await RunningServer.start(in: folder)
        try readWords()
        try compare()
    }

    /// Asks until terms are suggested, which are read behind all else.
    private func readWords() throws {
        for _ in 0..<100_000 {
            let reply = try frames(0, houses[0].holders[0], .suggest(SuggestRequest("a", user: Identifier(high: 1, low: 1))), key: nil).last
            guard let reply, reply.header.type == .error, try Fault.read(reply.body).code == .busy else { return }
        }
    }

    /// Every row of every kind, and a search over all of each.
    func compare() throws {
        for index in houses.indices {
            let admin = houses[index].holders[0]
            var wishes: [Wish] = [Wish(operation: .status), Wish(operation: .stream(MemoryListing(withVectors: true, withHistory: true, deleted: .with)))]
            try compareAudit(index, admin)
            for kind in Kind.allCases where kind != .memory && kind != .audit {
                wishes.append(Wish(operation: .browse(RecordListing(kind, deleted: kind == .organization ? .without : .with, limit: 1_000, withVectors: true))))
            }
            for kind in Kind.searchable {
                wishes.append(Wish(operation: .search(SearchRequest(kind, query: .vector(houses[index].wishes.vector(ModelRun.dimension)), k: 10_000, withContent: false))))
            }
            for wish in wishes where wrong == nil { try ask(index, admin, wish) }
        }
    }

    /// Whoever asks for what is another organization's is told nothing, and his question stands in his own audit.
    ///
    /// Each entry is of a recall that was answered, and names what came; one of the last second a killed server has not written.
    private func compareAudit(_ index: Int, _ admin: Holder) throws {
        let listing = RecordListing(.audit, limit: 1_000)
        guard let frame = try frames(index, admin, .browse(listing), key: nil, repeatsQuestions: true).last, case .recordPage(let page) = try Outcome.read(.browse, frame.body, of: houses[index].model.organization) else {
            return wrong = "the audit cannot be listed"
        }
        for entry in page.records where wrong == nil {
            let named = entry.json(.metadata)?["memories"]?.list?.map { $0["id"]?.text ?? "" } ?? []
            guard let came = houses[index].traces[entry.id] else { return wrong = "an audit entry of no recall: \(entry)" }
            if named != came.prefix(named.count).map(\.description) || named.count < min(came.count, 300) { wrong = "an audit entry names \(named), and \(came) came" }
        }
        if page.records.isEmpty, houses[index].traces.count > 100 { wrong = "there are no audit entries of \(houses[index].traces.count) recalls" }
    }

    /// Whether the comparison sees what the server has differently from a model that was changed.
    func notices(_ change: (inout HouseModel) -> Void) throws -> Bool {
        let kept = houses[0].model
        defer {
            houses[0].model = kept
            wrong = nil
        }
        change(&houses[0].model)
        try compare()
        return wrong != nil
    }

    /// Whether the search for others' bytes finds them: those of the second organization are taken for a third's.
    func noticesLeak() throws -> Bool {
        let kept = houses[2].secrets
        defer {
            houses[2].secrets = kept
            wrong = nil
        }
        houses[2].secrets = houses[1].secrets
        try compare()
        return wrong?.hasPrefix("bytes of") == true
    }

    /// Whether the first organization has no memory with a vector, or no row of another kind that is there to be seen.
    var lacksSomething: Bool {
        let model = houses[0].model
        let kinds: [Kind] = [.message, .conversation, .term, .user, .pattern, .job]
        return !model.memories.values.contains { $0.embedding != nil && $0.expiresAt == nil } || kinds.contains { kind in !model.all(kind).contains(where: model.isLive) }
    }

    func end() { server.child.kill() }
}
