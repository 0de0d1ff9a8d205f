internal import Glibc
internal import Records

/// The one file of settings: lines of NAME = VALUE, where # begins a comment line. It comes after the command line and the environment.
struct SettingsFile: Sendable {
    struct Entry: Sendable {
        let value: String
        let line: Int
    }

    let path: String
    private(set) var entries: [String: Entry] = [:]

    static let usualPath = "/etc/pinyon.conf"
    private static let bytesMax = 1_048_576

    /// The file that was named, or the usual one if it is there. Where it is not needed, a usual one that may not be read is passed over: it can hold
    /// a server's secrets, and a client has no business with them.
    static func inForce(_ named: String?, isNeeded: Bool) throws -> SettingsFile? {
        let path = named ?? System.environment("PINYON_CONFIG").flatMap { $0.isEmpty ? nil : $0 }
        if let path { return try SettingsFile(path) }
        guard System.exists(usualPath), isNeeded || System.isReadable(usualPath) else { return nil }
        return try SettingsFile(usualPath)
    }

    private init(_ path: String) throws {
        self.path = path
        let known = Dictionary(Pinyon.settings.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guard let text = String(validating: try System.read(file: path, bytesMax: SettingsFile.bytesMax), as: UTF8.self) else { throw UsageError("\(path) is no UTF-8 text") }
        for (position, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let content = line.trimmed
            guard !content.isEmpty, content.first != "#" else { continue }
            let place = "\(path):\(position + 1)"
            let parts = content.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(\.trimmed)
            guard parts.count == 2, !parts[0].isEmpty else { throw UsageError("\(place): a line is NAME = VALUE") }
            let (name, value) = (String(parts[0]), parts[1].unquoted)
            guard known[name] != nil else {
                let near = Arguments.suggestion(for: name.split(separator: "_").joined(separator: "-"), among: known.keys.sorted())
                throw UsageError("\(place): there is no setting \(name)\(near.map { "; is \($0) meant?" } ?? "")")
            }
            guard entries[name] == nil else { throw UsageError("\(place): \(name) stands there twice") }
            guard !value.isEmpty else { throw UsageError("\(place): \(name) has no value") }
            entries[name] = Entry(value: String(value), line: position + 1)
        }
        let secret = entries.keys.sorted().first { known[$0]?.isSecret == true }
        if let secret, System.isReadableByOthers(path) { System.printError("pinyon: others can read \(path), where \(secret) stands; chmod 600 it") }
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        let start = drop { $0.isWhitespace }
        return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? ""
    }

    /// Without the quotes around it.
    fileprivate var unquoted: Substring {
        count >= 2 && first == "\"" && last == "\"" ? dropFirst().dropLast() : self
    }
}
