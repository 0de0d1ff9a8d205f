/// Which module may see which.
enum ImportRule {
    static func check(_ file: SourceFile, arrows: [String: Arrows] = arrowsByModule) -> [Violation] {
        guard file.language == .swift else { return [] }
        guard let allowed = arrows[file.module] else {
            return [Violation(path: file.path, line: 0, sentence: "the module '\(file.module)' has no row in the table of arrows")]
        }
        return imports(file).compactMap { name, line in
            guard !allowed.own.contains(name), !allowed.toolchain.contains(name) else { return nil }
            return Violation(path: file.path, line: line, sentence: "\(file.module) may not import \(name)")
        }
    }

    /// The modules named by import declarations, such as `Glibc` in `import struct Glibc.timespec`.
    static func imports(_ file: SourceFile) -> [(name: String, line: Int)] {
        let kinds: Set<String> = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let"]
        let tokens = file.tokens()
        return tokens.indices.compactMap { index in
            guard tokens[index].text == "import", index + 1 < tokens.count, tokens[index + 1].isWord else { return nil }
            let named = kinds.contains(tokens[index + 1].text) && index + 2 < tokens.count ? index + 2 : index + 1
            return (tokens[named].text, tokens[index].line)
        }
    }
}
