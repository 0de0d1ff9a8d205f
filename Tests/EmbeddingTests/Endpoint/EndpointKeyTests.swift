@testable import Embedding
import Testing

@Suite("The key of an endpoint")
struct EndpointKeyTests {
    private let secret = EndpointFixture.secret

    @Test("a key prints itself nowhere, and neither do the settings that hold it")
    func masked() throws {
        let key = try EndpointKey(secret)
        let settings = EndpointSettings(url: try EndpointURL("https://api.openai.com"), key: key)
        var dumped = ""
        dump(key, to: &dumped)
        dump(settings, to: &dumped)
        dump(try EndpointEmbedder(settings), to: &dumped)
        let printed = [
            "\(key)", String(describing: key), String(reflecting: key), "\(settings)", String(reflecting: settings), "\([key])", dumped,
            "\(Mirror(reflecting: key).children.map { $0 })", String(describing: settings.key), String(reflecting: Mirror(reflecting: settings)),
        ]
        for text in printed { #expect(!text.contains(secret) && !text.contains("Zq8v"), "\(text)") }
        #expect("\(key)" == "***")
    }

    @Test("what surrounds a key is left out, and what cannot be one is refused without being repeated")
    func shape() throws {
        #expect(try EndpointKey(" \(secret)\r\n").text == secret)
        for text in ["", " \n", "swordfish\r\nX-Other: 1", "sword fish", "swordfisch\u{0}", "schwertfisché", String(repeating: "k", count: 4_097)] {
            do throws(EmbeddingError) {
                _ = try EndpointKey(text)
                Issue.record("taken: \(text)")
            } catch {
                #expect(!error.description.contains("sword") && !error.description.contains("schwert"))
            }
        }
    }

    @Test("a key that the endpoint repeats is masked, whole or in part", arguments: [401, 429, 503])
    func echoed(_ status: Int) throws {
        let part = secret.dropFirst(4).prefix(12)
        let bodies = [
            #"{"error":{"message":"Incorrect API key provided: \#(secret)."}}"#, #"{"error":"\#(secret)\#(secret)"}"#,
            #"{"detail":"key \#(part)… is unknown"}"#, #"{"error":{"message":"\#(String(repeating: "x", count: 290))\#(secret)"}}"#,
        ]
        for body in bodies {
            let fixture = try EndpointFixture([Replies.fails(status, body)]) { $0.retriesMax = 0 }
            let failure = try #require(fixture.failure())
            var told = "\(failure) \(String(reflecting: failure))"
            dump(failure, to: &told)
            for start in secret.indices.dropLast(7) { #expect(!told.contains(secret[start...].prefix(8)), "\(told)") }
            #expect(told.contains("***"))
        }
    }

    @Test("a key that is repeated in what is no answer is masked as well")
    func echoedInBadAnswer() throws {
        for body in [#"{"\#(secret)":1,"\#(secret)":2}"#, #"{"error":{"message":"\#(secret)"}}"#, secret] {
            let fixture = try EndpointFixture([{ _ in .answer(body: body) }])
            let failure = try #require(fixture.failure())
            #expect(failure.isBadAnswer && !"\(failure) \(String(reflecting: failure))".contains(secret), "\(failure)")
        }
    }

    @Test("words that are no part of the key stay as they are")
    func otherWords() throws {
        let key = try EndpointKey("swordfish-in-the-sea")
        #expect(key.masked(in: "a swordfi, a swordfish and the sea") == "a swordfi, a *** and the sea")
        #expect(try EndpointKey("abc").masked(in: "abcd ab abc") == "***d ab ***")
    }
}
