/// What `--help` prints: at most 80 columns, from the table of verbs.
enum Help {
    static let width = 80

    static var overview: String {
        let alone = Pinyon.verbs.filter { $0.group == nil }.map { ($0.name, $0.summary) }
        let groups = Pinyon.groups.map { group in
            (group.name, "\(group.summary): \(verbs(of: group.name).map(\.word).joined(separator: ", "))")
        }
        return ["pinyon \(Pinyon.version): a memory server for agents", "usage: pinyon VERB [OPTIONS]", list(alone), list(groups),
            "pinyon VERB --help says more. Exit codes: 0 done, 1 not done, 2 used wrongly."].joined(separator: "\n\n")
    }

    static func verbs(of group: String) -> [Verb] { Pinyon.verbs.filter { $0.group == group } }

    static func group(_ name: String) -> String {
        let summary = Pinyon.groups.first { $0.name == name }?.summary ?? ""
        return [summary, "usage: pinyon \(name) VERB [OPTIONS]", list(verbs(of: name).map { ("\($0.word) \($0.words)", $0.summary) })].joined(separator: "\n\n")
    }

    static func page(_ verb: Verb) -> String {
        let usage = ["usage: pinyon \(verb.name)", verb.words, verb.options.isEmpty ? "" : "[OPTIONS]"].filter { !$0.isEmpty }.joined(separator: " ")
        var parts = [wrapped(verb.summary, at: 0), wrapped(usage, at: 0)]
        if !verb.notes.isEmpty { parts.append(wrapped(verb.notes, at: 0)) }
        let options = verb.options.filter { !$0.isSecret }
        let own = options.filter { option in !isShared(option, of: verb) }
        if !own.isEmpty { parts.append(list(own.map { ($0.synopsis, $0.explanation) })) }
        let shared = options.filter { option in isShared(option, of: verb) }
        if !shared.isEmpty { parts.append(list(shared.map { ($0.synopsis, $0.explanation) })) }
        return parts.joined(separator: "\n\n")
    }

    /// Whether it is one of those that every verb has that asks a server.
    static func isShared(_ option: Option, of verb: Verb) -> Bool {
        verb.options.contains { $0.name == "server" } && Connection.options.contains { $0.name == option.name }
    }

    /// Names on the left, their explanations in a column on the right.
    private static func list(_ entries: [(name: String, text: String)]) -> String {
        let column = min(26, (entries.map(\.name.count).max() ?? 0) + 4)
        return entries.map { name, text in
            let start = "  \(name)"
            let body = wrapped(text, at: column)
            guard start.count + 2 <= column else { return "\(start)\n\(String(repeating: " ", count: column))\(body)" }
            return start.padded(to: column) + body
        }.joined(separator: "\n")
    }

    /// Lines that end before the width, the second and later ones indented.
    static func wrapped(_ text: String, at column: Int) -> String {
        var lines: [String] = [""]
        for word in text.split(separator: " ") {
            let last = lines[lines.count - 1]
            if last.isEmpty {
                lines[lines.count - 1] = String(word)
            } else if column + last.count + 1 + word.count <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines.joined(separator: "\n" + String(repeating: " ", count: column))
    }
}

extension Option {
    var synopsis: String { "--\(name)" + (value.map { " \($0)" } ?? "") }

    var explanation: String {
        help + (fallback.map { "; \($0) if not given" } ?? "") + (repeats ? " (may be given again)" : "") + (variable.map { " [\($0)]" } ?? "")
    }
}

extension String {
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    /// One line of at most `width` characters, cut with an ellipsis; what could steer a terminal is left out.
    func line(of width: Int) -> String {
        let single = split { $0.isNewline || $0 == "\t" }.joined(separator: " ").shown
        return single.count <= width ? single : single.prefix(max(0, width - 1)) + "…"
    }

    /// Without what steers a terminal or turns the direction of a line; the two joiners stay, which letters and signs need.
    var shown: String {
        var kept = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control: if scalar == "\n" || scalar == "\t" { kept.append(scalar) }
            case .format: if scalar == "\u{200C}" || scalar == "\u{200D}" { kept.append(scalar) }
            default: kept.append(scalar)
            }
        }
        return String(kept)
    }
}
