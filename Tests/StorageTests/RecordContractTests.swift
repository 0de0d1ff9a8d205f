import Records
import Testing

@testable import Storage

/// What every store does with conversations, messages, terms, patterns, users and keys.
@Suite struct RecordContractTests {
    /// An organization with two users and a conversation of each.
    struct House {
        var world: World
        let users: [Record]
        let conversations: [Record]

        init(in store: any Store, seed: UInt64, slug: String = "acme") async throws {
            world = World(seed: seed, slug: slug)
            try await world.create(in: store)
            var users: [Record] = []
            var conversations: [Record] = []
            for name in ["maya", "noor"] {
                let user = world.record(.user, [.email: .text("\(name)@example.com"), .name: .text(name)])
                let conversation = world.record(.conversation, [.user: .identifier(user.id), .title: .text("About \(name)"), .lastActivityAt: .time(world.time)])
                _ = try await store.write(world.request(.create([user])))
                _ = try await store.write(world.request(.create([conversation])))
                users.append(user)
                conversations.append(conversation)
            }
            self.users = users
            self.conversations = conversations
        }

        mutating func message(_ content: String, in conversation: Int = 0, hasVector: Bool = true) -> Record {
            var message = world.record(
                .message, [.conversation: .identifier(conversations[conversation].id), .role: .text("user"), .content: .text(content)])
            if hasVector { message.embedding = Embedding(space: world.space.id, vector: world.vector()) }
            return message
        }

        func conversation(_ place: Int = 0, in store: any Store) async throws -> Record {
            try #require(try await store.records(.conversation, [conversations[place].id], of: world.organization.id).first)
        }
    }

