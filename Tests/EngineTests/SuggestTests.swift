import Foundation
import Recall
import Records
import Storage
import Testing

@testable import Engine

@Suite("Terms are suggested to those who may see them")
struct SuggestTests {
    private func term(_ house: House, _ term: String, of user: Identifier, isPublic: Bool = false, status: String? = nil, preferred: String? = nil) async throws -> Identifier {
        var values: [RecordField: Value] = [.user: .identifier(user), .term: .text(term), .definition: .text("what \(term) means"), .isPublic: .flag(isPublic)]
        values[.status] = status.map { .text($0) }
        values[.preferred] = preferred.map { .text($0) }
        return try await house.create(RecordDraft(.term, values))
    }

    private func suggest(_ house: House, _ request: SuggestRequest, as principal: Principal? = nil) async throws -> [Suggestion] {
        guard case .suggested(let found) = try await house.perform(.suggest(request), as: principal).get() else { throw House.Unexpected() }
        return found
    }

    private func terms(_ house: House, _ typed: String, _ user: Identifier, as principal: Principal? = nil) async throws -> [String] {
        try await suggest(house, SuggestRequest(typed, user: user), as: principal).map(\.term)
    }

    @Test("what is written is suggested at once, what is used more comes first, and what is removed is not suggested any more")
    func writes() async throws {
        let house = try House()
        await house.wordsStand()
        let user = try await house.user("maya")
        let (kernel, module) = (try await term(house, "kernel panic", of: user), try await term(house, "kernel module", of: user))
        #expect(try await terms(house, "ker", user) == ["kernel panic", "kernel module"])
        for _ in 0..<3 { _ = try await house.perform(.use(.term, [module])).get() }
        #expect(try await terms(house, "ker", user) == ["kernel module", "kernel panic"])
        _ = try await house.perform(.change(RecordPatch(.term, id: module, [.term: .text("Kernmodul")]))).get()
        #expect(try await terms(house, "kernm", user).first == "Kernmodul")
        _ = try await house.perform(.remove(.term, [kernel])).get()
        #expect(try await terms(house, "ker", user) == ["Kernmodul"])
        #expect(try await suggest(house, SuggestRequest("ker", user: user, withDefinitions: true)).map(\.definition) == ["what kernel module means"])
        #expect(try await terms(house, "ker", user, as: house.second).isEmpty)
    }

    @Test("each use weighs one and halves in 30 days, whatever the frequency was before")
    func frecency() async throws {
        let house = try House()
        let user = try await house.user("maya")
        let id = try await house.create(
            RecordDraft(.term, [.user: .identifier(user), .term: .text("t"), .definition: .text("d"), .frequency: .integer(4), .lastUsedAt: .time(house.clock.now())]))
        house.pass(seconds: 30 * 86_400)
        _ = try await house.perform(.use(.term, [id])).get()
        let now = house.clock.now()
        guard case .records(let found) = try await house.perform(.fetch(.term, [id], withVectors: false)).get() else { throw House.Unexpected() }
        let known = try #require(found.first?.time(.frecencyAt))
        // Four uses have halved to two, and one came.
        #expect(abs(Frecency(unitAt: known).weight(at: now) - 3) < 1e-6)
    }

    @Test("a key of one user needs no user and may name no other; one of an agent or a session sees no terms")
    func narrowed() async throws {
        let house = try House()
        await house.wordsStand()
        let (maya, omar) = (try await house.user("maya"), try await house.user("omar"))
        _ = try await term(house, "sprint", of: maya)
        _ = try await term(house, "spring", of: omar, isPublic: true)
        _ = try await term(house, "sprawl", of: omar)
        func principal(_ narrowing: Narrowing) -> Principal {
            Principal(organization: house.first.organization, key: house.first.key, scopes: Set(Scope.allCases), narrowing: narrowing)
        }
        let own = principal(Narrowing(user: maya))
        #expect(try await suggest(house, SuggestRequest("spr"), as: own).map(\.term) == ["sprint", "spring"])
        #expect(await house.perform(.suggest(SuggestRequest("spr", user: omar)), as: own) == .failure(.narrowed(.term)))
        #expect(await house.perform(.suggest(SuggestRequest("spr")), as: principal(Narrowing(session: maya))) == .failure(.narrowed(.term)))
        #expect(await house.perform(.suggest(SuggestRequest("spr"))) == .failure(.field(FieldError("user", .missing))))
        #expect(await house.perform(.suggest(SuggestRequest("", user: maya))) == .failure(.field(FieldError("typed", .empty))))
        #expect(await house.perform(.suggest(SuggestRequest("s", user: maya, limit: 0))) == .failure(.field(FieldError("limit", .outOfRange("from 1 to 100")))))
    }

    @Test("a deprecated term offers the preferred one, and after a start all is as before")
    func deprecated() async throws {
        let folder = House.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var house = try House(folder: folder, keepsFolder: true)
        await house.wordsStand()
        let user = try await house.user("maya")
        _ = try await term(house, "blacklist", of: user, status: "deprecated", preferred: "blocklist")
        let used = try await term(house, "blocklist", of: user)
        _ = try await house.perform(.use(.term, [used])).get()
        let found = try await suggest(house, SuggestRequest("bla", user: user))
        #expect(found.map(\.term) == ["blocklist"] && found.first?.insteadOf == "blacklist")
        guard case .status(let status) = try await house.perform(.status).get() else { throw House.Unexpected() }
        #expect(status["terms"]?["entries"] == 2 && status["terms"]?["owners"] == 1 && status["terms"]?["bytes_per_entry"]?.integer ?? 0 > 30)
        house.store.close()
        house = try House(folder: folder, keepsFolder: true)
        await house.wordsStand()
        #expect(try await suggest(house, SuggestRequest("bla", user: user)) == found)
        house.store.close()
    }

    @Test(
        "a term that nobody can type or see is refused",
        arguments: ["", " \u{3000}", "tab\t", "bell\u{7}", "\u{301}", "a \u{301}b", "line\u{2028}", String(repeating: "a", count: 10_000), "null\u{0}", "\u{200b}", "\u{ad}", "\u{202e}abc", "\u{3164}"])
    func unseen(text: String) async throws {
        let house = try House()
        let user = try await house.user("maya")
        let draft = RecordDraft(.term, [.user: .identifier(user), .term: .text(text), .definition: .text("d")])
        guard case .failure(.field(let error)) = await house.perform(.create([draft])) else { throw House.Unexpected() }
        #expect(error.field == "terms[0].term")
        guard case .failure(.field(let typed)) = await house.perform(.suggest(SuggestRequest(text, user: user))) else { throw House.Unexpected() }
        #expect(typed.field == "typed")
    }

    @Test("what people write is a term", arguments: ["C++", ".NET", "e\u{301}", "日本語", "👩‍💻", "❤️", "می‌خواهم", "का", "naïve café", "-", "x\u{a0}y"])
    func seen(text: String) async throws {
        let house = try House()
        await house.wordsStand()
        let user = try await house.user("maya")
        _ = try await term(house, text, of: user)
        #expect(try await terms(house, text, user) == [text])
    }

    @Test("languages are tags, as en, pt-BR or zh-Hant-TW", arguments: ["e", "english language", "de_AT", "-de", "de-", "1a", "abcdefghi"])
    func languages(text: String) {
        func isTag(_ text: String) -> Bool { (try? Checks.language(text)) != nil }
        #expect(!isTag(text))
        #expect(["en", "pt-BR", "zh-Hant-TW", "de-1996"].allSatisfy(isTag))
    }
}
