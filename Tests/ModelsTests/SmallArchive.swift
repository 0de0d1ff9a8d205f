import Foundation
import Models
import Records
import Secrets

/// A zip archive of stored entries, built byte by byte, and the recipe for it.
struct SmallArchive {
    static let files: [(path: String, bytes: [UInt8])] = [
        ("config.json", Array("{\"model_type\": \"bert\"}".utf8)), ("1_Pooling/config.json", Array("{}".utf8)), ("weights", (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }),
    ]

    let bytes: [UInt8]

    init(_ files: [(path: String, bytes: [UInt8])] = SmallArchive.files, folder: String = "package/model") {
        var body: [UInt8] = []
        var directory: [UInt8] = []
        let entries = files.map { (Array("\(folder)/\($0.path)".utf8), $0.bytes) } + [(Array("package/other.py".utf8), [1, 2, 3])]
        for (name, content) in entries {
            let offset = body.count
            let sizes = SmallArchive.little(SmallArchive.crc32(content), 4) + SmallArchive.little(UInt32(content.count), 4) + SmallArchive.little(UInt32(content.count), 4)
            let start: [UInt8] = [20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0] + sizes + SmallArchive.little(UInt32(name.count), 2) + [0, 0]
            body += [0x50, 0x4B, 3, 4] + start + name + content
            directory += [0x50, 0x4B, 1, 2, 20, 0] + start + [UInt8](repeating: 0, count: 10) + SmallArchive.little(UInt32(offset), 4) + name
        }
        let end: [UInt8] = [0x50, 0x4B, 5, 6, 0, 0, 0, 0]
        let counts = SmallArchive.little(UInt32(entries.count), 2) + SmallArchive.little(UInt32(entries.count), 2)
        bytes = body + directory + end + counts + SmallArchive.little(UInt32(directory.count), 4) + SmallArchive.little(UInt32(body.count), 4) + [0, 0]
    }

    /// The recipe of an archive like this one, whose files must be those.
    func recipe(url: String = "http://127.0.0.1:1/", files: [(path: String, bytes: [UInt8])] = SmallArchive.files) -> ModelRecipe {
        ModelRecipe(
            name: "small", licence: "none", dimension: 4, url: url, archiveBytes: Int64(bytes.count), archiveSHA256: SmallArchive.sha256(bytes),
            archiveFolder: "package/model", files: files.map { .init($0.path, Int64($0.bytes.count), SmallArchive.sha256($0.bytes)) })
    }

    static func sha256(_ bytes: [UInt8]) -> String { hexadecimal(Digest.sha256(bytes)) }

    private static func little(_ value: UInt32, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) } }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}

/// A folder that goes with the value.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-models-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }

    func names(_ folder: String = "") -> [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path + folder)) ?? []).sorted() }
}
