import Testing

/// Each rule is given a text that breaks it and one that keeps it, so that none can stop working unnoticed.
@Suite("each rule notices what breaks it")
struct RuleTests {
    private func file(_ text: String, path: String = "Records/A.swift") -> SourceFile { SourceFile(path: path, text: text) }

    private func body(_ count: Int) -> String { (0..<count).map { "    use(\($0))\n" }.joined() }

    @Test(
        "an import that the table does not allow is found",
        arguments: [
            ("Records/A.swift", "import Foundation"), ("Records/A.swift", "import Glibc"), ("Wire/A.swift", "public import Engine"),
            ("Engine/A.swift", "@testable import Wire"), ("Columns/A.swift", "import struct Glibc.timespec"),
            ("Server/A.swift", "import Records; import Storage"), ("Client/A.swift", "#if canImport(Glibc)\nimport CSQLite\n#endif"),
            ("Newcomer/A.swift", ""),
        ])
    func forbiddenImport(path: String, text: String) {
        #expect(ImportRule.check(file(text, path: path)).count == 1)
    }

    @Test("allowed imports, and imports in comments and strings, are left alone")
    func allowedImport() {
        let text = "public import Records\nimport struct Glibc.timespec\n// import Wire\nlet a = \"import Wire\""
        #expect(ImportRule.check(file(text, path: "Storage/A.swift")).isEmpty)
    }

    @Test("a file of 401 code lines is found, one of 400 is not")
    func fileLength() {
        let lines = String(repeating: "let a = 1 // one\n\n/* a\n b */\n", count: 400)
        #expect(SizeRules.fileLength(file(lines)).isEmpty)
        #expect(SizeRules.fileLength(file(lines + "let b = 2\n")).count == 1)
        #expect(SizeRules.fileLength(file(lines + "let b = 2\n"), exceptions: ["Records/A.swift": "a table"]).isEmpty)
    }

    @Test(
        "a function of 61 code lines is found, whatever kind it is",
        arguments: [
            "func long<T>(a: () -> Void = {}, b: T) async throws(Never) -> [T] where T: Sendable {", "init() {", "init?(a: Int) {",
            "deinit {", "subscript(a: Int) -> Int {", "var a: Int {", "var a: [Int]\n{", "static let a: Int = {", "let a = make(1) {",
            "func == (a: A, b: A) -> Bool {", "public convenience init<T>(_ a: T)\nwhere T: Sendable\n{",
        ])
    func functionLength(head: String) {
        let headLines = head.split(separator: "\n").count
        let kept = "struct A {\n\(head)\n// one\n\n\(body(59 - headLines))}\n}\n"
        let broken = "struct A {\n\(head)\n// one\n\n\(body(60 - headLines))}\n}\n"
        #expect(SizeRules.functionLength(file(kept)).isEmpty)
        #expect(SizeRules.functionLength(file(broken)).count == 1)
    }

    @Test("closures and nested functions count to the function that holds them")
    func nestedFunctions() {
        let text = "func a() {\n  let b = {\n\(body(30))  }\n  func c() {\n\(body(30))  }\n}\n"
        #expect(SizeRules.functionLength(file(text)).map(\.line) == [1])
    }

    @Test("a function that is one switch may be long, one with a switch and more may not")
    func switches() {
        let cases = (0..<70).map { "  case \($0): { b }()\n" }.joined()
        #expect(SizeRules.functionLength(file("func a() {\n  switch x {\n\(cases)  }\n}\n")).isEmpty)
        #expect(SizeRules.functionLength(file("var a: Int {\n  return switch x {\n\(cases)  }\n}\n")).isEmpty)
        #expect(SizeRules.functionLength(file("func a() {\n  switch x {\n\(cases)  }\n  b()\n}\n")).count == 1)
        #expect(SizeRules.functionLength(file("func a() {\n  b()\n  switch x {\n\(cases)  }\n}\n")).count == 1)
    }

    @Test("braces in strings and comments do not end a function, and SQL in a string does not count to it")
    func bracesInStrings() {
        let text = "func a() {\n  let b = \"}\" // }\n  let c = \"\"\"\n\(body(70))  }\n  \"\"\"\n\(body(30))}\nfunc d() {\n\(body(30))}\n"
        #expect(SizeRules.functionLength(file(text)).isEmpty)
        #expect(FunctionScan(file(text)).functions()?.map(\.name) == ["a", "d"])
    }

    @Test("a protocol's requirements have no body")
    func requirements() {
        let text = "protocol P {\n  func a() -> Int\n  init(b: Int)\n  var c: Int { get }\n}\nextension P {\n\(body(70))}\n"
        #expect(FunctionScan(file(text)).functions()?.map(\.name) == ["c"])
    }

    @Test("calls of initializers are not initializers")
    func calls() {
        let text = "func a() {\n  self.init(b)\n  let c = D.init(e)\n  f()\n}\nstruct G {\n\(body(70))}\n"
        #expect(FunctionScan(file(text)).functions()?.map(\.name) == ["a"])
    }

    @Test("a long function in C is found")
    func functionLengthInC() {
        let text = "static const int a[] = {\n\(body(70))};\nstatic float dot(const float *a, int (*b)(int)) {\n\(body(59))}\n"
        #expect(SizeRules.functionLength(file(text, path: "CKernels/a.c")).map(\.line) == [73])
        #expect(FunctionScan(file(text, path: "CKernels/a.c")).functions()?.map(\.name) == ["dot"])
    }

    @Test("a file whose braces do not balance is found, not passed over", arguments: ["func a() {", "}", "func a() { \"}\""])
    func unbalanced(text: String) {
        #expect(SizeRules.functionLength(file(text)).count == 1)
    }

