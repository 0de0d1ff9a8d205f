import Lexical
import Recall
import Records
import Terminology
import Testing

@Suite struct DetectTests {
    private let maya = Identifier(high: 7, low: 1)
    private let omar = Identifier(high: 7, low: 2)

    private func entry(
        _ number: UInt64, _ term: String, of owner: Identifier? = nil, context: String? = nil, uses: Int64 = 1, isPublic: Bool = false, insteadUse preferred: String? = nil,
        language: Language? = nil
    ) -> TermEntry {
        TermEntry(
            id: Identifier(high: 1, low: number), owner: owner ?? maya, term: term, context: context,
            frecency: Frecency(uses: uses, last: Timestamp(microseconds: 1_760_000_000_000_000)), isPublic: isPublic,
            standing: preferred == nil ? .preferred : .deprecated, preferred: preferred, language: language)
    }

    private func book(_ terms: [String], language: Language? = nil) -> TermBook { book(terms.enumerated().map { entry(UInt64($0.offset + 1), $0.element, language: language) }) }

    private func book(_ entries: [TermEntry]) -> TermBook {
        let book = TermBook()
        book.apply(entries.map { .put($0) })
        return book
    }

    private func detect(_ text: String, _ book: TermBook, language: String? = nil, context: String? = nil, for user: Identifier? = nil) throws -> Detection {
        try #require(book.detect(DetectRequest(text, language: language, context: context), for: user ?? maya, shouldStop: { false }))
    }

    /// Each piece of the text that was found, and the term that it is where it is written otherwise.
    private func found(_ text: String, _ book: TermBook, language: String? = nil) throws -> [String] {
        let detection = try detect(text, book, language: language)
        #expect(detection.readBytes == text.utf8.count)
        return detection.occurrences.map { occurrence in
            let piece = String(decoding: Array(text.utf8)[occurrence.range], as: UTF8.self)
            let term = detection.terms[occurrence.term].term
            return piece == term ? piece : "\(piece)=\(term)" + (occurrence.isInflected ? "~" : "")
        }
    }

    @Test("of terms that overlap the one that begins first is found, and of those the longest")
    func leftmostLongest() throws {
        let book = book(["memory", "memory server", "server farm", "server", "farm hand tool", "a b c d", "b c"])
        #expect(try found("A memory server farm has memory.", book) == ["memory server", "memory"])
        #expect(try found("server farm hand tool", book) == ["server farm"])
        #expect(try found("a b c x b c", book) == ["b c", "b c"])
        #expect(try found("nothing of it", book).isEmpty)
    }

    @Test("terms begin and end with words, whatever their case, their accents and what stands between their words")
    func folding() throws {
        let book = book(["kernel", "naïve Bayes", "e-mail", "user_id", "Straße"])
        #expect(try found("The KERNEL's colonel: kernels, microkernel, Kernel2", book) == ["KERNEL=kernel"])
        #expect(try found("Naive  Bayes, NAÏVE-BAYES, nai\u{308}ve\nbayes", book).count == 3)
        #expect(try found("E mail e_mail email", book) == ["E mail=e-mail", "e_mail=e-mail"])
        #expect(try found("user-id, STRASSE und strasse", book) == ["user-id=user_id", "STRASSE=Straße", "strasse=Straße"])
        #expect(try found("ｋｅｒｎｅｌ", book) == ["ｋｅｒｎｅｌ=kernel"])
    }

    @Test("a term does not go across an empty line, and what has no letters is found where it stands so")
    func signs() throws {
        let book = book(["C++", ".NET", "TCP/IP", "and/or", "--help", "kernel panic", "#1", "don't"])
        #expect(try found("in C++, not C+ +; on .NET but not Net. Net", book) == ["C++", ".NET"])
        #expect(try found("TCP/IP and tcp / ip, and/or", book) == ["TCP/IP", "and/or"])
        #expect(try found("say --help, not help; #1, # 1, 1", book) == ["--help", "#1"])
        #expect(try found("kernel\npanic kernel\r\npanic kernel\n\npanic kernel\n \npanic", book) == ["kernel\npanic=kernel panic", "kernel\r\npanic=kernel panic"])
        #expect(try found("Don’t don't dont", book) == ["Don’t=don't", "don't"])
    }

    @Test("other forms of a word are found where its language is known, and said to be such")
    func inflections() throws {
        #expect(try found("Two kernels crashed while indexing", book(["kernel", "crash", "index"])) == [])
        #expect(try found("Two kernels crashed while indexing", book(["kernel", "crash", "index"]), language: "en-GB") == ["kernels=kernel~", "crashed=crash~", "indexing=index~"])
        #expect(try found("Zwei Häuser, ein Haus", book(["Haus"], language: .german)) == ["Häuser=Haus~", "Haus"])
        #expect(try found("Zwei Häuser, ein Haus", book(["Haus"], language: .german), language: "en") == ["Häuser=Haus~", "Haus"])
        // Accents that are left out make no other word.
        #expect(try found("resume, resumes, résumés", book(["résumé"], language: .english)) == ["resume=résumé", "resumes=résumé~", "résumés=résumé~"])
        #expect(try found("las canciones, la cancion", book(["canción"], language: .spanish)) == ["canciones=canción~", "cancion=canción"])
        #expect(try found("русские, русский", book(["русский"], language: .russian)) == ["русские=русский~", "русский"])
        // As written stands before inflected, and both are known.
        let both = book(["kernels", "kernel"], language: .english)
        #expect(try found("kernel kernels", both) == ["kernel", "kernels"])
        #expect(try detect("kernels", both).terms[0].others == [Identifier(high: 1, low: 2)])
    }

