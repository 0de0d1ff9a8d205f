import Foundation

/// The files of the checkout that these tests belong to.
enum Checkout {
    static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) -> String? {
        try? String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: root.path)
    }

    /// Everything in Sources that is Swift or C.
    static func sources() throws -> [SourceFile] {
        try paths(below: "Sources").compactMap { path in
            guard [".swift", ".c", ".h"].contains(where: path.hasSuffix) else { return nil }
            let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
            return SourceFile(path: String(path.dropFirst("Sources/".count)), text: text)
        }
    }

    /// The files below a folder, by their path from the top, sorted. A folder that is not there has none.
    static func paths(below folder: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: root.appending(path: folder).path) else { return [] }
        let found = try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path)
        return try found.sorted().map { "\(folder)/\($0)" }.filter { path in
            try root.appending(path: path).resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
        }
    }
}
