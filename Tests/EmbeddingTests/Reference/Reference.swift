import Foundation
import Records
import Testing

/// What the reference implementation makes of texts, from the files beside this one, and the model that it made it with.
enum Reference {
    struct MissingModel: Error, CustomStringConvertible {
        let path: String

        var description: String { "there is no model in \(path); `pinyon model install` installs it, and scripts/test does that by itself" }
    }

    static let dimension = 384

    /// Where `pinyon model install` puts it.
    static func modelFolder() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        let data = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? (environment["HOME"] ?? "") + "/.local/share"
        let models = environment["PINYON_MODELS"].flatMap { $0.isEmpty ? nil : $0 } ?? data + "/pinyon/models"
        let path = models + "/all-MiniLM-L6-v2"
        guard FileManager.default.fileExists(atPath: path + "/model.safetensors") else { throw MissingModel(path: path) }
        return path
    }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(name)))
    }

    static func texts(_ name: String) throws -> [String] {
        try bytes(name).split(separator: UInt8(ascii: "\n")).map { try #require(try JSON(parsing: Array($0)).text) }
    }

    /// The identifiers of each line's tokens.
    static func tokens() throws -> [[Int32]] {
        let words = try words(bytes("tokens.u16"))
        var lines: [[Int32]] = []
        var place = 0
        while place < words.count {
            let count = Int(words[place])
            lines.append(words[(place + 1)...(place + count)].map { Int32($0) })
            place += 1 + count
        }
        return lines
    }

    static func scalarDigests() throws -> [UInt32] {
        let words = words(try bytes("scalars.u32"))
        return stride(from: 0, to: words.count, by: 2).map { UInt32(words[$0]) | UInt32(words[$0 + 1]) << 16 }
    }

    static func vectors() throws -> [[Float]] {
        let words = words(try bytes("vectors.f32"))
        let floats = stride(from: 0, to: words.count, by: 2).map { Float(bitPattern: UInt32(words[$0]) | UInt32(words[$0 + 1]) << 16) }
        return stride(from: 0, to: floats.count, by: dimension).map { Array(floats[$0..<$0 + dimension]) }
    }

    private static func words(_ bytes: [UInt8]) -> [UInt16] {
        stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    }
}
