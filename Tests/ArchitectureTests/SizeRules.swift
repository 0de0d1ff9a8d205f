/// How long files and functions may be. Blank and comment-only lines do not count; in a function neither do lines that lie
/// wholly inside a string literal, which is how SQL is written.
enum SizeRules {
    static func fileLength(_ file: SourceFile, exceptions: [String: String] = longDataFiles) -> [Violation] {
        let count = file.lineKinds.count { $0 != .blank }
        guard count > fileCodeLinesMax, exceptions[file.path] == nil else { return [] }
        return [Violation(path: file.path, line: 0, sentence: "\(count) code lines, at most \(fileCodeLinesMax)")]
    }

    static func functionLength(_ file: SourceFile) -> [Violation] {
        guard let functions = FunctionScan(file).functions() else {
            return [Violation(path: file.path, line: 0, sentence: "the braces do not balance, so its functions cannot be measured")]
        }
        let kinds = file.lineKinds
        return functions.compactMap { function in
            let count = kinds[(function.firstLine - 1)..<function.lastLine].count { $0 == .code }
            guard count > functionCodeLinesMax, !function.isOneSwitch else { return nil }
            return Violation(
                path: file.path, line: function.firstLine,
                sentence: "'\(function.name)' has \(count) code lines, at most \(functionCodeLinesMax)")
        }
    }
}
