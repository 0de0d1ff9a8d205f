internal import Records

enum CompletionCommand {
    static let verb = Verb(
        name: "completion", summary: "Print the completion of a shell", words: "bash|zsh", wordsMax: 1, options: [],
        notes: "For bash: pinyon completion bash > ~/.local/share/bash-completion/completions/pinyon . For zsh: pinyon completion zsh > a folder of $fpath, as _pinyon ."
    ) { arguments in
        switch arguments.words.first {
        case "bash": print(bash)
        case "zsh": print(zsh)
        default: throw UsageError("say which shell: bash or zsh")
        }
    }

    private static var firstWords: [String] {
        Pinyon.verbs.filter { $0.group == nil }.map(\.name) + Pinyon.groups.map(\.name)
    }

    private static var verbs: [Verb] { Pinyon.verbs }

    // MARK: bash

    private static var bash: String {
        var lines = [
            "# Completion of pinyon for bash, made by: pinyon completion bash", "_pinyon() {", "    local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"",
            "    local verb=\"${COMP_WORDS[1]}\" words=\"\"", "    case \"$verb\" in", "    \(Pinyon.groups.map(\.name).joined(separator: "|")))",
            "        [ \"$COMP_CWORD\" -gt 2 ] && verb=\"$verb ${COMP_WORDS[2]}\" ;;", "    esac", "    if [ \"$COMP_CWORD\" -eq 1 ]; then",
            "        words=\"\(firstWords.joined(separator: " "))\"", "    else", "        case \"$verb $previous\" in",
        ]
        for verb in verbs {
            for option in verb.options where !option.choices.isEmpty {
                lines.append("        \"\(verb.name) --\(option.name)\") words=\"\(option.choices.joined(separator: " "))\" ;;")
            }
        }
        lines += ["        esac", "        if [ -z \"$words\" ]; then", "            case \"$previous\" in"]
        lines += ["            \(files.map { "--\($0)" }.joined(separator: "|"))) COMPREPLY=($(compgen -f -- \"$current\")); return ;;", "            esac", "            case \"$verb\" in"]
        for group in Pinyon.groups { lines.append("            \(group.name)) words=\"\(Help.verbs(of: group.name).map(\.word).joined(separator: " "))\" ;;") }
        for verb in verbs { lines.append("            \"\(verb.name)\") words=\"\((verb.options.filter { !$0.isSecret }.map { "--\($0.name)" } + fixedWords(verb)).joined(separator: " "))\" ;;") }
        lines += [
            "            esac", "        fi", "    fi", "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))",
            "    case \"$verb\" in import|export) COMPREPLY+=($(compgen -f -- \"$current\")) ;; esac", "}", "complete -F _pinyon pinyon",
        ]
        return lines.joined(separator: "\n")
    }

    /// The options whose values are files or folders.
    private static var files: [String] {
        var names: [String] = []
        for option in verbs.flatMap(\.options) where ["FILE", "DIR"].contains(option.value) && !names.contains(option.name) { names.append(option.name) }
        return names
    }

    private static func fixedWords(_ verb: Verb) -> [String] { verb.name == "completion" ? ["bash", "zsh"] : [] }

    // MARK: zsh

    private static var zsh: String {
        var lines = ["#compdef pinyon", "# Completion of pinyon for zsh, made by: pinyon completion zsh", "_pinyon() {", "    local verb=\"$words[2]\"", "    if (( CURRENT == 2 )); then"]
        let described = Pinyon.verbs.filter { $0.group == nil }.map { ($0.name, $0.summary) } + Pinyon.groups.map { ($0.name, $0.summary) }
        lines += ["        local -a verbs=(\(described.map { quoted("\($0.0):\($0.1)") }.joined(separator: " ")))", "        _describe verb verbs", "        return", "    fi", "    case \"$verb\" in"]
        for group in Pinyon.groups {
            let entries = Help.verbs(of: group.name).map { quoted("\($0.word):\($0.summary)") }.joined(separator: " ")
            lines += [
                "    \(group.name))", "        if (( CURRENT == 3 )); then local -a verbs=(\(entries)); _describe verb verbs; return; fi",
                "        verb=\"$verb $words[3]\"; shift words; (( CURRENT-- )) ;;",
            ]
        }
        lines += ["    esac", "    shift words; (( CURRENT-- ))", "    case \"$verb\" in"]
        for verb in verbs {
            let options = verb.options.filter { !$0.isSecret }.map { quoted(specification($0)) }.joined(separator: " ")
            let rest = fixedWords(verb).isEmpty ? "'*::file:_files'" : "'1:word:(\(fixedWords(verb).joined(separator: " ")))'"
            lines.append("    '\(verb.name)') _arguments \(options) \(rest) ;;")
        }
        lines += ["    esac", "}", "_pinyon \"$@\""]
        return lines.joined(separator: "\n")
    }

    private static func specification(_ option: Option) -> String {
        let text = String(option.help.map { "[]:".contains($0) ? " " : $0 })
        let action = option.choices.isEmpty ? (["FILE", "DIR"].contains(option.value) ? "_files" : " ") : "(\(option.choices.joined(separator: " ")))"
        return "\(option.repeats ? "*" : "")--\(option.name)[\(text)]" + (option.value == nil ? "" : ":value:\(action)")
    }

    private static func quoted(_ text: String) -> String { "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'" }
}
