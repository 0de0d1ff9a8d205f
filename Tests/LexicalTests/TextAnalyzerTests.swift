@testable import Lexical
import Testing

@Suite struct TextAnalyzerTests {
    private func words(_ text: String) -> [String] { WordScanner.words(of: text).map { String(decoding: $0.bytes, as: UTF8.self) } }

    /// Whether a text is found by a question, when the texts are in those languages.
    private func finds(_ question: String, in text: String, _ languages: [Language] = []) -> Bool {
        let analyzer = TextAnalyzer()
        let analyzed = analyzer.analyze(text)
        return analyzer.ask(question, languages.isEmpty ? [analyzed.language] : languages).contains { $0.hashes.contains { analyzed.count(of: $0) != nil } }
    }

    @Test("words are letters and digits in a row, in small letters; what lies between parts them", arguments: [
        ("The Quick, brown-fox!", ["the", "quick", "brown", "fox"]), ("user_id=42", ["user", "id", "42"]), ("don't l'eau", ["don", "t", "l", "eau"]),
        ("", []), (" \n\t…", []), ("a1b2", ["a1b2"]), ("Straße ÉCOLE Ωmega", ["strasse", "école", "ωmega"]), ("ﬁne １２", ["fine", "12"]), ("e\u{301}t\u{e9}", ["été"]),
        ("soft\u{ad}hyphen zero\u{200b}width", ["softhyphen", "zerowidth"]), ("👍 ok", ["ok"]),
    ])
    func scanning(text: String, expected: [String]) {
        #expect(words(text) == expected)
    }

    @Test("scripts without spaces are read in pairs of neighbours, and what stands alone alone", arguments: [
        ("東京都", ["東京", "京都"]), ("水", ["水"]), ("Tokyo 東京 2020", ["tokyo", "東京", "2020"]), ("カメラ・レンズ", ["カメ", "メラ", "レン", "ンズ"]), ("한국어", ["한국", "국어"]),
    ])
    func pairs(text: String, expected: [String]) {
        #expect(words(text) == expected)
    }

    @Test("a text's language is that of its common words", arguments: [
        ("the cat is on the mat", Language.english), ("die Katze liegt auf der Matte", .german), ("le chat est sur le tapis", .french), ("el gato está sobre la alfombra", .spanish),
        ("il gatto è sul tappeto", .italian), ("o gato está em cima do tapete", .portuguese), ("de kat ligt op de mat en het regent", .dutch), ("katten ligger på mattan och det regnar", .swedish),
        ("hvad er der i vejen med katten, og hvornår blev den væk af dem", .danish), ("katten ligger på matten og jeg vet ikke hvorfor det er sånn", .norwegian),
        ("kissa on matolla ja se ei ole siellä", .finnish), ("кот лежит на ковре и это не он", .russian), ("qwertz", .english),
    ])
    func languages(text: String, language: Language) {
        #expect(TextAnalyzer().analyze(text).language == language)
    }

    @Test("a question finds what is said in another form of its words", arguments: [
        ("connections", "the server was connected"), ("Häuser", "das Haus und die Katze sind nicht da"), ("muller", "Herr Müller ist nicht da und der Hund"), ("CAFE", "the café is closed"),
        ("chevaux", "le cheval est dans les chevaux"), ("京都", "東京都に住んでいます"), ("42", "room 42 is free"), ("猫", "猫が好きです"), ("КОШКА", "Привет мир, кошки бежали"), ("AI", "The AI model was trained in the office"),
        ("die or war", "the die was cast in the war"), ("o'neil", "the O’Neil family"),
    ])
    func forms(question: String, text: String) {
        #expect(finds(question, in: text))
    }

    @Test("common words find nothing, and count for nothing")
    func commonWords() {
        #expect(!finds("what is the", in: "what is the matter with the house"))
        let analyzer = TextAnalyzer()
        #expect(analyzer.analyze("what is the matter with the house").length == 2)
        #expect(analyzer.analyze("").length == 0 && analyzer.analyze("of the and").terms.isEmpty)
        #expect(analyzer.ask("to be or not to be", [.english]).isEmpty)
    }

    @Test("a question is compared in every language that its texts are in")
    func severalLanguages() {
        #expect(finds("Versicherungen", in: "die Versicherung ist nicht da", [.english, .german]))
        #expect(!finds("Versicherungen", in: "die Versicherung ist nicht da", [.english]))
        // What is common in one of the languages alone is asked for in the one that most texts are in.
        #expect(finds("die", in: "the die was cast", [.english, .german]))
        let asked = TextAnalyzer().ask("connections connections Haus", [.english, .german])
        #expect(asked.map(\.count) == [2, 1] && asked.allSatisfy { (1...2).contains($0.hashes.count) })
    }

    @Test("whatever bytes a text has, it has words or none")
    func anything() {
        let analyzer = TextAnalyzer()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let scalars = (0..<Int.random(in: 0...60, using: &generator)).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &generator)) }
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            let analyzed = analyzer.analyze(String(text))
            #expect(analyzed.terms.reduce(0) { $0 + Int($1.count) } == analyzed.length)
        }
        let long = String(repeating: "x", count: 100_000)
        #expect(analyzer.analyze(long).length == 1 && finds(long, in: long))
    }
}
