internal import Records

/// The manual page, from the table that `--help` is made of.
enum ManualCommand {
    static let verb = Verb(
        name: "manual", summary: "Print the manual page, for man", words: "", wordsMax: 0, options: [],
        notes: "To read it: pinyon manual | man -l - . To keep it: pinyon manual > ~/.local/share/man/man1/pinyon.1"
    ) { _ in print(page) }

    private static var page: String {
        var lines = [
            ".TH PINYON 1 \"\" \"pinyon \(Pinyon.version)\" \"User Commands\"", ".SH NAME", "pinyon \\- a memory server for agents", ".SH SYNOPSIS", ".B pinyon",
            ".I VERB", "[\\fIOPTIONS\\fR]", ".SH DESCRIPTION",
            escaped("One command starts the server, and asks it: it keeps memories, conversations, messages, terminology and learning patterns for agents, and finds them by meaning."),
            escaped("Exit codes: 0 done, 1 not done, 2 used wrongly."), ".SH VERBS",
        ]
        for verb in Pinyon.verbs {
            lines += [".SS \"pinyon \(verb.name)\(verb.words.isEmpty ? "" : " \(escaped(verb.words))")\"", escaped("\(verb.summary)."), ]
            if !verb.notes.isEmpty { lines += [".PP", escaped(verb.notes)] }
            for option in verb.options where !Help.isShared(option, of: verb) && !option.isSecret { lines += entry(option) }
            if verb.options.contains(where: { Help.isShared($0, of: verb) }) { lines += [".PP", "The options of every verb that asks a server: see below."] }
        }
        lines += [".SH OPTIONS OF EVERY VERB THAT ASKS A SERVER"] + Connection.options.filter { !$0.isSecret }.flatMap(entry)
        lines += [".SH ENVIRONMENT"]
        for (name, text) in variables { lines += [".TP", ".B \(name)", escaped(text)] }
        lines += [".SH FILES", ".TP", ".I /etc/pinyon.conf", escaped("Settings, if --config and PINYON_CONFIG name no other file: lines of NAME = VALUE; # begins a comment.")]
        return lines.joined(separator: "\n")
    }

    private static func entry(_ option: Option) -> [String] {
        [".TP", "\\fB\\-\\-\(escaped(option.name))\\fR" + (option.value.map { " \\fI\(escaped($0))\\fR" } ?? ""), escaped(option.explanation)]
    }

    private static var variables: [(String, String)] {
        var seen: [String: Option] = [:]
        for verb in Pinyon.verbs {
            for option in verb.options {
                if let variable = option.variable { seen[variable] = option }
            }
        }
        return seen.sorted { $0.key < $1.key }.map { ($0.key, $0.value.isSecret ? "\($0.value.help)." : "In place of --\($0.value.name).") }
    }

    private static func escaped(_ text: String) -> String {
        let escaped = text.map { $0 == "\\" ? "\\e" : $0 == "-" ? "\\-" : String($0) }.joined()
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }
}