    private func run(_ maker: any StoreMaker, _ body: (any Store) async throws -> Void) async throws {
        let home = try maker.makeHome()
        let store = try home.open()
        defer { store.close() }
        try await body(store)
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        let product = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let lengths = [a, b].map { $0.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
        return product / (lengths[0] * lengths[1])
    }

    private func mean(_ vectors: [[Float]]) -> [Float] {
        vectors.map(VectorSum.unit).reduce([Float](repeating: 0, count: World.dimension)) { sum, vector in zip(sum, vector).map { $0 + $1 } }
    }

    @Test("every kind comes back as it was written, with every field that its schema has", arguments: storeMakers)
    func roundTrip(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 501)
            for kind in [Kind.user, .agent, .conversation, .message, .term, .pattern] {
                var record = house.world.filled(kind, user: house.users[0].id, agent: house.world.agent.id, conversation: house.conversations[0].id)
                let outcome = try await store.write(house.world.request(.create([record])))
                #expect(outcome.receipt.rows.first?.id == record.id)
                let read = try #require(try await store.records(kind, [record.id], of: house.world.organization.id).first)
                if kind == .message { (record[.user], record[.agent]) = (read[.user], read[.agent]) }
                if kind == .conversation {
                    #expect(read.vector(.titleVector) == record.embedding?.vector && read.integer(.vectorCount) == 1)
                    (record[.titleVector], record[.vectorCount], record.embedding) = (read[.titleVector], read[.vectorCount], read.embedding)
                }
                #expect(read == record)
            }
        }
    }

    @Test("a conversation counts its messages, follows their last, and loses and regains them with deletion and restoring", arguments: storeMakers)
    func counts(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 502)
            let organization = house.world.organization.id
            let messages = [house.message("one"), house.message("two"), house.message("three", hasVector: false)]
            let outcome = try await store.write(house.world.request(.create(messages)))
            #expect(outcome.receipt.rows.map(\.id) == messages.map(\.id))
            #expect(outcome.records.map(\.kind) == [.message, .message, .message, .conversation])
            var conversation = try await house.conversation(in: store)
            #expect(conversation.integer(.messageCount) == 3 && conversation.version == 1)
            #expect(conversation.time(.lastActivityAt) == messages[2].createdAt)
            let vectors = messages.compactMap(\.embedding?.vector)
            #expect(cosine(try #require(conversation.embedding?.vector), mean(vectors)) > 0.999999)

            _ = try await store.write(house.world.request(.remove(.message, [messages[0].id])))
            conversation = try await house.conversation(in: store)
            #expect(conversation.integer(.messageCount) == 2)
            #expect(cosine(try #require(conversation.embedding?.vector), vectors[1]) > 0.999999)
            #expect(try await store.records(.message, messages.map(\.id), of: organization).map(\.id) == [messages[1].id, messages[2].id])
            #expect(try await store.records(RecordListing(.message, deleted: .only), of: organization).records.map(\.id) == [messages[0].id])
            #expect(await storageError { _ = try await store.write(house.world.request(.remove(.message, [messages[0].id]))) } == .notFound(.message, messages[0].id))

            _ = try await store.write(house.world.request(.restore(.message, [messages[0].id])))
            conversation = try await house.conversation(in: store)
            #expect(conversation.integer(.messageCount) == 3)
            #expect(cosine(try #require(conversation.embedding?.vector), mean(vectors)) > 0.99999)
            #expect(try await store.counts(of: organization)[.message] == StoreCounts.Count(rows: 3, withVectors: 2))

            _ = try await store.write(house.world.request(.remove(.message, messages.map(\.id))))
            conversation = try await house.conversation(in: store)
            #expect(conversation.integer(.messageCount) == 0 && conversation.embedding == nil)
        }
    }

    @Test("an edit is marked, takes the old vector away, and brings the new one", arguments: storeMakers)
    func editing(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 503)
            let message = house.message("one")
            _ = try await store.write(house.world.request(.create([message])))
            let later = house.world.time.adding(seconds: 10)
            _ = try await store.write(house.world.request(.change(RecordPatch(.message, id: message.id, [.content: .text("two")]), space: nil), at: later))
            var read = try #require(try await store.records(.message, [message.id], of: house.world.organization.id).first)
            #expect(read.flag(.edited) == true && read.time(.editedAt) == later && read.embedding == nil && read.version == 2)
            #expect(try await house.conversation(in: store).embedding == nil)
            let vector = house.world.vector()
            let patch = RecordPatch(.message, id: message.id, ifVersion: 2, [.tokensUsed: .integer(7)], vector: .set(vector))
            _ = try await store.write(house.world.request(.change(patch, space: house.world.space.id)))
            read = try #require(try await store.records(.message, [message.id], of: house.world.organization.id).first)
            #expect(read.embedding?.vector == vector && read.integer(.tokensUsed) == 7)
            #expect(cosine(try #require(try await house.conversation(in: store).embedding?.vector), vector) > 0.999999)
            #expect(await storageError { _ = try await store.write(house.world.request(.change(patch, space: house.world.space.id))) } == .versionMismatch(expected: 2, found: 3))
        }
    }

    @Test("a deleted conversation hides its messages, takes none, and comes back with them", arguments: storeMakers)
    func deletedConversation(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 504)
            let organization = house.world.organization.id
            let messages = [house.message("one"), house.message("two")]
            _ = try await store.write(house.world.request(.create(messages)))
            let id = house.conversations[0].id
            let removed = try await store.write(house.world.request(.remove(.conversation, [id])))
            #expect(removed.removed[.conversation] == [id] && Set(removed.removed[.message] ?? []) == Set(messages.map(\.id)))
            let gone = try await store.changes().suffix(3)
            #expect(gone.allSatisfy { $0.operation == .remove } && Set(gone.map(\.record)) == Set(messages.map(\.id) + [id]))
            #expect(try await store.records(.message, messages.map(\.id), of: organization).isEmpty)
            #expect(try await store.records(RecordListing(.message), of: organization).records.isEmpty)
            #expect(try await store.records(.conversation, [id], of: organization).isEmpty)
            let late = house.message("three")
            #expect(await storageError { _ = try await store.write(house.world.request(.create([late]))) } == .missingReference(field: "conversation"))
            for action in [WriteAction.remove(.message, [messages[0].id]), .change(RecordPatch(.message, id: messages[0].id, [.content: .text("x")]), space: nil)] {
                #expect(await storageError { _ = try await store.write(house.world.request(action)) } == .notFound(.message, messages[0].id))
            }
            let restored = try await store.write(house.world.request(.restore(.conversation, [id])))
            #expect(Set(restored.records.map(\.id)) == Set(messages.map(\.id) + [id]))
            let back = try await store.changes().suffix(3)
            #expect(back.allSatisfy { $0.operation == .put } && Set(back.map(\.record)) == Set(messages.map(\.id) + [id]))
            #expect(back.last?.number == restored.receipt.change)
            #expect(try await store.records(.message, messages.map(\.id), of: organization).count == 2)
            #expect(try await house.conversation(in: store).text(.status) == "active")

            let ended = RecordPatch(.conversation, id: id, [.endedAt: .time(house.world.time)])
            _ = try await store.write(house.world.request(.change(ended, space: nil)))
            #expect(await storageError { _ = try await store.write(house.world.request(.create([late]))) } == .conversationEnded(id))
        }
    }

    @Test("lists go page by page in their order, forward and back, and narrow by the fields that they know", arguments: storeMakers)
    func listing(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 505)
            let organization = house.world.organization.id
            var terms: [Record] = []
            for number in 0..<23 {
                var term = house.world.record(
                    .term,
                    [
                        .user: .identifier(house.users[number % 2].id), .term: .text("term \(number % 7)"), .definition: .text("d"),
                        .frequency: .integer(Int64(1 + number % 5)), .lastUsedAt: .time(house.world.time), .context: .text(number % 3 == 0 ? "technical" : "own"),
                        .tags: .texts(number % 4 == 0 ? [] : ["t\(number % 2)", "it's \"\(number % 3)\""]),
                    ])
                if number % 4 == 1 { term[.tags] = nil }
                term.embedding = nil
                terms.append(term)
            }
            _ = try await store.write(house.world.request(.create(terms)))
            for (order, key) in [(RecordField?.none, { (_: Record) in "" }), (.term, { $0.text(.term) ?? "" }), (.frequency, { String($0.integer(.frequency) ?? 0) })] {
                for ascending in [true, false] {
                    var listing = RecordListing(.term, [.context: .text("own")], order: order, isAscending: ascending, limit: 4)
                    var found: [Identifier] = []
                    repeat {
                        let page = try await store.records(listing, of: organization)
                        found += page.records.map(\.id)
                        #expect(page.records.count <= 4)
                        listing.after = page.next
                    } while listing.after != nil
                    let wanted = terms.filter { $0.text(.context) == "own" }.sorted {
                        let (a, b) = ((key($0), $0.id), (key($1), $1.id))
                        return ascending ? a < b : b < a
                    }
                    #expect(found == wanted.map(\.id))
                }
            }
            let mine = try await store.records(RecordListing(.term, [.user: .identifier(house.users[0].id), .term: .text("term 1")]), of: organization)
            #expect(Set(mine.records.map(\.id)) == Set(terms.filter { $0.identifier(.user) == house.users[0].id && $0.text(.term) == "term 1" }.map(\.id)))
            for wanted in [["t1"], ["it's \"2\""], ["t0", "it's \"1\""], ["it's \"1\"", "t0"], ["t"]] {
                let tagged = try await store.records(RecordListing(.term, [.tags: .texts(wanted)]), of: organization)
                let held = terms.filter { if case .texts(let texts)? = $0[.tags] { Set(wanted).isSubset(of: texts) } else { false } }
                #expect(Set(tagged.records.map(\.id)) == Set(held.map(\.id)) && (wanted == ["t"]) == held.isEmpty, "\(wanted) \(tagged.records.map(\.values)) \(held.map(\.values))")
            }
        }
    }

    @Test("what a key is narrowed to is all that it reads and changes", arguments: storeMakers)
    func narrowing(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 506)
            let organization = house.world.organization.id
            let mine = house.message("mine", in: 0)
            let theirs = house.message("theirs", in: 1)
            _ = try await store.write(house.world.request(.create([mine, theirs])))
            let narrowing = Narrowing(user: house.users[0].id)
            #expect(try await store.records(.message, [mine.id, theirs.id], of: organization, shownTo: narrowing).map(\.id) == [mine.id])
            #expect(try await store.records(RecordListing(.conversation), of: organization, shownTo: narrowing).records.map(\.id) == [house.conversations[0].id])
            #expect(try await store.records(RecordListing(.user), of: organization, shownTo: narrowing).records.map(\.id) == [house.users[0].id])
            for action in [WriteAction.remove(.message, [mine.id, theirs.id]), .change(RecordPatch(.message, id: theirs.id, [.content: .text("x")]), space: nil)] {
                #expect(await storageError { _ = try await store.write(house.world.request(action, shownTo: narrowing)) } == .notFound(.message, theirs.id))
            }
            let intruding = house.message("x", in: 1)
            #expect(await storageError { _ = try await store.write(house.world.request(.create([intruding]), shownTo: narrowing)) } == .missingReference(field: "conversation"))
            #expect(try await house.conversation(1, in: store).integer(.messageCount) == 1)
            _ = try await store.write(house.world.request(.remove(.message, [mine.id]), shownTo: narrowing))
            let session = Narrowing(session: house.conversations[1].id)
            #expect(try await store.records(RecordListing(.message), of: organization, shownTo: session).records.map(\.id) == [theirs.id])
            #expect(try await store.records(RecordListing(.message), of: organization, shownTo: Narrowing(kinds: [.term])).records.isEmpty)
        }
    }

    @Test("what breaks a constraint is refused with the field's name, and leaves nothing behind", arguments: storeMakers)
    func constraints(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 507)
            let nobody = house.world.id()
            let twice = house.world.record(.user, [.email: .text("maya@example.com"), .name: .text("Other")])
            #expect(await storageError { _ = try await store.write(house.world.request(.create([twice]))) } == .alreadyExists(.user, "maya@example.com"))
            #expect(await storageError { _ = try await store.write(house.world.request(.create([house.users[0]]))) } == .alreadyExists(.user, house.users[0].id.description))
            let orphan = house.world.record(.conversation, [.user: .identifier(nobody), .lastActivityAt: .time(house.world.time)])
            #expect(await storageError { _ = try await store.write(house.world.request(.create([orphan]))) } == .missingReference(field: "user"))
            let agentless = house.world.record(
                .conversation, [.user: .identifier(house.users[0].id), .agent: .identifier(nobody), .lastActivityAt: .time(house.world.time)])
            #expect(await storageError { _ = try await store.write(house.world.request(.create([agentless]))) } == .missingReference(field: "agent"))
            let before = try await store.changes().count
            let good = house.message("good")
            var bad = house.message("bad")
            bad[.conversation] = .identifier(nobody)
            #expect(await storageError { _ = try await store.write(house.world.request(.create([good, bad]))) } == .missingReference(field: "conversation"))
            #expect(try await store.records(.message, [good.id], of: house.world.organization.id).isEmpty)
            #expect(try await house.conversation(in: store).integer(.messageCount) == 0)
            #expect(try await store.changes().count == before)
            // A deleted address is free again.
            _ = try await store.write(house.world.request(.remove(.user, [house.users[0].id])))
            _ = try await store.write(house.world.request(.create([twice])))
        }
    }

    @Test("keys are rotated with an overlap, revoked once, and remember their use", arguments: storeMakers)
    func keys(maker: any StoreMaker) async throws {
        try await run(maker) { store in
            var house = try await House(in: store, seed: 508)
            let world = house.world
            let new = AccessKey(
                id: house.world.id(), organization: world.organization.id, name: "first", prefix: "pny_new", hash: [UInt8](repeating: 9, count: 32),
                role: .reader, scopes: [.termsRead], narrowing: Narrowing(user: house.users[0].id, kinds: [.term, .memory]),
                networks: [Network("10.0.0.0/8")].compactMap(\.self), createdAt: world.time)
            let end = world.time.adding(seconds: 60)
            let outcome = try await store.write(world.request(.rotateKey(world.key.id, new: new.record, until: end)))
            #expect(outcome.records.compactMap { AccessKey($0) }.map(\.expiresAt) == [nil, end])
            #expect(Set(try store.reads.tenancy().keys.map(\.id)) == [world.key.id, new.id])
            #expect(try store.reads.tenancy().keys.first { $0.id == new.id } == new)
            _ = try await store.write(world.request(.noteKeyUses([KeyUse(key: new.id, count: 5, last: end, from: "10.0.0.1")])))
            _ = try await store.write(world.request(.noteKeyUses([KeyUse(key: new.id, count: 2, last: world.time, from: "10.0.0.2")])))
            let first = try await store.write(world.request(.revokeKey(new.id), at: end))
            #expect(first.records.first?.time(.revokedAt) == end)
            #expect(try await store.write(world.request(.revokeKey(new.id), at: end.adding(seconds: 5))).records.first?.time(.revokedAt) == end)
            let read = try #require(try await store.records(.key, [new.id], of: world.organization.id).first)
            #expect(read.integer(.useCount) == 7 && read.time(.lastUsedAt) == end && read.text(.lastUsedFrom) == "10.0.0.2")
            #expect(await storageError { _ = try await store.write(world.request(.rotateKey(new.id, new: new.record, until: end))) } == .notFound(.key, new.id))
        }
    }

    @Test("what was written is sound when it is verified, and a count that is wrong is found")
    func verification() async throws {
        let home = try TemporaryDirectory()
        let store = try home.open()
        var house = try await House(in: store, seed: 509)
        let messages = (0..<5).map { _ in house.message("m") }
        _ = try await store.write(house.world.request(.create(messages)))
        _ = try await store.write(house.world.request(.remove(.message, [messages[0].id])))
        store.close()
        #expect(try Verification.run(path: home.path).isSound)
        let connection = try SQLiteConnection(path: home.databasePath, .readWrite)
        var conversation = try #require(try StatementCache(connection).find(.conversation, house.conversations[0].id, of: house.world.organization.id))
        conversation[.messageCount] = .integer(5)
        let row = RowEncoder()
        RecordRow.encode(conversation, into: row)
        let update = try StatementCache(connection).update(.conversation)
        try update.bind(row)
        try update.run()
        let report = try Verification.run(path: home.path)
        #expect(!report.isSound && report.counters.contains { $0.contains("kept 5 messages, found 4") })
    }

    @Test("the tables have the columns that the schemas say")
    func columns() throws {
        let home = try TemporaryDirectory()
        try home.open().close()
        let connection = try SQLiteConnection(path: home.databasePath, .readOnly)
        for table in Table.allCases {
            let columns = try connection.texts("SELECT name FROM pragma_table_info('\(table.name)')")
            #expect(columns.contains("checksum") && columns.filter { $0 != "checksum" } == table.columns, "\(table.name)")
        }
    }
}

