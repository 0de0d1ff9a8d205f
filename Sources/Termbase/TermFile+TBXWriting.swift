internal import Records

/// A concept for each entry; a deprecated one stands in that of the term which is preferred to it, where both say the same of the same language and context, and refers to it
/// otherwise. Of what the basic dialect has no place for, nothing is written: tags, how often and when a term was used, and whether it is public.
extension TermFile {
    static func writeTBX(_ records: [Record]) -> String {
        var (ids, concepts): ([String: Int], [[Record]]) = ([:], [])
        for record in records where record.text(.status) != TermStanding.deprecated.name {
            if let term = record.text(.term), ids[term] == nil { ids[term] = concepts.count }
            concepts.append([record])
        }
        for record in records where record.text(.status) == TermStanding.deprecated.name {
            let place = concepts.firstIndex { concept in concept.first.map { isOfOneConcept(record, $0) } ?? false }
            if let place { concepts[place].append(record) } else {
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

    private static func isOfOneConcept(_ record: Record, _ preferred: Record) -> Bool {
        record.text(.preferred) == preferred.text(.term) && [.definition, .context, .language].allSatisfy { record.text($0) == preferred.text($0) }
    }

    private static func concept(_ records: [Record], _ number: Int, _ ids: [String: Int]) -> String {
        guard let first = records.first else { return "" }
        var text = "    <conceptEntry id=\"c\(number)\">\n"
        if let context = first.text(.context) { text += "      <descrip type=\"subjectField\">\(escaped(context))</descrip>\n" }
        text += "      <langSec xml:lang=\"\(escaped(first.text(.language) ?? TBXReader.undetermined))\">\n"
        text += "        <descripGrp><descrip type=\"definition\">\(escaped(first.text(.definition) ?? ""))</descrip></descripGrp>\n"
        for record in records {
            text += "        <termSec>\n          <term>\(escaped(record.text(.term) ?? ""))</term>\n"
            text += "          <termNote type=\"administrativeStatus\">\(record.text(.status) ?? TermStanding.preferred.name)Term-admn-sts</termNote>\n"
            for example in record.texts(.examples) { text += "          <descripGrp><descrip type=\"context\">\(escaped(example))</descrip></descripGrp>\n" }
            let preferred = records.count == 1 && record.text(.status) == TermStanding.deprecated.name ? record.text(.preferred).map { [$0] } ?? [] : []
            for name in preferred + record.texts(.relatedTerms) {
                let target = ids[name].map { " target=\"c\($0)\"" } ?? ""
                text += "          <ref type=\"crossReference\"\(target)>\(escaped(name))</ref>\n"
            }
            text += "        </termSec>\n"
        }
        return text + "      </langSec>\n    </conceptEntry>\n"
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
            case "\t", "\n", "\r": escaped.append(scalar)
            default: if scalar.value >= 0x20, scalar.value & 0xFFFE != 0xFFFE { escaped.append(scalar) }
            }
        }
        return String(escaped)
    }
}
