import class Foundation.FileManager
import Records
import Storage
import Testing

@testable import Engine

@Suite("Terms are found in texts, and beside each other, by those who may see them")
struct DetectTests {
    private func term(_ house: House, _ term: String, _ definition: String = "d", of user: Identifier, _ more: [RecordField: Value] = [:], vector: [Float]? = nil) async throws -> Identifier {
        let values: [RecordField: Value] = [.user: .identifier(user), .term: .text(term), .definition: .text(definition)]
        return try await house.create(RecordDraft(.term, values.merging(more) { _, new in new }, vector: vector))
    }

    private func detect(_ house: House, _ request: DetectRequest, as principal: Principal? = nil) async throws -> Detection {
        guard case .detected(let found) = try await house.perform(.detect(request), as: principal).get() else { throw House.Unexpected() }
        return found
    }

    private func related(_ house: House, _ request: RelatedRequest, as principal: Principal? = nil) async throws -> [RelatedTerm] {
        guard case .related(let found) = try await house.perform(.related(request), as: principal).get() else { throw House.Unexpected() }
        return found
    }

    private func principal(_ house: House, _ narrowing: Narrowing) -> Principal {
        Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: narrowing)
    }

    @Test("what is written is found in the next text, in the language that it names, and what is removed is not")
    func writes() async throws {
        let house = try House()
        await house.wordsStand()
        let user = try await house.user("maya")
        let kernel = try await term(house, "kernel", of: user, [.language: .text("en-US")])
        let text = "Two kernels in one Kernel."
        let found = try await detect(house, DetectRequest(text, user: user))
        #expect(found.terms.map(\.id) == [kernel] && found.occurrences.map(\.isInflected) == [true, false])
        #expect(found.occurrences.map(\.range) == [4..<11, 19..<25] && found.readBytes == text.utf8.count)
        _ = try await house.perform(.change(RecordPatch(.term, id: kernel, [.language: .text("xx")]))).get()
        #expect(try await detect(house, DetectRequest(text, user: user)).occurrences.map(\.range) == [19..<25])
        _ = try await house.perform(.remove(.term, [kernel])).get()
        #expect(try await detect(house, DetectRequest(text, user: user)).occurrences.isEmpty)
        #expect(try await detect(house, DetectRequest(text, user: user), as: house.second).occurrences.isEmpty)
    }

    @Test("a key of one user finds its own terms and what others made public, and asks for nobody else")
    func narrowed() async throws {
        let house = try House()
        await house.wordsStand()
        let (maya, omar) = (try await house.user("maya"), try await house.user("omar"))
        _ = try await term(house, "sprint", of: maya)
        let spring = try await term(house, "spring", "like a sprint, or a sprawl", of: omar, [.isPublic: .flag(true)])
        let sprawl = try await term(house, "sprawl", of: omar)
        let own = principal(house, Narrowing(user: maya))
        #expect(try await detect(house, DetectRequest("sprint spring sprawl"), as: own).terms.map(\.isOwn) == [true, false])
        #expect(try await related(house, RelatedRequest(spring), as: own).map(\.term) == ["sprint"])
        #expect(try await related(house, RelatedRequest(spring, user: omar)).map(\.term) == ["sprawl"])
        for (operation, error) in [
            (.detect(DetectRequest("a", user: omar)), .narrowed(.term)), (.related(RelatedRequest(spring, user: omar)), .narrowed(.term)),
            (.related(RelatedRequest(sprawl)), .notFound(.term, sprawl)), (.detect(DetectRequest("")), .field(FieldError("text", .empty))),
            (.detect(DetectRequest("a", language: "no language")), .field(FieldError("language", .malformed("it is no tag of a language, as en or pt-BR")))),
            (.related(RelatedRequest(spring, limit: 0)), .field(FieldError("limit", .outOfRange("from 1 to 100")))),
        ] as [(Operation, EngineError)] {
            #expect(await house.perform(operation, as: own) == .failure(error))
        }
        for operation in [Operation.detect(DetectRequest("a")), .related(RelatedRequest(spring))] {
            #expect(await house.perform(operation, as: principal(house, Narrowing(agent: maya))) == .failure(.narrowed(.term)))
            #expect(await house.perform(operation) == .failure(.field(FieldError("user", .missing))))
        }
        let long = String(repeating: "a", count: Limits.detectedTextBytesMax)
        #expect(try await detect(house, DetectRequest(long, user: maya)).occurrences.isEmpty)
        guard case .failure(.field(let error)) = await house.perform(.detect(DetectRequest(long + "a", user: maya))) else { throw House.Unexpected() }
        #expect(error.field == "text")
    }

    @Test("related terms say whether they are named, how often they are mentioned, and how near they are")
    func related() async throws {
        let house = try House()
        await house.wordsStand()
        let user = try await house.user("maya")
        let far = try await term(house, "far", of: user, vector: [0, 0, 1])
        let panic = try await term(
            house, "kernel panic", "The kernel cannot go on: a kernel that stops, and says why. See kernel panic.", of: user,
            [.relatedTerms: .texts(["nothing known", "Oops", far.description, "oops"])], vector: [1, 0, 0])
        _ = try await term(house, "kernel", of: user, vector: [0.8, 0.6, 0])
        _ = try await term(house, "oops", of: user)
        _ = try await term(house, "crash", of: user, vector: [0.9, 0, 0.1])
        _ = try await term(house, "kernel panic", of: user, vector: [1, 0, 0])
        let found = try await related(house, RelatedRequest(panic, user: user))
        #expect(found.map(\.term) == ["oops", "far", "kernel", "crash"])
        #expect(found.map(\.isNamed) == [true, true, false, false])
        #expect(found.map(\.mentions) == [0, 0, 2, 0])
        #expect(found.map { $0.similarity.map { ($0 * 100).rounded() } } == [nil, nil, 80, 99])
        #expect(try await related(house, RelatedRequest(panic, user: user, limit: 1)).map(\.term) == ["oops"])
    }

    @Test("by meaning, what letters do not find is suggested, the nearest first, and a deprecated term as its preferred one")
    func meaning() async throws {
        let house = try House(embedder: FakeEmbedder())
        await house.wordsStand()
        let user = try await house.user("maya")
        _ = try await term(house, "heap", "where it lies", of: user)
        _ = try await term(house, "stack", "where it lies as well", of: user, [.status: .text("deprecated"), .preferred: .text("pile")])
        _ = try await term(house, "pile", "one upon the other", of: user)
        func suggest(_ typed: String, byMeaning: Bool, limit: Int = 10) async throws -> [Suggestion] {
            guard case .suggested(let found) = try await house.perform(.suggest(SuggestRequest(typed, user: user, limit: limit, byMeaning: byMeaning))).get() else { throw House.Unexpected() }
            return found
        }
        #expect(try await suggest(" where it lies", byMeaning: false).isEmpty)
        let found = try await suggest(" where it lies", byMeaning: true)
        #expect(found.map(\.term) == ["heap", "pile"] && found.map(\.insteadOf) == [nil, "stack"] && found.map(\.start) == [1, 1])
        #expect(found.allSatisfy { if case .meaning(let cosine) = $0.reason { cosine >= 0.3 } else { false } })
        #expect(try await suggest(" where it lies", byMeaning: true, limit: 1).map(\.term) == ["heap"])
        // What letters find is left out.
        #expect(try await suggest("where it lies, heap", byMeaning: false).map(\.term) == ["heap"])
        #expect(try await suggest("where it lies, heap", byMeaning: true).map(\.term) == ["pile"])
        let plain = try House()
        await plain.wordsStand()
        #expect(await plain.perform(.suggest(SuggestRequest("hea", user: user, byMeaning: true))) == .failure(.noEmbedder))
    }

    @Test("what is rejected twice in a context sinks there, also after a start, until it is accepted or forgotten; what is accepted is used")
    func learning() async throws {
        let folder = House.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var house = try House(folder: folder, keepsFolder: true)
        await house.wordsStand()
        let user = try await house.user("maya")
        let kernel = try await term(house, "kernel", of: user)
        _ = try await term(house, "kernel panic", of: user)
        func suggested(_ context: String? = "business") async throws -> [String] {
            guard case .suggested(let found) = try await house.perform(.suggest(SuggestRequest("ker", user: user, context: context))).get() else { throw House.Unexpected() }
            return found.map { $0.term + ($0.isRejected ? "!" : "") }
        }
        func learn(_ reactions: TermReaction...) async throws -> WriteReceipt {
            guard case .written(let receipt) = try await house.perform(.learn(LearnRequest(reactions.map { LearnEvent(kernel, $0, context: "business") }, user: user))).get() else {
                throw House.Unexpected()
            }
            return receipt
        }
        let first = try await learn(.rejected)
        #expect(try await suggested() == ["kernel", "kernel panic"])
        let second = try await learn(.rejected, .ignored)
        #expect(first.rows.map(\.id) == second.rows.map(\.id) && second.rows.map(\.version) == [2])
        #expect(try await suggested() == ["kernel panic", "kernel!"])
        #expect(try await suggested(nil) == ["kernel", "kernel panic"])
        let pattern = second.rows[0].id
        guard case .records(let records) = try await house.perform(.fetch(.pattern, [pattern], withVectors: false)).get(), let record = records.first else { throw House.Unexpected() }
        #expect(record.text(.type) == "terminology_usage" && record.integer(.occurrences) == 3 && record.number(.confidence) == 0.2353)
        house.store.close()
        house = try House(folder: folder, keepsFolder: true)
        await house.wordsStand()
        #expect(try await suggested() == ["kernel panic", "kernel!"])
        // Accepted, it is used, and no longer sunk; to forget the pattern does the same.
        #expect(try await learn(.accepted).rows.map(\.id) == [pattern, kernel])
        #expect(try await suggested() == ["kernel", "kernel panic"])
        guard case .records(let terms) = try await house.perform(.fetch(.term, [kernel], withVectors: false)).get() else { throw House.Unexpected() }
        #expect(terms.first?.integer(.frequency) == 2)
        _ = try await learn(.rejected, .rejected)
        #expect(try await suggested().last == "kernel!")
        _ = try await house.perform(.remove(.pattern, [pattern])).get()
        #expect(try await suggested() == ["kernel", "kernel panic"])
        house.store.close()
    }

    @Test("words of what was typed are counted; all of a request is learned or nothing, by those who may")
    func typed() async throws {
        let house = try House()
        await house.wordsStand()
        let (maya, omar) = (try await house.user("maya"), try await house.user("omar"))
        let kernel = try await term(house, "kernel", of: maya)
        let hidden = try await term(house, "hidden", of: omar)
        let shared = try await term(house, "shared", of: omar, [.isPublic: .flag(true)])
        let own = principal(house, Narrowing(user: maya))
        func patterns() async throws -> [Record] {
            guard case .recordPage(let page) = try await house.perform(.browse(RecordListing(.pattern))).get() else { throw House.Unexpected() }
            return page.records
        }
        _ = try await house.perform(.learn(LearnRequest(typed: ["kubectl and the kernel", "kubectl"])), as: own).get()
        _ = try await house.perform(.learn(LearnRequest(user: maya, typed: ["Kubectl"]))).get()
        #expect(try await patterns().map { $0.json(.data) } == [["words": ["kubectl": 3]]])
        for (request, principal, error) in [
            (LearnRequest(), own, EngineError.field(FieldError("events", .empty))), (LearnRequest([LearnEvent(kernel, .rejected), LearnEvent(hidden, .rejected)]), own, .notFound(.term, hidden)),
            (LearnRequest([LearnEvent(kernel, .accepted)], user: omar), own, .narrowed(.term)), (LearnRequest([LearnEvent(kernel, .accepted)], user: omar), house.first, .notFound(.term, kernel)),
            (LearnRequest([LearnEvent(kernel, .accepted)]), self.principal(house, Narrowing(user: maya, kinds: [.term])), .narrowed(.pattern)),
            (LearnRequest([LearnEvent(kernel, .accepted)]), self.principal(house, Narrowing(session: maya)), .narrowed(.term)),
            (LearnRequest([LearnEvent(kernel, .accepted)]), house.first, .field(FieldError("user", .missing))),
        ] {
            #expect(await house.perform(.learn(request), as: principal) == .failure(error))
        }
        #expect(try await patterns().count == 1)
        // A public entry of another can be learned of, and counts as used.
        _ = try await house.perform(.learn(LearnRequest([LearnEvent(shared, .accepted), LearnEvent(shared, .accepted)])), as: own).get()
        guard case .records(let terms) = try await house.perform(.fetch(.term, [shared], withVectors: false)).get() else { throw House.Unexpected() }
        #expect(terms.first?.integer(.frequency) == 3)
        #expect(try await patterns().count == 2)
    }
}
