import Records
import Termbase
import Testing

@Suite("Terms in files of other programs")
struct TermFileTests {
    private func read(_ text: String, _ format: TermFile.Format) throws -> TermFile { try TermFile.read(Array(text.utf8), as: format) }

    private func refusal(_ text: String, _ format: TermFile.Format) -> TermFile.Refusal? {
        do throws(TermFile.Refusal) {
            _ = try TermFile.read(Array(text.utf8), as: format)
            return nil
        } catch { return error }
    }

    private static func record(_ values: [RecordField: Value]) -> Record {
        Record(
            .term, id: Identifier(high: 1, low: 1), organization: Identifier(high: 1, low: 2), createdAt: Timestamp(microseconds: 1_700_000_000_000_000),
            values: values.merging([.user: .identifier(Identifier(high: 1, low: 3)), .lastUsedAt: .time(Timestamp(microseconds: 1_700_000_000_000_000))]) { own, _ in own })
    }

    private static let full: [RecordField: Value] = [
        .term: .text("naïve, \"Bayes\""), .definition: .text("two\nlines; a|b & <c> \\ \"d\""), .context: .text("technical"), .language: .text("en-GB"), .status: .text("admitted"),
        .examples: .texts(["one | two", "back\\slash", "three"]), .relatedTerms: .texts(["prior", "日本語"]), .tags: .texts(["a", "b,c"]), .frequency: .integer(7), .isPublic: .flag(true),
    ]

    @Test("what is written as CSV or JSON Lines is read again, all of it")
    func roundTrip() throws {
        let plain: [RecordField: Value] = [.term: .text("kernel"), .definition: .text("the core"), .status: .text("preferred"), .frequency: .integer(1), .isPublic: .flag(false)]
        let records = [TermFileTests.record(TermFileTests.full), TermFileTests.record(plain)]
        for format in [TermFile.Format.csv, .jsonl] {
            let file = try read(TermFile.write(records, as: format), format)
            #expect(file.refusals.isEmpty)
            let values = file.entries.map { entry in entry.values.filter { $0.key != .lastUsedAt } }
            #expect(values == [TermFileTests.full, plain], "\(format)")
            #expect(file.entries.map { $0.values[.lastUsedAt] } == records.map { $0[.lastUsedAt] })
        }
    }

    @Test("what TBX has a place for is read again")
    func roundTripTBX() throws {
        let deprecated: [RecordField: Value] = [
            .term: .text("kern crash"), .definition: .text("it stops"), .status: .text("deprecated"), .preferred: .text("kernel panic"), .language: .text("en"),
        ]
        let preferred: [RecordField: Value] = [
            .term: .text("kernel panic"), .definition: .text("it stops"), .status: .text("preferred"), .language: .text("en"), .relatedTerms: .texts(["oops", "elsewhere"]),
        ]
        let other: [RecordField: Value] = [
            .term: .text("blacklist"), .definition: .text("  what is\r\n\tkept  out"), .status: .text("deprecated"), .preferred: .text("blocklist"), .relatedTerms: .texts(["oops"]),
        ]
        let alone: [RecordField: Value] = [.term: .text("alone"), .definition: .text("d"), .status: .text("deprecated"), .relatedTerms: .texts(["oops", "panic"])]
        let oops: [RecordField: Value] = [.term: .text("oops"), .definition: .text("less"), .status: .text("preferred")]
        let written = [deprecated, preferred, other, oops, alone, TermFileTests.full]
        let file = try read(TermFile.write(written.map(TermFileTests.record), as: .tbx), .tbx)
        #expect(file.refusals.isEmpty)
        func text(_ field: RecordField, _ values: [RecordField: Value]) -> String { if case .text(let text)? = values[field] { text } else { "" } }
        let found = file.entries.map(\.values).sorted { text(.term, $0) < text(.term, $1) }
        let full = TermFileTests.full.filter { ![.tags, .frequency, .isPublic].contains($0.key) }
        #expect(found == [deprecated, preferred, other, oops, alone, full].sorted { text(.term, $0) < text(.term, $1) })
    }

    @Test("a wrong header is told with what there is, and nothing is read")
    func header() {
        for (text, why) in [
            ("", "the file is empty"), ("term,meaning\na,b\n", "the column meaning"), ("term\na\n", "lacks the column definition"), ("term,definition,term\n", "the column term twice"),
            ("term,,definition\n", "a column without a name"), ("term;definition\n", "separated by semicolons"), ("term\tdefinition\n", "separated by tabs"), ("\"term,definition\n", "a quotation mark is never closed"), ("{\"term\":\"a\"}\n", "quotation mark stands within"),
        ] {
            let refused = refusal(text, .csv)
            #expect(refused?.line == 1 && refused?.reason.contains(why) == true, "\(text): \(String(describing: refused))")
        }
    }

