import Testing

@Suite("comments and strings cannot look like code")
struct MaskingTests {
    private func words(_ text: String, path: String = "Records/A.swift") -> [String] {
        SourceFile(path: path, text: text).tokens().filter(\.isWord).map(\.text)
    }

    @Test("line comments and nested block comments disappear")
    func comments() {
        #expect(words("a // b\nc /* d /* e */ f */ g") == ["a", "c", "g"])
    }

    @Test("C's block comments do not nest")
    func commentsInC() {
        #expect(words("a /* b /* c */ d", path: "CKernels/a.c") == ["a", "d"])
    }

    @Test("strings disappear, with their escapes")
    func strings() {
        #expect(words(#"a = "b \" c // d" + e"#) == ["a", "e"])
        #expect(words(##"a = #"b " c \n"# + d"##) == ["a", "d"])
        #expect(words("a = \"\" + b") == ["a", "b"])
    }

    @Test("multi-line strings disappear, also with quotation marks inside")
    func multilineStrings() {
        #expect(words("a = \"\"\"\n  b \"c\" {\n  \"\"\"\nd") == ["a", "d"])
        #expect(words("a = #\"\"\"\n  b \"\"\" c\n  \"\"\"#\nd") == ["a", "d"])
    }

    @Test("what is interpolated stays code, also strings within it")
    func interpolation() {
        #expect(words(#"a = "b \(c(d, "e \(f) g")) h" + i"#) == ["a", "c", "d", "f", "i"])
        #expect(words(##"a = #"b \(c) \#(d) e"#"##) == ["a", "d"])
    }

    @Test("C's character literals disappear")
    func characters() {
        #expect(words("a = '\"'; b = '\\''; c = '{';", path: "CKernels/a.c") == ["a", "b", "c"])
    }

    @Test("every line stays where it is")
    func lines() {
        let text = "/* a\n b */\n\"\"\"\n c\n\"\"\"\nlast // é\n"
        let file = SourceFile(path: "Records/A.swift", text: text)
        #expect(file.code.count == text.utf8.count)
        #expect(file.tokens().last?.line == 6)
        #expect(file.lineKinds == [.blank, .blank, .string, .string, .string, .code, .blank])
    }
}
