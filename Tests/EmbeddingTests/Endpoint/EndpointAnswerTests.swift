@testable import Embedding
import Foundation
import Records
import Testing

@Suite("Answers of an endpoint")
struct EndpointAnswerTests {
    @Test("an answer in base64 and one in numbers give the same vectors, whichever was asked for", arguments: EndpointSettings.Encoding.allCases)
    func encodings(_ encoding: EndpointSettings.Encoding) throws {
        for reply in [Replies.inBase64, Replies.inFloats] {
            let fixture = try EndpointFixture([reply]) { $0.encoding = encoding }
            #expect(try fixture.embed(["one", "two", "three"]) == ["one", "two", "three"].map(Replies.vector))
            #expect(fixture.endpoint.requests.map { $0.json["encoding_format"]?.text } == [encoding.rawValue])
        }
    }

    @Test("vectors come back in the order of the texts, however the answer orders them")
    func shuffled() throws {
        let fixture = try EndpointFixture([Replies.changed { $0.reversed() }])
        #expect(try fixture.embed(["one", "two", "three"]) == ["one", "two", "three"].map(Replies.vector))
    }

    @Test("vectors without an index are taken in the order in which they stand")
    func withoutIndex() throws {
        let fixture = try EndpointFixture([{ request in .answer(body: Replies.body(request.texts.map { Replies.entry(nil, Replies.floats(Replies.vector($0))) })) }])
        #expect(try fixture.embed(["one", "two"]) == ["one", "two"].map(Replies.vector))
    }

    static let wrong: [(name: String, line: MisbehavingEndpoint.Line, why: String)] = [
        ("too few vectors", Replies.changed { Array($0.dropLast()) }, "1 vectors for 2 texts"),
        ("too many vectors", Replies.changed { $0 + $0 }, "4 vectors for 2 texts"),
        ("another dimension", Replies.changed { _ in [Replies.entry(0, [1, 2]), Replies.entry(1, [1, 2])] }, "2 dimensions instead of 8"),
        ("a longer vector", Replies.changed { [$0[0], Replies.entry(1, .list(Array(repeating: 1, count: 9)))] }, "9 dimensions instead of 8"),
        ("an index that stands twice", Replies.changed { [$0[0], $0[0]] }, "the index 0"),
        ("an index beyond the end", Replies.changed { [$0[0], Replies.entry(2, Replies.floats(Replies.vector("two")))] }, "an index that is none"),
        ("an index below zero", Replies.changed { [$0[0], Replies.entry(-1, Replies.floats(Replies.vector("two")))] }, "an index that is none"),
        ("an index that is a text", Replies.changed { [$0[0], Replies.entry("1", Replies.floats(Replies.vector("two")))] }, "an index that is none"),
        ("something among the numbers", Replies.changed { [$0[0], Replies.entry(1, [1, 2, 3, nil, 5, 6, 7, 8])] }, "no number"),
        ("a number that no float can hold", Replies.changed { [$0[0], Replies.entry(1, [1, 2, 3, 1e300, 5, 6, 7, 8])] }, "not finite"),
        ("nothing but zeros", Replies.changed { [$0[0], Replies.entry(1, .list(Array(repeating: 0, count: 8)))] }, "all zeros"),
        ("not-a-number in base64", Replies.changed { [$0[0], Replies.entry(1, Replies.base64([1, 2, 3, .nan, 5, 6, 7, 8]))] }, "not finite"),
        ("infinity in base64", Replies.changed { [$0[0], Replies.entry(1, Replies.base64([1, 2, 3, .infinity, 5, 6, 7, 8]))] }, "not finite"),
        ("a text that is no base64", Replies.changed { [$0[0], Replies.entry(1, "no base64!")] }, "no base64"),
        ("half a float", Replies.changed { [$0[0], Replies.entry(1, "AAAA")] }, "no base64 of floats"),
        ("a vector that is an object", Replies.changed { [$0[0], Replies.entry(1, [:])] }, "neither a list of numbers nor base64"),
        ("entries that are no objects", Replies.changed { _ in [1, 2] }, "neither a list of numbers nor base64"),
        ("the word NaN", { _ in .answer(body: #"{"data":[{"index":0,"embedding":[NaN]},{"index":1,"embedding":[1]}]}"#) }, "invalid JSON"),
        ("no JSON", { _ in .answer(body: "<html>welcome</html>") }, "invalid JSON"),
        ("half of the JSON", { _ in .answer(body: #"{"data":[{"index":0"#) }, "the text ends too early"),
        ("nothing", { _ in .answer(body: "") }, "the text ends too early"),
        ("an error under a good status", { _ in .answer(body: #"{"error":{"message":"model is loading"}}"#) }, "model is loading"),
        ("more values than vectors have", { _ in .answer(body: "[" + String(repeating: "0,", count: 4_000) + "0]") }, "more than"),
        ("no end", { _ in .endless(status: 200) }, "longer than"),
    ]

    @Test("what is no answer is asked for once more and then told", arguments: wrong.indices)
    func wrongAnswers(_ index: Int) throws {
        let wrong = EndpointAnswerTests.wrong[index]
        let fixture = try EndpointFixture([wrong.line])
        let failure = try #require(fixture.failure(), "\(wrong.name)")
        #expect(failure.isBadAnswer, "\(wrong.name): \(failure)")
        #expect(failure.description.contains(wrong.why), "\(wrong.name): \(failure)")
        #expect(fixture.endpoint.requests.count == 2, "\(wrong.name)")
    }

    @Test("a good answer after a bad one is taken")
    func badThenGood() throws {
        let fixture = try EndpointFixture([Replies.changed { Array($0.dropLast()) }, Replies.good])
        #expect(try fixture.embed(["one", "two"]) == ["one", "two"].map(Replies.vector))
    }

    @Test("base64 without padding is taken, and a sixth of a byte is not")
    func base64() {
        for count in 0...20 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ 191) }
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.decode(text) == bytes)
            #expect(Base64.decode(text.replacingOccurrences(of: "=", with: "")) == bytes)
        }
        for text in ["A", "AAAAA", "====", "A===", "AA=A", "AA A", "AA\n=", "é"] { #expect(Base64.decode(text) == nil, "\(text)") }
    }
}
