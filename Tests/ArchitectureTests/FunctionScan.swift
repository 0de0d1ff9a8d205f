/// A function, initializer, subscript, computed property or stored closure with its body.
struct ScannedFunction {
    let name: String
    /// From 1, both.
    let firstLine: Int
    let lastLine: Int
    /// True when the body is one `switch` and nothing else.
    let isOneSwitch: Bool
}

/// Finds functions by matching braces. What is nested in a function belongs to it, and is also found by itself.
struct FunctionScan {
    private let tokens: [Token]
    private let language: SourceFile.Language
    /// For each opening brace's index, the index of the one that closes it; nil when the braces do not balance.
    private let closings: [Int: Int]?

    init(_ file: SourceFile) {
        tokens = file.tokens()
        language = file.language
        closings = FunctionScan.matchBraces(tokens)
    }

    /// Nil when the braces do not balance, which means that the file could not be read.
    func functions() -> [ScannedFunction]? {
        guard let closings else { return nil }
        switch language {
        case .swift:
            return tokens.indices.compactMap { index in
                guard startsSwiftDeclaration(index), let opening = swiftBody(after: index) else { return nil }
                return describe(from: index, opening: opening, closings: closings)
            }
        case .c:
            return cBodies(closings).map { describe(from: $0.start, opening: $0.opening, closings: closings) }
        }
    }

    private static func matchBraces(_ tokens: [Token]) -> [Int: Int]? {
        var open: [Int] = []
        var closings: [Int: Int] = [:]
        for (index, token) in tokens.enumerated() {
            if token.text == "{" { open.append(index) }
            if token.text == "}" {
                guard let start = open.popLast() else { return nil }
                closings[start] = index
            }
        }
        return open.isEmpty ? closings : nil
    }

    private func text(_ index: Int) -> String { tokens.indices.contains(index) ? tokens[index].text : "" }

    private func describe(from index: Int, opening: Int, closings: [Int: Int]) -> ScannedFunction {
        let closing = closings[opening] ?? opening
        let name = text(index) == "func" || text(index) == "var" || text(index) == "let" ? text(index + 1) : text(index)
        let first = text(opening + 1) == "return" ? opening + 2 : opening + 1
        var isOneSwitch = false
        if text(first) == "switch" {
            var brace = first
            while brace < closing, text(brace) != "{" { brace += 1 }
            isOneSwitch = closings[brace] == closing - 1
        }
        return ScannedFunction(
            name: name, firstLine: tokens[index].line, lastLine: tokens[closing].line, isOneSwitch: isOneSwitch)
    }

    private func startsSwiftDeclaration(_ index: Int) -> Bool {
        guard text(index - 1) != ".", text(index - 1) != "`" else { return false }
        switch text(index) {
        case "func", "deinit", "var", "let": return true
        case "subscript": return ["(", "<"].contains(text(index + 1))
        case "init": return ["(", "<", "?", "!"].contains(text(index + 1))
        default: return false
        }
    }

    /// The brace that opens the declaration's body, if it has one: a requirement of a protocol has none.
    private func swiftBody(after index: Int) -> Int? {
        let isProperty = text(index) == "var" || text(index) == "let"
        let newDeclarations: Set<String> = [
            "func", "init", "deinit", "subscript", "var", "let", "associatedtype", "typealias", "case", "struct", "enum", "class",
            "actor", "extension", "protocol", "import",
        ]
        var depth = 0
        var place = index + 1
        while place < tokens.count {
            let token = text(place)
            if "([".contains(token) { depth += 1 }
            if ")]".contains(token) { depth -= 1 }
            if depth < 0 { return nil }
            if depth == 0 {
                if token == "{" { return place }
                if token == "}" || token == ";" { return nil }
                if isProperty, tokens[place].line > tokens[place - 1].line, !continues(place) { return nil }
                if !isProperty, place > index + 1, newDeclarations.contains(token), text(place - 1) != "." { return nil }
            }
            place += 1
        }
        return nil
    }

    /// True when the token, first on its line, goes on with the declaration of the line before.
    private func continues(_ place: Int) -> Bool {
        [".", "=", ":", "?", ")", "]", ">", "&"].contains(text(place)) || ["=", ":", "->", ",", "&"].contains(text(place - 1))
    }

    /// In C a body is a brace outside any other that follows a parameter list.
    private func cBodies(_ closings: [Int: Int]) -> [(start: Int, opening: Int)] {
        var bodies: [(start: Int, opening: Int)] = []
        var place = 0
        while place < tokens.count {
            if text(place) == "{", let closing = closings[place] {
                if text(place - 1) == ")" { bodies.append((cName(before: place), place)) }
                place = closing
            }
            place += 1
        }
        return bodies
    }

    /// The word before the parameter list that ends just before the brace.
    private func cName(before opening: Int) -> Int {
        var depth = 0
        var place = opening - 1
        while place > 0 {
            if text(place) == ")" { depth += 1 }
            if text(place) == "(" { depth -= 1 }
            place -= 1
            if depth == 0 { break }
        }
        return max(place, 0)
    }
}
