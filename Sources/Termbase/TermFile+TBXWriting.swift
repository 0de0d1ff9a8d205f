internal import Records

/// A concept for each entry; a deprecated one stands in that of the term which is preferred to it, where both say the same of the same language and context, and has a note that
/// names it otherwise. Of what the basic dialect has no place for, nothing is written: tags, how often and when a term was used, and whether it is public.
extension TermFile {
    static func writeTBX(_ records: [Record]) -> String {
        var (ids, concepts, places): ([String: Int], [[Record]], [[String?]: Int]) = ([:], [], [:])
        for record in records where record.text(.status) != TermStanding.deprecated.name {
            if let term = record.text(.term), ids[term] == nil { ids[term] = concepts.count }
            if places[TermFile.said(record, of: .term)] == nil { places[TermFile.said(record, of: .term)] = concepts.count }
            concepts.append([record])
        }
        for record in records where record.text(.status) == TermStanding.deprecated.name {
            if let place = record.text(.preferred) == nil ? nil : places[said(record, of: .preferred)] { concepts[place].append(record) } else {
                if let term = record.text(.term), ids[term] == nil { ids[term] = concepts.count }
                concepts.append([record])
            }
        }
        var text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <tbx type="TBX-Basic" style="dca" xml:lang="en" xmlns="urn:iso:std:iso:30042:ed-2">
              <tbxHeader><fileDesc><sourceDesc><p>Terms of a Pinyon server</p></sourceDesc></fileDesc></tbxHeader>
              <text><body>

            """
        for (number, concept) in concepts.enumerated() { text += self.concept(concept, number, ids) }
        return text + "  </body></text>\n</tbx>\n"
    }

    /// What makes one concept of two entries.
    private static func said(_ record: Record, of name: RecordField) -> [String?] { [name, .definition, .context, .language].map { record.text($0) } }

    private static func concept(_ records: [Record], _ number: Int, _ ids: [String: Int]) -> String {
        guard let first = records.first else { return "" }
        var text = "    <conceptEntry id=\"c\(number)\">\n"
        if let context = first.text(.context) { text += "      <descrip type=\"subjectField\">\(escaped(context))</descrip>\n" }
        text += "      <langSec xml:lang=\"\(escaped(first.text(.language) ?? TBXReader.undetermined))\">\n"
        text += "        <descripGrp>\(descrip("definition", first.text(.definition) ?? ""))</descripGrp>\n"
        for record in records {
            text += "        <termSec>\n          <term>\(escaped(record.text(.term) ?? ""))</term>\n"
            text += "          <termNote type=\"administrativeStatus\">\(record.text(.status) ?? TermStanding.preferred.name)Term-admn-sts</termNote>\n"
            for example in record.texts(.examples) { text += "          <descripGrp>\(descrip("context", example))</descripGrp>\n" }
            for name in record.texts(.relatedTerms) {
                let target = ids[name].map { " target=\"c\($0)\"" } ?? ""
                text += "          <ref type=\"crossReference\"\(target)>\(escaped(name))</ref>\n"
            }
            if let preferred = record.text(.preferred), record == first { text += "          <note>\(TBXReader.preferredNote)\(escaped(preferred))</note>\n" }
            text += "        </termSec>\n"
        }
        return text + "      </langSec>\n    </conceptEntry>\n"
    }

    /// With its white space, where that is more than a space between words.
    private static func descrip(_ type: String, _ text: String) -> String {
        let isPlain = text.split(whereSeparator: \.isWhitespace).joined(separator: " ") == text
        return "<descrip type=\"\(type)\"\(isPlain ? "" : " xml:space=\"preserve\"")>\(escaped(text))</descrip>"
    }

    /// Without what XML cannot say.
    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
            case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
            case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
            case "\t", "\n": escaped.append(scalar)
            // As itself it would be read as the end of a line.
            case "\r": escaped.append(contentsOf: "&#13;".unicodeScalars)
            default: if scalar.value >= 0x20, scalar.value & 0xFFFE != 0xFFFE { escaped.append(scalar) }
            }
        }
        return String(escaped)
    }
}
