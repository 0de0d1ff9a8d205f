import Client
import Records
import Testing
import Wire

/// Writes records of every kind but memories, one write after the other, beside a model of them, until the connection ends.
struct ModelWriter {
    /// A write of which it is not known whether it was done.
    struct Open {
        let operation: Records.Operation
        let key: Identifier
        let expected: Expected
        let after: HouseModel
        /// Nothing of it has left the client.
        let wasNeverSent: Bool
    }

    private(set) var model: HouseModel
    private var wishes: Wishes
    private(set) var acknowledged = 0
    private(set) var open: Open?
    private(set) var failure: String?

    private static let holder = Holder(key: HouseModel.space, text: "", scopes: Set(Scope.allCases), narrowing: .none)

    /// Starts with a user and a key of its own.
    init(_ name: String, _ organization: Identifier, seed: UInt64, _ client: MemoryClient) async throws {
        var generator = SeededGenerator(seed: seed)
        model = HouseModel(organization: organization, mark: generator.next(), dimension: testDimension, slug: "default")
        model.records[.organization] = [:]
        wishes = Wishes(generator: generator, marker: name)
        for kind in [Kind.user, .agent] {
            // A draft may name what is not there, which is refused.
            while model.all(kind).isEmpty {
                let draft = wishes.draft(kind, model, [])
                _ = model.perform(.create([draft]), ModelWriter.holder, flaw: nil)
                if !model.all(kind).isEmpty { _ = try await client.create([draft]) }
            }
        }
        let made = try await client.createKey(RecordDraft(.key, [.name: .text(name), .role: .text(Role.reader.rawValue)])).key
        model[.key, made.id] = Record(.key, id: made.id, organization: organization, createdAt: Timestamp(microseconds: 0), version: 1, row: made.values)
    }

    mutating func run(_ client: MemoryClient, _ counter: Counter) async {
        while failure == nil {
            let operation = wishes.write(model)
            let key = Identifier(high: wishes.generator.next(), low: wishes.generator.next())
            var after = model
            let expected = after.perform(operation, ModelWriter.holder, flaw: nil)
            do throws(ClientError) {
                let outcome = try await client.perform(operation, idempotencyKey: key)
                failure = Judge.difference(expected, outcome, admits: { _ in true }).map { "\($0) of \(operation)" }
                model = after
                acknowledged += 1
                counter.add()
            } catch {
                switch error {
                case .refused(let fault):
                    if case .error(fault.code) = expected { continue }
                    failure = "\(operation) was refused with \(fault), not answered with \(expected)"
                case .unreachable, .connectionLost:
                    let wasNeverSent = if case .unreachable = error { true } else { false }
                    open = Open(operation: operation, key: key, expected: expected, after: after, wasNeverSent: wasNeverSent)
                    return
                case .notTrusted, .timedOut, .cancelled, .protocolViolation, .closed, .tooLarge: failure = error.description
                }
            }
        }
    }

    /// What is wrong with the rows that the server has of this writer; nil when they are what the model says.
    private static func difference(_ model: HouseModel, _ rows: Everything) -> String? {
        for kind in Everything.kinds {
            let own = rows.records[kind, default: []].filter { $0.id.high == model.mark || kind == .key && model[.key, $0.id] != nil }.sorted { $0.id < $1.id }
            let want = model.all(kind).map(model.whole).sorted { $0.id < $1.id }
            if let wrong = Judge.difference(want, own, withVectors: true) { return wrong }
        }
        return nil
    }

    /// The write that is open was done wholly or not at all; sent again under its key it is done once.
    mutating func settle(_ rows: Everything, _ client: MemoryClient) async throws -> String? {
        guard let open else { return failure }
        self.open = nil
        let wasNotDone = ModelWriter.difference(model, rows)
        let wasDone = ModelWriter.difference(open.after, rows)
        if wasNotDone != nil, wasDone != nil || open.wasNeverSent { return "half of \(open.operation) is there: \(wasNotDone ?? ""), \(wasDone ?? "")" }
        var receipts: [Outcome?] = []
        for _ in 1...2 {
            do throws(ClientError) {
                receipts.append(try await client.perform(open.operation, idempotencyKey: open.key))
            } catch {
                guard case .refused(let fault) = error, case .error(fault.code) = open.expected else { return "sent again, \(open.operation) failed: \(error)" }
                receipts.append(nil)
            }
        }
        if receipts[0] != receipts[1] { return "the same key got two receipts: \(receipts)" }
        if case .error = open.expected { return failure }
        model = open.after
        return failure ?? receipts[0].flatMap { Judge.difference(open.expected, $0, admits: { _ in true }) }
    }

    func compare(_ rows: Everything) -> String? { ModelWriter.difference(model, rows) }
}

/// All rows of an organization but its memories, deleted ones too.
struct Everything {
    static let kinds: [Kind] = [.user, .agent, .conversation, .message, .term, .pattern, .job, .key]

    private(set) var records: [Kind: [Record]] = [:]

    init(_ client: MemoryClient) async throws {
        for kind in Everything.kinds {
            var listing = RecordListing(kind, isAscending: true, deleted: .with, limit: Limits.pageMax, withVectors: true)
            repeat {
                let page = try await client.browse(listing)
                records[kind, default: []] += page.records
                listing.after = page.next
            } while listing.after != nil
        }
    }

    /// What status must count, of kinds that can be hidden those that are not.
    func count(_ kind: Kind) -> Int64 { Int64(records[kind, default: []].count { $0.deletedAt == nil }) }
}