    @Test(
        "the word unsafe is found outside the listed files",
        arguments: [
            "let a = unsafe b", "@unsafe struct A {}", "nonisolated(unsafe) var a = 1", "let a = \"\\(unsafe b)\"",
            "for unsafe a in b {}",
        ])
    func unsafeWord(text: String) {
        #expect(SafetyRules.unsafeWord(file(text), allowed: [:]).count == 1)
        #expect(SafetyRules.unsafeWord(file(text), allowed: ["Records/A.swift": "why"]).isEmpty)
    }

    @Test("other words that hold it, comments and strings are left alone")
    func unsafeInsideWords() {
        let text = "withUnsafeBytes { } // unsafe\nlet unsafely = \"unsafe\""
        #expect(SafetyRules.unsafeWord(file(text), allowed: [:]).isEmpty)
    }

    @Test("a listed file that no longer says unsafe is found")
    func unsafeListedInVain() {
        #expect(SafetyRules.unsafeWord(file("let a = 1"), allowed: ["Records/A.swift": "why"]).count == 1)
    }

    @Test("an unchecked Sendable without a sentence close above it is found")
    func uncheckedSendable() {
        let declaration = "final class A: @unchecked Sendable {}\n"
        let sentence = "/// A box. All of its state is guarded by `lock`.\n"
        #expect(SafetyRules.uncheckedSendable(file(sentence + declaration)).isEmpty)
        #expect(SafetyRules.uncheckedSendable(file(sentence + "\n\n\n" + declaration)).isEmpty)
        #expect(SafetyRules.uncheckedSendable(file(sentence + "\n\n\n\n" + declaration)).count == 1)
        #expect(SafetyRules.uncheckedSendable(file("/// Sendable.\n" + declaration)).count == 1)
        #expect(SafetyRules.uncheckedSendable(file("/// this has five words or more but no stop\n" + declaration)).count == 1)
        #expect(SafetyRules.uncheckedSendable(file(declaration)).count == 1)
        #expect(SafetyRules.uncheckedSendable(file("extension A: @unchecked\nSendable {}")).count == 1)
    }

    @Test("a descriptor that Dispatch watches is found outside the poller", arguments: ["DispatchSource.makeReadSource(a)", "let a = DispatchIO(b)"])
    func watchedSocket(text: String) {
        #expect(SafetyRules.watchedSocket(file(text)).count == 1)
        #expect(SafetyRules.watchedSocket(file(text, path: "Transport/Poller.swift")).isEmpty)
        #expect(SafetyRules.watchedSocket(file("// \(text)\nDispatchSource.makeTimerSource(a)")).isEmpty)
    }

    @Test("a type with its module's name is found", arguments: ["struct", "enum", "actor", "final class", "protocol"])
    func typeNamedAsModule(keyword: String) {
        #expect(NamingRules.typeNamedAsModule(file("public \(keyword) Records {}")).count == 1)
        #expect(NamingRules.typeNamedAsModule(file("public \(keyword) Record {}\n// struct Records")).isEmpty)
    }

    @Test(
        "a name that says nothing is found",
        arguments: [
            "Sources/Wire/FrameUtils.swift", "Sources/Wire/Frame+Helpers.swift", "Sources/Common/A.swift",
            "Sources/Engine/JobManager.swift", "Sources/Storage/StoreImpl.swift",
        ])
    func emptyName(path: String) {
        #expect(NamingRules.emptyName(path: path).count == 1)
    }

    @Test("names that only begin alike are left alone", arguments: ["Sources/A/Implied.swift", "Sources/A/Commonness.swift"])
    func fullName(path: String) {
        #expect(NamingRules.emptyName(path: path).isEmpty)
    }

    @Test("a note that something is unfinished is found", arguments: ["// TODO: this", "/* FIXME */ let a = 1", "let a = \"XXX\""])
    func unfinished(text: String) {
        #expect(NamingRules.unfinished(path: "A.swift", text: "let a = 1\n\(text)\n").map(\.line) == [2])
        #expect(NamingRules.unfinished(path: "A.swift", text: "mktemp /tmp/a.XXXXXX\nlet TODOS = 1").isEmpty)
    }

    @Test("a stray at the top is found, what .gitignore names is not")
    func topLevel() {
        let names = ["Package.swift", "Sources", "notes.txt", ".build", ".git"]
        #expect(LayoutRules.topLevel(names: names, gitignore: "/.build/\n").map(\.path) == ["notes.txt"])
        #expect(LayoutRules.topLevel(names: names, gitignore: "").map(\.path) == [".build", "notes.txt"])
    }

    @Test("a README of 151 lines is found, one of 150 is not")
    func readme() {
        #expect(LayoutRules.readmeLength(String(repeating: "line\n", count: 150)).isEmpty)
        #expect(LayoutRules.readmeLength(String(repeating: "line\n", count: 151)).count == 1)
        #expect(LayoutRules.readmeLength(String(repeating: "line\n", count: 150) + "last").count == 1)
    }

    @Test("a module that the architecture does not mention as a word is found")
    func undocumentedModules() {
        let manifest = """
            .target(name: "CSystem"), .systemLibrary(name: "CBLAS"), module("Wire", ["Records"]),
            .executableTarget(
                name: "pinyon-bench"), .testTarget(name: "WireTests"), tests("ClientTests", [])
            """
        #expect(LayoutRules.modules(manifest: manifest) == ["CSystem", "CBLAS", "Wire", "pinyon-bench"])
        let found = LayoutRules.undocumentedModules(manifest: manifest, architecture: "`CSystem`, CBLAS; Wired; pinyon-bench/")
        #expect(found.map(\.sentence) == ["does not mention the module 'Wire'"])
    }
}
