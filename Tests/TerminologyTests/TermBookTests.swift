import Recall
import Records
import Terminology
import Testing

@Suite struct TermBookTests {
    private static let now = Timestamp(microseconds: 1_760_000_000_000_000)
    private let maya = Identifier(high: 7, low: 1)
    private let omar = Identifier(high: 7, low: 2)

    private func entry(
        _ number: UInt64, _ term: String, of owner: Identifier? = nil, context: String? = nil, uses: Int64 = 1, isPublic: Bool = false, insteadUse preferred: String? = nil
    ) -> TermEntry {
        TermEntry(
            id: Identifier(high: 1, low: number), owner: owner ?? maya, term: term, context: context, frecency: Frecency(uses: uses, last: TermBookTests.now), isPublic: isPublic,
            standing: preferred == nil ? .preferred : .deprecated, preferred: preferred)
    }

    private func book(_ entries: TermEntry...) -> TermBook {
        let book = TermBook()
        book.apply(entries.map { .put($0) })
        return book
    }

    private func terms(_ book: TermBook, _ typed: String, context: String? = nil, to user: Identifier? = nil) -> [String] {
        book.suggest(SuggestRequest(typed, context: context), to: user ?? maya).map(\.term)
    }

    @Test("exact stands before prefix, prefix before typos, fewer typos before more, and those before what is similar")
    func order() {
        let book = book(
            entry(1, "algorithmic", uses: 1_000), entry(2, "algorithm"), entry(3, "algorythm", uses: 1_000), entry(4, "algarythm", uses: 1_000), entry(5, "the algorithm", uses: 1_000))
        let found = book.suggest(SuggestRequest("algorithm"), to: maya)
        #expect(found.map(\.term) == ["algorithm", "algorithmic", "algorythm", "algarythm", "the algorithm"])
        #expect(found.prefix(4).map(\.reason) == [.exact, .prefix, .typos(1), .typos(2)])
        if case .similar(let share)? = found.last?.reason { #expect(share >= 0.3) } else { Issue.record("\(found)") }
    }

    @Test("among those that fit as well, what is used more comes first, then what is shorter")
    func frecency() {
        let book = book(entry(1, "kernel panic"), entry(2, "kernel module", uses: 50), entry(3, "kernel"), entry(4, "kern"))
        #expect(terms(book, "ker") == ["kernel module", "kern", "kernel", "kernel panic"])
    }

    @Test("a context lifts its terms above those that are used more")
    func context() {
        let book = book(entry(1, "lead", context: "business"), entry(2, "leaf", context: "technical", uses: 100))
        #expect(terms(book, "le") == ["leaf", "lead"])
        #expect(terms(book, "le", context: "business") == ["lead", "leaf"])
        #expect(terms(book, "le", context: "unheard of") == ["leaf", "lead"])
        #expect(book.suggest(SuggestRequest("le", context: "business"), to: maya).map(\.fitsContext) == [true, false])
    }

    @Test("nobody's private terms are offered to another, public ones behind his own, and his own public ones once")
    func owners() {
        let book = book(entry(1, "sprint", isPublic: true), entry(2, "spring", of: omar, uses: 100, isPublic: true), entry(3, "sprawl", of: omar))
        #expect(terms(book, "sp") == ["sprint", "spring"])
        #expect(terms(book, "sp", to: omar) == ["spring", "sprawl", "sprint"])
        #expect(book.suggest(SuggestRequest("sp"), to: maya).map(\.isOwn) == [true, false])
        #expect(terms(book, "sp", to: Identifier(high: 7, low: 3)) == ["spring", "sprint"])
    }

    @Test("what many made public is offered once, as the one that is used most, and not beside an own one")
    func published() {
        let (rita, sam) = (Identifier(high: 7, low: 3), Identifier(high: 7, low: 4))
        let book = book(
            entry(1, "sprint", of: rita, isPublic: true), entry(2, "Sprint", of: sam, uses: 100, isPublic: true), entry(3, "sprint", of: Identifier(high: 7, low: 5), isPublic: true),
            entry(4, "spring", of: rita, isPublic: true), entry(5, "spring", context: "a"), entry(6, "spring", context: "b"))
        #expect(terms(book, "spr", to: omar) == ["Sprint", "spring"])
        #expect(book.suggest(SuggestRequest("spr"), to: maya).map(\.term) == ["spring", "spring", "Sprint"])
        #expect(book.suggest(SuggestRequest("sprint"), to: sam).map(\.isOwn).first == true)
    }

    @Test("a deprecated term offers the one that is preferred, once, and itself where there is none")
    func deprecated() {
        let book = book(entry(1, "blacklist", insteadUse: "blocklist"), entry(2, "Blocklist"), entry(3, "blackhole", insteadUse: "null route"))
        let found = book.suggest(SuggestRequest("black"), to: maya)
        #expect(found.map(\.term) == ["blackhole", "Blocklist"])
        #expect(found.map(\.insteadOf) == [nil, "blacklist"])
        #expect(found.map(\.reason) == [.prefix, .prefix])
        #expect(terms(book, "blo") == ["Blocklist"])
    }

    @Test("many deprecated terms of one preferred one leave room for others, and a chain of them is followed to its end, if it has one")
    func chains() {
        let book = TermBook()
        book.apply((0..<12).map { .put(entry(UInt64($0), "blob\($0)", insteadUse: "object")) } + [.put(entry(20, "object")), .put(entry(21, "blobstore"))])
        #expect(terms(book, "blob") == ["object", "blobstore"])
        book.apply([.put(entry(30, "ecmascript", insteadUse: "jscript")), .put(entry(31, "jscript", insteadUse: "JavaScript")), .put(entry(32, "JavaScript"))])
        #expect(terms(book, "ecma") == ["JavaScript"])
        book.apply([.put(entry(40, "hither", insteadUse: "thither")), .put(entry(41, "thither", insteadUse: "hither"))])
        let round = book.suggest(SuggestRequest("hith"), to: maya)
        #expect(round.first?.term == "hither" && round.first?.isDeprecated == true && round.first?.insteadOf == nil)
    }

    @Test("what has no letter to compare harms nobody")
    func nothing() {
        let book = book(entry(1, "\u{200b}"), entry(2, ""), entry(3, "kernel"))
        for typed in ["\u{301}", "\u{200b}", "", " ", "-", "_ _", "k"] { _ = book.suggest(SuggestRequest(typed, limit: 100), to: maya) }
        book.apply([.remove(Identifier(high: 1, low: 1))])
        #expect(terms(book, "\u{301}").isEmpty && terms(book, "k") == ["kernel"])
    }

    @Test("a letter that stands for many is cut to the length of a term")
    func long() {
        let book = book(entry(1, String(repeating: "ﷺ", count: 166)), entry(2, "kernel"))
        #expect(book.byteCount < 8_000)
        #expect(terms(book, String(repeating: "ﷺ", count: 166)).count == 1)
    }

    @Test("a transposition is one typo, at the beginning too; another first letter counts twice; four letters allow none")
    func typos() {
        let book = book(entry(1, "screw"), entry(2, "notebook"))
        #expect(book.suggest(SuggestRequest("csrew"), to: maya).map(\.reason) == [.typos(1)])
        #expect(book.suggest(SuggestRequest("xcrew"), to: maya).allSatisfy { if case .similar = $0.reason { true } else { false } })
        #expect(book.suggest(SuggestRequest("scre"), to: maya).map(\.reason) == [.prefix])
        // Only where nothing else is found, and then for what it is.
        #expect(book.suggest(SuggestRequest("scer"), to: maya).map(\.reason) == [.typos(1)])
        book.apply([.put(entry(9, "scering"))])
        #expect(terms(book, "scer") == ["scering"])
        #expect(book.suggest(SuggestRequest("notebo kk"), to: maya).first?.reason == .typos(2))
    }

    @Test("the last words are looked for where the whole text is no term, and it is told where they begin")
    func lastWords() {
        let book = book(entry(1, "kernel panic"), entry(2, "panic button"))
        let found = book.suggest(SuggestRequest("please reboot, the kernel pan"), to: maya)
        #expect(found.map(\.term) == ["kernel panic", "panic button"])
        #expect(found.map(\.start) == [19, 26])
        #expect(found.map(\.reason) == [.prefix, .prefix])
        for typed in ["the kernel p", "the\u{a0}kernel p", "the-kernel p"] {
            let found = book.suggest(SuggestRequest(typed), to: maya)
            #expect(found.first?.term == "kernel panic" && found.first?.reason == .prefix && found.first?.start == typed.utf8.count - 8, "\(typed)")
        }
    }

    @Test("signs of scripts without spaces are letters as well")
    func signs() {
        let book = book(entry(1, "機械学習"), entry(2, "機械"), entry(3, "Überprüfung"))
        #expect(terms(book, "機") == ["機械", "機械学習"])
        #expect(terms(book, "uberp") == ["Überprüfung"])
        #expect(terms(book, "ÜBERPRUFUGN") == ["Überprüfung"])
        #expect(TermKey("한국어 사전").bytes == Array("한국어 사전".utf8))
    }

    @Test("what a user rejected twice in a context is suggested last there, to him alone, until its pattern says otherwise or is gone")
    func sunk() {
        let book = book(entry(1, "kernel", uses: 100), entry(2, "kernel panic"), entry(3, "kernel ring", of: omar, uses: 50, isPublic: true))
        let (first, second) = (Identifier(high: 9, low: 1), Identifier(high: 9, low: 2))
        func lesson(_ term: UInt64, _ context: String?, _ rejections: Int) -> TermLesson {
            var lesson = TermLesson(of: Identifier(high: 1, low: term), by: maya, context: context)
            for _ in 0..<rejections { lesson.add(.rejected) }
            return lesson
        }
        book.learn([.put(first, lesson(1, "business", 1))])
        #expect(terms(book, "ker", context: "business") == ["kernel", "kernel panic", "kernel ring"])
        book.learn([.put(first, lesson(1, "business", 2)), .put(second, lesson(3, nil, 2))])
        #expect(terms(book, "ker", context: "business") == ["kernel panic", "kernel ring", "kernel"])
        #expect(terms(book, "kernel", context: "business").last == "kernel")
        #expect(book.suggest(SuggestRequest("ker", context: "business"), to: maya).map(\.isRejected) == [false, false, true])
        #expect(terms(book, "ker") == ["kernel", "kernel panic", "kernel ring"])
        #expect(book.suggest(SuggestRequest("ker"), to: maya).map(\.isRejected) == [false, false, true])
        #expect(terms(book, "ker", context: "unheard of") == ["kernel", "kernel panic", "kernel ring"])
        #expect(book.suggest(SuggestRequest("ker", context: "unheard of"), to: maya).allSatisfy { !$0.isRejected })
        #expect(book.suggest(SuggestRequest("ker", context: "business"), to: omar).allSatisfy { !$0.isRejected })
        // Of many that fit, it makes room.
        let limited = book.suggest(SuggestRequest("ker", context: "business", limit: 2), to: maya)
        #expect(limited.map(\.term) == ["kernel panic", "kernel ring"])
        #expect(Set(book.lessons) == [first, second])
        // What is offered in the place of another is what is rejected.
        let instead = self.book(entry(1, "barnew"), entry(2, "foo old", insteadUse: "barnew"), entry(3, "fooling", uses: 1))
        instead.learn([.put(first, lesson(1, nil, 2))])
        #expect(terms(instead, "foo") == ["fooling", "barnew"])
        book.learn([.remove(first), .put(second, lesson(3, nil, 0))])
        #expect(terms(book, "ker", context: "business") == ["kernel", "kernel panic", "kernel ring"])
        #expect(book.lessons.isEmpty)
    }

    @Test("words that no entry knows are counted once a text: no common words, no numbers, no forms of terms, nothing within a term")
    func unknownWords() {
        let book = book(entry(1, "kernel"), entry(2, "pull request"), entry(3, "grpc", of: omar, isPublic: true), entry(4, "helm", of: omar))
        func words(_ texts: String...) -> [String: Int64]? { book.unknownWords(of: texts, for: maya, shouldStop: { false }) }
        #expect(words("The kernels of kubectl and Kubectl are in the pull request for gRPC helm") == ["kubectl": 1, "helm": 1])
        #expect(words("kubectl 42 v2 go KUBECTL", "it's kubectl, \u{2019}tis 日本語 データベース") == ["kubectl": 2, "tis": 1, "データベース": 1])
        #expect(words("the of and", "") == [:])
        #expect(book.unknownWords(of: ["a"], for: maya, shouldStop: { true }) == nil)
    }

    @Test("after any writes the book suggests what one does that was made at once")
    func writes() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let (book, users) = (TermBook(), [maya, omar])
            var kept: [Identifier: TermEntry] = [:]
            for _ in 0..<60 {
                let changes = (0..<Int.random(in: 1...30, using: &random)).map { _ -> TermChange in
                    let number = UInt64.random(in: 0..<300, using: &random)
                    let id = Identifier(high: 1, low: number)
                    guard Int.random(in: 0..<3, using: &random) > 0 else {
                        kept[id] = nil
                        return .remove(id)
                    }
                    let term = String((0..<Int.random(in: 1...6, using: &random)).map { _ in "abc".randomElement(using: &random)! })
                    let new = entry(number, term, of: users[Int(number % 2)], uses: Int64(number + 1), isPublic: Bool.random(using: &random))
                    kept[id] = new
                    return .put(new)
                }
                book.apply(changes)
            }
            let fresh = TermBook()
            fresh.apply(kept.values.map { .put($0) })
            #expect(book.count == kept.count)
            for user in users {
                for typed in ["a", "ab", "abcab", "cba"] {
                    let request = SuggestRequest(typed, limit: 50)
                    #expect(book.suggest(request, to: user) == fresh.suggest(request, to: user))
                }
            }
        }
    }
}
