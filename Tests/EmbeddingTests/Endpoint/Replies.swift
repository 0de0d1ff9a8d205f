import Foundation
import Records

/// Answers and the vectors in them.
enum Replies {
    static let dimension = 8

    /// Always the same for the same text, and different for others.
    static func vector(_ text: String) -> [Float] {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (0..<dimension).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int64(state >> 40) - (1 << 23)) / Float(1 << 23)
        }
    }

    static func base64(_ vector: [Float]) -> JSON {
        let bytes = vector.flatMap { number in (0..<4).map { UInt8(truncatingIfNeeded: number.bitPattern >> UInt32($0 * 8)) } }
        return .text(Data(bytes).base64EncodedString())
    }

    static func floats(_ vector: [Float]) -> JSON { .list(vector.map { .number(Double($0)) }) }

    static func entry(_ index: JSON?, _ embedding: JSON) -> JSON {
        .object([JSON.Member("object", "embedding")] + (index.map { [JSON.Member("index", $0)] } ?? []) + [JSON.Member("embedding", embedding)])
    }

    static func body(_ data: [JSON]) -> String {
        JSON.object([
            JSON.Member("object", "list"), JSON.Member("data", .list(data)), JSON.Member("model", "scripted"),
            JSON.Member("usage", ["prompt_tokens": 1, "total_tokens": 1]),
        ]).description
    }

    static func entries(_ texts: [String], _ encode: ([Float]) -> JSON) -> [JSON] {
        texts.enumerated().map { entry(.integer(Int64($0)), encode(vector($1))) }
    }

    /// As it was asked for.
    static let good: MisbehavingEndpoint.Line = { request in
        request.json["encoding_format"]?.text == "base64" ? inBase64(request) : inFloats(request)
    }
    static let inBase64: MisbehavingEndpoint.Line = { .answer(body: body(entries($0.texts, base64))) }
    static let inFloats: MisbehavingEndpoint.Line = { .answer(body: body(entries($0.texts, floats))) }
    static let silent: MisbehavingEndpoint.Line = { _ in .silence }

    static func fails(_ status: Int, _ body: String = #"{"error":{"message":"out of order"}}"#, headers: [String] = []) -> MisbehavingEndpoint.Line {
        { _ in .answer(status: status, headers: headers, body: body) }
    }

    /// A good answer whose vectors are changed.
    static func changed(_ change: @escaping @Sendable ([JSON]) -> [JSON]) -> MisbehavingEndpoint.Line {
        { .answer(body: body(change(entries($0.texts, floats)))) }
    }
}
