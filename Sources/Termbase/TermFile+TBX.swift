internal import Records

/// A concept has languages, and each of them terms; every term becomes an entry of its own, with what is said of its language and its concept.
///
/// `subjectField` is the context, `administrativeStatus` the status, a cross reference a related term, a term's `context` an example. A deprecated term is replaced by the
/// first one of its concept and language that is not, or else by the first that it refers to. Where nothing is defined, the terms of other languages say what is meant.
extension TermFile {
    static func readTBX(_ bytes: [UInt8]) throws(Refusal) -> TermFile {
        var reader = TBXReader()
        do throws(XMLEvents.Failure) {
            try withoutActuallyEscaping({ (event: XMLEvents.Event, line: Int) in reader.take(event, line) }) { (take) throws(XMLEvents.Failure) in try XMLEvents.read(bytes, take) }
        } catch { throw Refusal(error.line, error.why) }
        return reader.file()
    }
}

/// What a document says, as far as it is read.
struct TBXReader {
    struct Term {
        var line: Int
        var text = ""
        var notes: [String: String] = [:]
        var examples: [String] = []
        var references: [Reference] = []
    }

    struct Reference {
        let target: String
        let text: String
    }

    struct Section {
        var language: String?
        var notes: [String: String] = [:]
        var references: [Reference] = []
        var terms: [Term] = []
    }

    struct Concept {
        var line: Int
        var id: String?
        var notes: [String: String] = [:]
        var references: [Reference] = []
        var sections: [Section] = []
    }

    private var concepts: [Concept] = []
    private var concept: Concept?
    private var section: Section?
    private var term: Term?
    private var depth = 0
    /// The element whose text is gathered, how deep it lies, and what it is.
    private var gathered: (depth: Int, name: String, target: String?)?
    private var text = ""
    private var hasRoot = false

    /// What is wrong where it is not to be read on.
    mutating func take(_ event: XMLEvents.Event, _ line: Int) -> String? {
        switch event {
        case .start(let name, let attributes):
            defer { depth += 1 }
            if !hasRoot {
                hasRoot = true
                guard name == "tbx" || name == "martif" else { return "it is no TBX: its root is \(name), and not tbx or martif" }
            }
            begin(name, attributes, line)
        case .text(let more): if gathered != nil { text += more }
        case .end(let name):
            depth -= 1
            end(name)
        }
        return nil
    }

    private mutating func begin(_ name: String, _ attributes: [String: String], _ line: Int) {
        guard gathered == nil else { return }
        switch name {
        case "conceptEntry", "termEntry": concept = Concept(line: line, id: attributes["id"])
        case "langSec", "langSet": if concept != nil { section = Section(language: attributes["xml:lang"]) }
        case "termSec", "tig", "ntig": if section != nil { term = Term(line: line) }
        case "term": gather("term", nil)
        // By attribute, or by an element of its own.
        case "descrip", "termNote": gather(attributes["type"] ?? "", nil)
        case "definition", "subjectField", "context", "administrativeStatus": gather(name, nil)
        case "ref": if attributes["type"] == nil || attributes["type"] == "crossReference" { gather("crossReference", attributes["target"] ?? "") }
        case "crossReference": gather("crossReference", attributes["target"] ?? "")
        default: break
        }
    }

    private mutating func gather(_ name: String, _ target: String?) { (gathered, text) = ((depth, name, target), "") }

    private mutating func end(_ name: String) {
        if let found = gathered, found.depth == depth {
            gathered = nil
            put(found.name, found.target, TBXReader.trimmed(text))
            return
        }
        guard gathered == nil else { return }
        switch name {
        case "termSec", "tig", "ntig":
            if let term { section?.terms.append(term) }
            term = nil
        case "langSec", "langSet":
            if let section { concept?.sections.append(section) }
            section = nil
        case "conceptEntry", "termEntry":
            if let concept { concepts.append(concept) }
            concept = nil
        default: break
        }
    }

