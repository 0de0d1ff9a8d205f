internal import Records

/// A concept has languages, and each of them terms; every term becomes an entry of its own, with what is said of its language and its concept.
///
/// `subjectField` is the context, `administrativeStatus` the status, a cross reference a related term, a term's `context` an example. In the place of a deprecated term the
/// first one of its concept and language that is not is preferred, unless a note says which. Where nothing is defined, the terms of other languages say what is meant.
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
        /// Nil for one that TBX does not have.
        var standing: TermStanding? = .preferred
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
    /// White space is kept where the document says so.
    private var isPreserved = false
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
            if gathered == nil { isPreserved = attributes["xml:space"] == "preserve" }
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
        case "definition", "subjectField", "context", "administrativeStatus", "note": gather(name, nil)
        case "ref": if attributes["type"] == nil || attributes["type"] == "crossReference" { gather("crossReference", attributes["target"] ?? "") }
        case "crossReference": gather("crossReference", attributes["target"] ?? "")
        default: break
        }
    }

    private mutating func gather(_ name: String, _ target: String?) { (gathered, text) = ((depth, name, target), "") }

    private mutating func end(_ name: String) {
        if let found = gathered, found.depth == depth {
            gathered = nil
            put(found.name, found.target, isPreserved ? text : TBXReader.trimmed(text))
            return
        }
        guard gathered == nil else { return }
        switch name {
        case "termSec", "tig", "ntig":
            if var term {
                term.standing = TBXReader.standing(of: term.notes["administrativeStatus"])
                section?.terms.append(term)
            }
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
            if name == "context" {
                term?.examples.append(text)
            } else if name != "note" || text.hasPrefix(TBXReader.preferredNote) {
                term?.notes[name] = text
            }
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
        let names = concepts.map { concept in concept.sections.map(TBXReader.name) }
        let places = Dictionary(concepts.enumerated().compactMap { place, concept in concept.id.map { ($0, place) } }, uniquingKeysWith: { first, _ in first })
        func resolved(_ references: [Reference], _ language: String?) -> [String] {
            references.compactMap { reference in
                guard let place = places[reference.target] else { return reference.text.isEmpty ? nil : reference.text }
                let section = concepts[place].sections.firstIndex { $0.language == language } ?? 0
                return names[place].isEmpty ? nil : names[place][section]
            }
        }
        for concept in concepts {
            if concept.sections.allSatisfy(\.terms.isEmpty) { file.refusals.append(TermFile.Refusal(concept.line, "the concept\(concept.id.map { " \($0)" } ?? "") has no term")) }
            for section in concept.sections where !section.terms.isEmpty {
                let common = Common(
                    definition: definition(section, concept), context: section.notes["subjectField"] ?? concept.notes["subjectField"],
                    preferred: (section.terms.first { $0.standing == .preferred } ?? section.terms.first { $0.standing == .admitted })?.text,
                    // More than an entry may name need not be gathered.
                    related: Array(resolved(section.references + concept.references, section.language).prefix(Limits.tagsMax + 1)))
                for term in section.terms { take(term, section.language, common, resolved(term.references, section.language), into: &file) }
            }
        }
        return file
    }

    /// What the terms of one language of a concept share.
    private struct Common {
        let definition: String?
        let context: String?
        let preferred: String?
        let related: [String]
    }

    private func take(_ term: Term, _ language: String?, _ common: Common, _ references: [String], into file: inout TermFile) {
        guard let standing = term.standing else {
            return file.refusals.append(TermFile.Refusal(term.line, "its administrative status \(term.notes["administrativeStatus"] ?? "") is not known"))
        }
        var values: [RecordField: Value] = [.term: .text(term.text), .status: .text(standing.name)]
        values[.definition] = (term.notes["definition"] ?? common.definition).map { .text($0) }
        if let field = term.notes["subjectField"] ?? common.context, !field.isEmpty { values[.context] = .text(field) }
        if let language, !language.isEmpty, language != TBXReader.undetermined { values[.language] = .text(language) }
        if !term.examples.isEmpty { values[.examples] = .texts(term.examples) }
        let noted = term.notes["note"].map { String($0.dropFirst(TBXReader.preferredNote.count)) }
        if let preferred = noted ?? (standing == .deprecated ? common.preferred : nil) { values[.preferred] = .text(preferred) }
        var seen: Set<String> = [term.text]
        let related = (references + common.related).filter { seen.insert($0).inserted }
        if !related.isEmpty { values[.relatedTerms] = .texts(related) }
        file.take(term.line, values)
    }

    private func definition(_ section: Section, _ concept: Concept) -> String? {
        if let given = section.notes["definition"] ?? concept.notes["definition"], !given.isEmpty { return given }
        let others = concept.sections.filter { $0.language != section.language && !$0.terms.isEmpty }.map { other in
            "\(other.language.map { "\($0): " } ?? "")\(other.terms.map(\.text).joined(separator: ", "))"
        }
        return others.isEmpty ? nil : others.joined(separator: "; ")
    }

    private static func name(of section: Section) -> String { (section.terms.first { $0.standing != .deprecated } ?? section.terms.first)?.text ?? "" }

    private static func standing(of status: String?) -> TermStanding? {
        guard let status else { return .preferred }
        return switch status.split(separator: "-").first.map({ String($0).lowercased() }) {
        case "preferredterm", "legalterm", "regulatedterm", "standardizedterm": .preferred
        case "admittedterm": .admitted
        case "deprecatedterm", "supersededterm": .deprecated
        default: nil
        }
    }

    static let undetermined = "und"
    /// Notes are read in no other case.
    static let preferredNote = "Preferred term: "
}
