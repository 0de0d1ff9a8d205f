import Foundation

/// A temporary folder, gone with its owner.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/pinyon-process-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult
    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
        return path + "/" + name
    }
}

/// Where this checkout, its binary and its documents are.
enum Checkout {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    struct NoBinary: Error, CustomStringConvertible {
        let description = "there is no pinyon to test: build it with `swift build -c release --product pinyon`, or name it with PINYON_BINARY"
    }

    static func binary() throws -> String {
        let given = ProcessInfo.processInfo.environment["PINYON_BINARY"].map { [$0] }
        for path in given ?? [root + "/.build/release/pinyon", root + "/.build/debug/pinyon"] where FileManager.default.isExecutableFile(atPath: path) {
            return path
        }
        throw NoBinary()
    }

    static func text(_ path: String) throws -> String { try String(contentsOfFile: root + "/" + path, encoding: .utf8) }

    static var isLong: Bool { ProcessInfo.processInfo.environment["PINYON_LONG_TESTS"] == "1" }

    /// This process's environment, without what would lead a child elsewhere.
    static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PINYON_") && !$0.key.hasPrefix("OPENBLAS_") }
        environment["OPENBLAS_NUM_THREADS"] = "1"
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment
    }
}