    @Test("a broken line of CSV is told by its number, and the rest is read")
    func brokenLines() throws {
        let text = "\u{feff}Term,Definition,frequency,is_public\r\nkernel,\"the\r\ncore\",1,yes\nonly one\n\n\"a\"b,c,1,no\nx\"y,c,1,no\nmany,d,many,no\nshy,d,1,maybe\n,d,1,no\nlong\ttab,d,1,no\nlast,d,2,no"
        let file = try read(text, .csv)
        #expect(file.entries.map(\.line) == [2, 12])
        #expect(file.entries.first?.values[.definition] == .text("the\r\ncore"))
        #expect(file.refusals.map(\.line) == [4, 6, 7, 8, 9, 10, 11])
        // A quotation mark too many takes no other lines with it.
        let many = try read("term,definition\n\"a,broken\nb1,good\nb2,good\nc,\"good, quoted\"\nd1,good\n", .csv)
        #expect(many.refusals.map(\.line) == [2] && many.entries.map(\.line) == [3, 4, 5, 6], "\(many)")
        let open = try read("term,definition\na,\"b\nc,d\ne,f\n", .csv)
        #expect(open.refusals.map(\.line) == [2] && open.entries.map(\.line) == [3, 4])
        let latin = try TermFile.read(Array("term,definition\ncaf".utf8) + [0xE9] + Array(",d\nkernel,d\n".utf8), as: .csv)
        #expect(latin.refusals.map(\.line) == [2])
        #expect(latin.entries.map(\.line) == [3])
    }

    @Test("lines of JSON that cannot be taken are told by their numbers")
    func brokenJSON() throws {
        let lines = [
            "{\"term\":\"kernel\",\"definition\":\"d\",\"id\":\"x\",\"version\":3}", "", "{\"term\":\"a\"}", "{\"term\":\"a\",\"definition\":\"d\",\"colour\":\"red\"}", "[1]", "{\"term\":",
            "{\"term\":\"a\",\"definition\":7}", "{\"term\":\"\u{301}\",\"definition\":\"d\"}", "{\"term\":\"last\",\"definition\":\"d\",\"tags\":null}",
        ]
        let file = try read(lines.joined(separator: "\n"), .jsonl)
        #expect(file.entries.map(\.line) == [1, 9])
        #expect(file.refusals.map(\.line) == [3, 4, 5, 6, 7, 8])
        #expect(file.refusals[1].reason.contains("colour"))
    }

