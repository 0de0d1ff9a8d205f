internal import Records
internal import Storage

/// What is in force of a verb's settings, and where each value came from. Secrets are not shown.
struct SettingsReport {
    private let verb: Verb
    private let arguments: Arguments

    init(_ verb: Verb, _ arguments: Arguments) {
        self.verb = verb
        self.arguments = arguments
    }

    /// Set for this command, yet of no setting's name. They are told and not refused: a cluster sets variables of its own for a service called pinyon.
    static var unknownVariables: [String] {
        let known = Set(Pinyon.settings.compactMap(\.variable)).union(["PINYON_CONFIG"])
        return System.environmentNames.filter { $0.hasPrefix("PINYON_") && !known.contains($0) }.sorted()
    }

    func show(asJSON: Bool) {
        let settings = verb.options.filter(\.isSetting)
        if asJSON {
            return print(
                [
                    "settings": .list(
                        settings.map { option in
                            [
                                "name": .text(option.name), "value": value(of: option).map { .text($0) } ?? .null,
                                "source": .text(source(of: option)), "secret": .bool(option.isSecret),
                            ]
                        }),
                    "unknown": .list(SettingsReport.unknownVariables.map { .text($0) }),
                ] as JSON)
        }
        let names = settings.map(\.name.count).max() ?? 0
        let values = min(40, settings.map { value(of: $0)?.count ?? 1 }.max() ?? 0)
        for option in settings {
            print("\(option.name.padded(to: names))  \((value(of: option) ?? "-").padded(to: values))  \(source(of: option))")
        }
        for name in SettingsReport.unknownVariables { System.printError("pinyon serve: \(name) is set, and there is no such setting") }
    }

    private func value(of option: Option) -> String? {
        guard let value = arguments[option.name] else { return option.value == nil ? "no" : nil }
        if option.isSecret { return "(hidden)" }
        // It may hold a password.
        return option.name == "store" ? ((try? PostgresAddress(value))?.description ?? "(hidden)").shown : value.shown
    }

    private func source(of option: Option) -> String {
        switch arguments.source(option.name) {
        case .commandLine: "--\(option.name)"
        case .variable(let name): name
        case .file(let path, let line): "\(path):\(line)"
        case .fallback, nil: "default"
        }
    }
}
