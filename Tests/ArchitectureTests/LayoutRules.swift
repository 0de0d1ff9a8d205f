import Foundation

/// What the checkout and its documents look like.
enum LayoutRules {
    /// Nothing at the top but what has a place there; `.gitignore` names what does not belong to the project.
    static func topLevel(names: [String], gitignore: String) -> [Violation] {
        let ignored = Set(gitignore.split(separator: "\n").map { $0.trimmingCharacters(in: ["/", " "]) })
        return names.sorted().compactMap { name in
            guard !topLevelNames.contains(name), !personalNames.contains(name), !ignored.contains(name) else { return nil }
            return Violation(path: name, line: 0, sentence: "has no place at the top of the checkout")
        }
    }

    static func readmeLength(_ text: String) -> [Violation] {
        let count = text.split(separator: "\n", omittingEmptySubsequences: false).count - (text.hasSuffix("\n") ? 1 : 0)
        guard count > readmeLinesMax else { return [] }
        return [Violation(path: "README.md", line: 0, sentence: "\(count) lines, at most \(readmeLinesMax)")]
    }

    /// The modules and executables that the manifest declares; test targets are not among them.
    static func modules(manifest: String) -> [String] {
        let declaration = #/(?:\bmodule|\.target|\.systemLibrary|\.executableTarget)\(\s*(?:name:\s*)?"([^"]+)"/#
        return manifest.matches(of: declaration).map { String($0.output.1) }
    }

    static func undocumentedModules(manifest: String, architecture: String) -> [Violation] {
        let words = Set(architecture.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }.map(String.init))
        return modules(manifest: manifest).filter { !words.contains($0) }.map {
            Violation(path: "docs/ARCHITECTURE.md", line: 0, sentence: "does not mention the module '\($0)'")
        }
    }
}