    @Test("concepts with several terms and languages, in both forms and both styles, become entries")
    func concepts() throws {
        let modern = """
            <?xml version="1.0"?>
            <tbx type="TBX-Basic" style="dct" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2" xmlns:min="m" xmlns:basic="b">
            <text><body>
            <conceptEntry id="c1"><min:subjectField>technical</min:subjectField>
              <langSec xml:lang="en"><basic:definition>A <hi>core</hi>
                of it</basic:definition>
                <termSec><term>kernel</term><min:administrativeStatus>preferredTerm-admn-sts</min:administrativeStatus><basic:context>The kernel stops.</basic:context></termSec>
                <termSec><term>core &amp; heart</term><min:administrativeStatus>deprecatedTerm-admn-sts</min:administrativeStatus></termSec>
              </langSec>
              <langSec xml:lang="de"><termSec><term>Kern</term></termSec></langSec>
            </conceptEntry>
            <conceptEntry id="c2"><langSec xml:lang="en"><termSec><term>panic</term><basic:crossReference target="c1">see</basic:crossReference></termSec></langSec>
              <langSec xml:lang="fr"><termSec><term>panique</term></termSec></langSec></conceptEntry>
            <conceptEntry id="c3"><langSec xml:lang="en"><termSec><term>alone</term></termSec></langSec></conceptEntry>
            <conceptEntry id="c4"><langSec xml:lang="en"><termSec><term>odd</term><min:administrativeStatus>maybe</min:administrativeStatus></termSec></langSec></conceptEntry>
            <conceptEntry id="c5"></conceptEntry>
            </body></text></tbx>
            """
        let file = try read(modern, .tbx)
        func values(_ term: String) -> [RecordField: Value]? { file.entries.first { $0.values[.term] == .text(term) }?.values }
        #expect(values("kernel") == [
            .term: .text("kernel"), .definition: .text("A core of it"), .context: .text("technical"), .language: .text("en"), .status: .text("preferred"), .examples: .texts(["The kernel stops."]),
        ])
        #expect(values("core & heart")?[.preferred] == .text("kernel"))
        #expect(values("Kern")?[.definition] == .text("en: kernel, core & heart"))
        #expect(values("panic")?[.relatedTerms] == .texts(["kernel"]))
        #expect(values("panic")?[.definition] == .text("fr: panique"))
        #expect(file.entries.count == 5)
        #expect(file.refusals.count == 3 && file.refusals.contains { $0.reason.contains("c5") } && file.refusals.contains { $0.reason.contains("maybe") })
        #expect(file.refusals.contains { $0.line == 14 && $0.reason.contains("definition") }, "\(file.refusals)")
        let old = """
            <?xml version='1.0'?><!DOCTYPE martif SYSTEM "TBXBasiccoreStructV02.dtd">
            <martif type="TBX-Basic" xml:lang="en"><text><body><termEntry id="1"><descrip type="subjectField">law</descrip><langSet xml:lang="en">
            <descripGrp><descrip type="definition">A rule.</descrip></descripGrp><tig><term>statute</term><termNote type="administrativeStatus">admittedTerm-admn-sts</termNote></tig>
            <ntig><termGrp><term>act</term></termGrp></ntig></langSet></termEntry></body></text></martif>
            """
        let entries = try read(old, .tbx).entries.map(\.values)
        #expect(entries.map { $0[.term] } == [.text("statute"), .text("act")])
        #expect(entries.map { $0[.status] } == [.text("admitted"), .text("preferred")] && entries.allSatisfy { $0[.context] == .text("law") && $0[.definition] == .text("A rule.") })
    }

    @Test("what is no TBX, declares entities or lies too deep is refused with its line")
    func hostileTBX() {
        let laughs = "<?xml version=\"1.0\"?>\n<!DOCTYPE tbx [<!ENTITY a \"ha\">\n<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>\n<tbx><text>&b;</text></tbx>"
        for (text, line, why) in [
            ("", 1, "it is no XML"), ("term,definition\n", 1, "it is no XML"), ("<tbx>\n<text>", 2, "it is no XML"), ("<html>\n</html>", 1, "its root is html"),
            (laughs, 2, "declares an entity"), ("<!DOCTYPE tbx [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><tbx>&x;</tbx>", 1, "declares an entity"),
            ("<!DOCTYPE tbx [<!ENTITY % p SYSTEM \"http://127.0.0.1/x\"> %p;]><tbx></tbx>", 1, "declares an entity"), ("<tbx>&undeclared;</tbx>", 1, "it is no XML"),
            ("<tbx>" + String(repeating: "<a>", count: 100), 1, "64 deep"), ("<tbx>\u{1}</tbx>", 1, "it is no XML"),
            ("<!DOCTYPE martif SYSTEM \"TBXcoreStructV02.dtd\">\n<martif><text>caf&eacute;ine</text></martif>", 2, "eacute"),
        ] {
            let refused = refusal(text, .tbx)
            #expect(refused?.line == line && refused?.reason.contains(why) == true, "\(text.prefix(60)): \(String(describing: refused))")
        }
    }

    @Test("large files are read in time that grows as they do")
    func large() throws {
        let terms = (0..<5_000).map { "<termSec><term>t\($0)</term><termNote type=\"administrativeStatus\">deprecatedTerm-admn-sts</termNote></termSec>" }.joined()
        let references = (0..<5_000).map { "<ref type=\"crossReference\" target=\"c\($0)\">x</ref>" }.joined()
        let document = "<tbx><text><body><conceptEntry id=\"c0\">\(references)<langSec xml:lang=\"\"><descrip type=\"definition\">d</descrip>\(terms)</langSec></conceptEntry></body></text></tbx>"
        let file = try read(document, .tbx)
        #expect(file.entries.count == 5_000 && file.entries.allSatisfy { $0.values[.language] == nil && $0.values[.preferred] == nil })
        let records = (0..<5_000).map { number in
            TermFileTests.record([.term: .text("t\(number)"), .definition: .text("d"), .status: .text("deprecated"), .preferred: .text("t\(number + 1)")])
        }
        #expect(try read(TermFile.write(records, as: .tbx), .tbx).entries.count == 5_000)
    }

    @Test("UTF-16 is told to be that")
    func wide() {
        let bytes: [UInt8] = [0xFF, 0xFE] + Array("term".utf16).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        do throws(TermFile.Refusal) {
            _ = try TermFile.read(bytes, as: .csv)
            Issue.record("it was read")
        } catch { #expect(error.reason.contains("UTF-16")) }
    }

    @Test("no bytes at all make a reader fail otherwise than with a refusal")
    func anyBytes() {
        var random = SystemRandomNumberGenerator()
        let pieces = ["<tbx>", "</tbx>", "<conceptEntry>", "<langSec xml:lang=\"en\">", "<termSec>", "<term>", "</term>", "\"", ",", "\n", "\r\n", "term,definition", "|", "\\", "{", "}", "é", "\u{0}", "&amp;", "a"]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 0...30, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            for format in TermFile.Format.allCases {
                if let file = try? TermFile.read(Array(("term,definition\n" + text).utf8.dropFirst(format == .csv ? 0 : 16)), as: format) {
                    #expect(file.entries.allSatisfy { $0.line > 0 } && file.refusals.allSatisfy { $0.line > 0 && !$0.reason.isEmpty })
                }
            }
        }
    }
}
