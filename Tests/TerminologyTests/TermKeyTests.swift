import Terminology
import Testing

@Suite struct TermKeyTests {
    @Test(
        "case, marks, compatible forms and what stands between words make no difference",
        arguments: [
            ("Kernel Panic", "kernel panic"), ("kernel-panic", "kernel panic"), ("kernel_panic", "kernel panic"), (" kernel \t panic ", "kernel panic"), ("Café", "cafe"),
            ("CAFE\u{301}", "cafe"), ("ﬁle", "file"), ("Straße", "strasse"), ("ＡＢＣ", "abc"), ("naïve", "NAIVE"),
        ])
    func same(one: String, other: String) { #expect(TermKey(one) == TermKey(other)) }

    @Test("signs that names differ in do", arguments: [("C", "C++"), ("C", "C#"), (".net", "net"), ("micro", "micro-"), ("日本", "日木"), ("-", "_"), ("が", "か"), ("का", "कि"), ("각", "가")])
    func different(one: String, other: String) { #expect(TermKey(one) != TermKey(other)) }
}