extension World {
    mutating func record(_ kind: Kind, _ values: [RecordField: Value]) -> Record {
        let id = id()
        return Record(kind, id: id, organization: organization.id, createdAt: time, values: values)
    }

    /// A record in which every field of the schema holds something.
    mutating func filled(_ kind: Kind, user: Identifier, agent: Identifier, conversation: Identifier) -> Record {
        var record = record(kind, [:])
        for rule in record.schema.rules where rule.setter != .hidden {
            switch rule.type {
            case .flag: record[rule.field] = .flag(true)
            case .integer: record[rule.field] = .integer(rule.field == .messageCount ? 0 : 3)
            case .number: record[rule.field] = .number(0.75)
            case .text: record[rule.field] = .text("a-\(rule.field.name)")
            case .choice(let known): record[rule.field] = .text(known.contains("deleted") ? "archived" : known.last ?? "")
            case .identifier:
                record[rule.field] = .identifier(rule.reference == .user ? user : rule.reference == .agent ? agent : rule.reference == .conversation ? conversation : id())
            case .time: record[rule.field] = .time(time)
            case .texts: record[rule.field] = .texts(["one", "zwei \"2\"", "三"])
            case .object: record[rule.field] = .json(["a": [1, nil, "x"]])
            case .list: record[rule.field] = .json([1, "x", ["b": true]])
            case .bytes(let count): record[rule.field] = .bytes([UInt8](repeating: 3, count: count))
            case .vector: record[rule.field] = .vector(vector())
            }
        }
        if record.schema.hasVector { record.embedding = Embedding(space: space.id, vector: vector()) }
        return record
    }
}