    private mutating func put(_ name: String, _ target: String?, _ text: String) {
        if let target {
            let reference = Reference(target: target, text: text)
            if term != nil { term?.references.append(reference) } else if section != nil { section?.references.append(reference) } else { concept?.references.append(reference) }
        } else if name == "term" {
            term?.text = text
        } else if term != nil {
            if name == "context" { term?.examples.append(text) } else { term?.notes[name] = text }
        } else if section != nil {
            section?.notes[name] = text
        } else {
            concept?.notes[name] = text
        }
    }

    /// White space is one space, as it is in what people read.
    private static func trimmed(_ text: String) -> String { text.split(whereSeparator: \.isWhitespace).joined(separator: " ") }

    // MARK: Entries

    func file() -> TermFile {
        var file = TermFile()
        let byID = Dictionary(concepts.compactMap { concept in concept.id.map { ($0, concept) } }, uniquingKeysWith: { first, _ in first })
        for concept in concepts {
            if concept.sections.allSatisfy(\.terms.isEmpty) { file.refusals.append(TermFile.Refusal(concept.line, "the concept\(concept.id.map { " \($0)" } ?? "") has no term")) }
            for section in concept.sections { for term in section.terms { take(term, section, concept, byID, into: &file) } }
        }
        return file
    }

    private func take(_ term: Term, _ section: Section, _ concept: Concept, _ byID: [String: Concept], into file: inout TermFile) {
        guard let status = TBXReader.status(term) else {
            return file.refusals.append(TermFile.Refusal(term.line, "its administrative status \(term.notes["administrativeStatus"] ?? "") is not known"))
        }
        var values: [RecordField: Value] = [.term: .text(term.text), .status: .text(status.name)]
        if let definition = definition(term, section, concept) { values[.definition] = .text(definition) }
        if let field = term.notes["subjectField"] ?? section.notes["subjectField"] ?? concept.notes["subjectField"], !field.isEmpty { values[.context] = .text(field) }
        if let language = section.language, language != TBXReader.undetermined { values[.language] = .text(language) }
        if !term.examples.isEmpty { values[.examples] = .texts(term.examples) }
        var related = (term.references + section.references + concept.references).compactMap { reference in
            byID[reference.target].flatMap { TBXReader.name(of: $0, in: section.language) } ?? (reference.text.isEmpty ? nil : reference.text)
        }
        if status == .deprecated {
            let preferred = section.terms.first { TBXReader.status($0) == .preferred } ?? section.terms.first { TBXReader.status($0) == .admitted }
            if let preferred { values[.preferred] = .text(preferred.text) } else if !related.isEmpty { values[.preferred] = .text(related.removeFirst()) }
        }
        var seen: Set<String> = [term.text]
        related = related.filter { seen.insert($0).inserted }
        if !related.isEmpty { values[.relatedTerms] = .texts(related) }
        file.take(term.line, values)
    }

    private func definition(_ term: Term, _ section: Section, _ concept: Concept) -> String? {
        if let given = term.notes["definition"] ?? section.notes["definition"] ?? concept.notes["definition"], !given.isEmpty { return given }
        let others = concept.sections.filter { $0.language != section.language && !$0.terms.isEmpty }.map { other in
            "\(other.language.map { "\($0): " } ?? "")\(other.terms.map(\.text).joined(separator: ", "))"
        }
        return others.isEmpty ? nil : others.joined(separator: "; ")
    }

    private static func name(of concept: Concept, in language: String?) -> String? {
        let section = concept.sections.first { $0.language == language } ?? concept.sections.first
        return (section?.terms.first { status($0) != .deprecated } ?? section?.terms.first)?.text
    }

    /// Nil for one that TBX does not have.
    private static func status(_ term: Term) -> TermStanding? {
        guard let given = term.notes["administrativeStatus"] else { return .preferred }
        return switch given.split(separator: "-").first.map({ String($0).lowercased() }) {
        case "preferredterm", "legalterm", "regulatedterm", "standardizedterm": .preferred
        case "admittedterm": .admitted
        case "deprecatedterm", "supersededterm": .deprecated
        default: nil
        }
    }

    static let undetermined = "und"
}
