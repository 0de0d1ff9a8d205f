import Records
import Testing
import Wire

import struct Foundation.Data
import class Foundation.ProcessInfo
import struct Foundation.URL

/// The frames that every client and every version of the server agrees on. A change of the file is a change of the protocol.
@Suite("The golden frames")
struct GoldenTests {
    private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden/frames.jsonl")

    private func lines() throws -> [JSON] {
        let text = try #require(String(validating: Data(contentsOf: GoldenTests.file), as: UTF8.self))
        return try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    private func bytes(of line: JSON) throws -> [UInt8] {
        let text = try #require(line["hex"]?.text)
        return try #require(octets(hexadecimal: text))
    }

    @Test("the file holds what the code writes, byte for byte")
    func fileIsCurrent() throws {
        let text = try GoldenCase.all.map { try $0.line() + "\n" }.joined()
        if ProcessInfo.processInfo.environment["PINYON_WRITE_GOLDEN"] == "1" {
            try Data(text.utf8).write(to: GoldenTests.file)
        }
        let stored = try Data(contentsOf: GoldenTests.file)
        #expect(Array(stored) == Array(text.utf8))
        #expect(stored.count < 1_000_000)
    }

    @Test("no two frames have the same name or the same bytes")
    func linesDiffer() throws {
        let lines = try lines()
        #expect(Set(lines.map { $0["name"] }).count == lines.count)
        #expect(Set(lines.filter { $0["error"] != nil }.map { [$0["hex"], $0["stage"]] }).count == lines.count { $0["error"] != nil })
        #expect(lines.count { $0["error"] != nil } >= 45)
    }

    @Test("every frame type, operation, outcome and filter node occurs among the valid frames")
    func everythingOccurs() throws {
        let valid = try lines().filter { $0["meaning"] != nil }
        let types = Set(valid.compactMap { $0["frame"]?["type"]?.integer })
        #expect(types == Set(FrameType.allCases.map { Int64($0.rawValue) }))
        for direction in ["client", "server"] {
            let frames = valid.filter { $0["direction"]?.text == direction }.compactMap { $0["frame"] }
            let operations = Set(frames.compactMap { $0["operation"]?.integer }).subtracting([0])
            #expect(operations == Set(Operation.Name.allCases.map { Int64($0.rawValue) }), "\(direction)")
        }
        let text = valid.map(\.description).joined()
        for word in ["equals", "any_of", "all_of", "range", "exists", "and", "or", "not", "bool", "integer", "number", "text", "identifier", "time"] {
            #expect(text.contains("{\"\(word)\":"), "\(word)")
        }
    }

    @Test("a valid frame is read as the file says and written again with the same bytes")
    func validFrames() throws {
        for line in try lines() where line["error"] == nil {
            let name = line["name"]?.text ?? ""
            let bytes = try bytes(of: line)
            let all = try decoded(bytes)
            try #require(all.count == 1, "\(name)")
            guard case .frame(let frame) = all[0] else {
                Issue.record("\(name) is damaged")
                continue
            }
            #expect(frame.header.golden == line["frame"], "\(name)")
            let message = try Message(frame)
            #expect(message.meaning.description == line["meaning"]?.description, "\(name)")
            #expect((message.bytes == bytes) == line["canonical"]?.bool, "\(name)")
            #expect(try Message(bytes: message.bytes) == message, "\(name)")
            if line["direction"]?.text == "client" {
                let stage: Refusal.Stage = frame.header.type == .authenticate ? .handshake : .open
                #expect(Refusal(of: bytes, at: stage) == nil, "\(name)")
            }
        }
    }

    @Test("a broken frame is refused as the file says")
    func brokenFrames() throws {
        for line in try lines() where line["error"] != nil {
            let name = line["name"]?.text ?? ""
            let bytes = try bytes(of: line)
            let stage = try #require(Refusal.Stage(rawValue: line["stage"]?.text ?? ""))
            let refusal = try #require(Refusal(of: bytes, at: stage), "\(name) was not refused")
            #expect(refusal.code.description == line["error"]?.text, "\(name)")
            #expect(refusal.field == line["field"]?.text, "\(name)")
            #expect(refusal.code.endsConnection == line["ends_connection"]?.bool, "\(name)")
        }
    }
}