    @Test("in scripts without spaces every sign may begin a term, but within words of katakana and of Korean")
    func runs() throws {
        let book = book(["データ", "データ構造", "構造", "ラム", "커널", "学习", "机器学习", "ทดสอบ"])
        #expect(try found("このデータ構造はプログラムの構造", book) == ["データ構造", "構造"])
        #expect(try found("ビッグデータ、ﾃﾞｰﾀ", book) == ["ﾃﾞｰﾀ=データ"])
        #expect(try found("커널은 커널을 리눅스커널", book) == ["커널", "커널"])
        #expect(try found("机器学习和深度学习", book) == ["机器学习", "学习"])
        #expect(try found("การทดสอบระบบ", book) == ["ทดสอบ"])
        // Parts of a syllable, one by one.
        #expect(try found("커널".decomposedForTest, book) == ["커널"])
    }

    @Test("entries of the same words are one occurrence: own ones first, those of the context, preferred ones")
    func homonyms() throws {
        let book = book([
            entry(1, "port", context: "technical"), entry(2, "port", context: "personal", uses: 9), entry(3, "port", of: omar, isPublic: true), entry(4, "port", of: omar),
            entry(5, "mutex lock", insteadUse: "mutex"), entry(6, "spin lock", insteadUse: "a lock that spins"), entry(7, "mutex"),
        ])
        let plain = try detect("port port", book)
        #expect(plain.terms.map(\.id.low) == [2])
        #expect(plain.terms[0].others.map(\.low) == [1, 3])
        #expect(plain.occurrences.map(\.range) == [0..<4, 5..<9])
        let technical = try detect("port", book, context: "technical").terms
        #expect(technical.map(\.id.low) == [1])
        #expect(technical.map(\.fitsContext) == [true])
        #expect(try detect("port", book, for: Identifier(high: 7, low: 3)).terms.map(\.id.low) == [3])
        #expect(try detect("port", book, for: Identifier(high: 7, low: 3)).terms.map(\.isOwn) == [false])
        let deprecated = try detect("a mutex lock, a spin lock", book).terms
        #expect(deprecated.map(\.isDeprecated) == [true, true])
        #expect(deprecated.map(\.preferred) == ["mutex", "a lock that spins"])
    }

    @Test("what is removed is found no more, though it stands in the middle of a table, and what is shorter is found in its place")
    func removed() throws {
        let book = book(["memory", "memory server"] + (0..<100).map { "filler \($0)" })
        #expect(try found("memory server", book) == ["memory server"])
        book.apply([.remove(Identifier(high: 1, low: 2))])
        #expect(try found("memory server", book) == ["memory"])
    }

    @Test("a text with more terms than one answer names says how far it was read")
    func many() throws {
        let text = String(repeating: "a ", count: Limits.occurrencesMax + 5)
        let detection = try detect(text, book(["a"]))
        #expect(detection.occurrences.count == Limits.occurrencesMax)
        #expect(detection.readBytes == 2 * Limits.occurrencesMax)
        #expect(detection.terms.count == 1)
    }

    @Test("a text takes as many steps as it has tokens, though every term begins as it goes on")
    func steps() throws {
        // Each of them would be followed for 240 words from every place.
        let terms = (1...200).map { String(repeating: "a ", count: 240) + "b\($0)" }
        let text = String(repeating: "a ", count: 30_000)
        #expect(try detect(text, book(terms)).occurrences.isEmpty)
        #expect(try detect(text + "b7", book(terms)).occurrences.map(\.range.count) == [482])
    }

    @Test("it stops when it is asked to")
    func stops() {
        #expect(book(["a"]).detect(DetectRequest("a a a"), for: maya, shouldStop: { true }) == nil)
    }

    @Test("what is found is what looking for every term at every word finds, whatever tables hold the terms")
    func oracle() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<60 {
            let book = TermBook()
            var (terms, place): ([Identifier: [String]], UInt64) = ([:], 0)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let entries = (0..<Int.random(in: 1...40, using: &random)).map { _ -> TermEntry in
                    place += 1
                    let words = (0..<Int.random(in: 1...5, using: &random)).map { _ in String("abcd".randomElement(using: &random)!) }
                    terms[Identifier(high: 1, low: place)] = words
                    return entry(place, words.joined(separator: " "), isPublic: Bool.random(using: &random))
                }
                book.apply(entries.map { .put($0) })
                for id in terms.keys where Int.random(in: 0..<5, using: &random) == 0 {
                    terms[id] = nil
                    book.apply([.remove(id)])
                }
            }
            let text = (0..<300).map { _ in String("abcde".randomElement(using: &random)!) }
            var (wanted, at): ([Range<Int>], Int) = ([], 0)
            while at < text.count {
                let longest = terms.values.filter { at + $0.count <= text.count && Array(text[at..<at + $0.count]) == $0 }.map(\.count).max() ?? 0
                if longest > 0 { wanted.append(at * 2..<(at + longest) * 2 - 1) }
                at += max(1, longest)
            }
            #expect(try detect(text.joined(separator: " "), book).occurrences.map(\.range) == wanted)
        }
    }
}

extension String {
    /// Syllables of Korean as the parts that they are made of.
    fileprivate var decomposedForTest: String {
        String(
            String.UnicodeScalarView(
                unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
                    guard (0xac00...0xd7a3).contains(scalar.value) else { return [scalar] }
                    let index = scalar.value - 0xac00
                    let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11a7 + index % 28]
                    return parts.filter { $0 != 0x11a7 }.compactMap(Unicode.Scalar.init)
                }))
    }
}
