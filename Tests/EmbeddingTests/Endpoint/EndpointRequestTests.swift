@testable import Embedding
import Foundation
import Records
import Testing

@Suite("Requests to an endpoint")
struct EndpointRequestTests {
    @Test("a request names the model, carries the key in its header, and asks for a dimension only when told to")
    func headers() throws {
        for asks in [false, true] {
            let fixture = try EndpointFixture([Replies.good]) { $0.asksForDimension = asks }
            _ = try fixture.embed(["one"])
            let request = try #require(fixture.endpoint.requests.first)
            #expect(request.line == "POST /v1/embeddings HTTP/1.1")
            #expect(request.headers["authorization"] == "Bearer " + EndpointFixture.secret)
            #expect(request.headers["content-type"] == "application/json")
            #expect(request.headers["expect"] == nil)
            #expect(request.json["model"] == "scripted")
            #expect(request.json["dimensions"] == (asks ? 8 : nil))
        }
    }

    @Test("without a key no header speaks of one")
    func withoutKey() throws {
        let fixture = try EndpointFixture([Replies.good]) { $0.key = nil }
        _ = try fixture.embed(["one"])
        #expect(fixture.endpoint.requests.first?.headers["authorization"] == nil)
    }

    @Test("every character arrives as it was")
    func characters() throws {
        let controls = String(String.UnicodeScalarView((0...0x7F).compactMap { Unicode.Scalar($0 as UInt32) }))
        let texts = [controls, "quotes \" and \\ and /", "äöü ß 漢字 🌲 e\u{301} \u{2028}\u{FEFF}\u{10FFFF}", "line\r\nline\ttab"]
        let fixture = try EndpointFixture([Replies.good])
        #expect(try fixture.embed(texts) == texts.map(Replies.vector))
        #expect(fixture.endpoint.requests.first?.texts == texts)
    }

    @Test("many texts are split by their number, and come back in order over one connection")
    func splitByCount() throws {
        let texts = (0..<10).map { "text \($0)" }
        let fixture = try EndpointFixture([Replies.good]) { $0.requestTextsMax = 4 }
        #expect(try fixture.embed(texts) == texts.map(Replies.vector))
        #expect(fixture.endpoint.requests.map(\.texts.count) == [4, 4, 2])
        #expect(fixture.endpoint.connections == 1)
    }

    @Test("long texts are split by their estimated tokens, and one that is longer than all goes alone")
    func splitByTokens() throws {
        let texts = [30, 30, 30, 400, 30].map { String(repeating: "a", count: $0) }
        let fixture = try EndpointFixture([Replies.good]) { $0.requestTokensMax = 20 }
        #expect(try fixture.embed(texts) == texts.map(Replies.vector))
        #expect(fixture.endpoint.requests.map(\.texts.count) == [2, 1, 1, 1])
    }

    @Test("requests are as full as they can be, and hold every text once")
    func split() {
        #expect(EndpointRequest.split(tokens: [], textsMax: 2, tokensMax: 10).isEmpty)
        #expect(EndpointRequest.split(tokens: [99], textsMax: 2, tokensMax: 10) == [0..<1])
        #expect(EndpointRequest.split(tokens: [5, 5, 1], textsMax: 9, tokensMax: 10) == [0..<2, 2..<3])
        #expect(EndpointRequest.split(tokens: [0, 0, 0], textsMax: 2, tokensMax: 10) == [0..<2, 2..<3])
        #expect(EndpointRequest.split(tokens: [1, 99, 1], textsMax: 9, tokensMax: 10) == [0..<1, 1..<2, 2..<3])
    }

    @Test("of a text with more tokens than the model takes, the beginning is sent")
    func cut() throws {
        let long = String(repeating: "ä", count: 100)
        let fixture = try EndpointFixture([Replies.good]) { $0.textTokensMax = 10 }
        _ = try fixture.embed([long, "short"])
        #expect(fixture.endpoint.requests.first?.texts == [String(repeating: "ä", count: 10), "short"])
    }

    @Test("the beginning of a text never has more tokens than it may, and ends between characters")
    func beginnings() {
        for text in ["plain words and more of them", "1234567890 + 1234567890", "漢字漢字漢字漢字", "🌲🌲🌲🌲", "a1ä漢🌲a1ä漢🌲"] {
            for tokens in 2...40 {
                let beginning = TokenEstimate.beginning(of: text, tokensMax: tokens)
                #expect(text.unicodeScalars.starts(with: beginning.unicodeScalars))
                #expect(TokenEstimate.tokens(beginning) <= tokens)
                #expect(TokenEstimate.tokens(text) > tokens || beginning == text)
            }
        }
        #expect(TokenEstimate.beginning(of: "🌲🌲", tokensMax: 1) == "🌲")
    }

    @Test("texts that cannot be embedded are refused with their place, before anything is sent")
    func refusedTexts() throws {
        let fixture = try EndpointFixture([Replies.good]) { $0.textBytesMax = 10 }
        for empty in ["", " ", "\n\t\u{A0}\u{3000}"] { #expect(fixture.failure(["one", empty]) == .emptyText(text: 1)) }
        #expect(fixture.failure(["one", "two", "eleven bytes"]) == .textTooLong(text: 2, bytes: 12, bytesMax: 10))
        #expect(fixture.endpoint.connections == 0)
    }

    @Test("settings outside their bounds are refused by name")
    func settings() throws {
        let changes: [(String, (inout EndpointSettings) -> Void)] = [
            ("model", { $0.model = "" }), ("model", { $0.model = "a\nb" }), ("model", { $0.model = String(repeating: "m", count: 101) }),
            ("dimension", { $0.dimension = 0 }), ("dimension", { $0.dimension = 16_001 }),
            ("requestTextsMax", { $0.requestTextsMax = 2_049 }), ("requestTokensMax", { $0.requestTokensMax = 0 }),
            ("requestTextsMax", { ($0.requestTextsMax, $0.dimension) = (2_048, 16_000) }),
            ("textBytesMax", { $0.textBytesMax = 0 }), ("textTokensMax", { $0.textTokensMax = 0 }), ("callsMax", { $0.callsMax = 0 }),
            ("connectTimeoutMilliseconds", { $0.connectTimeoutMilliseconds = 0 }), ("requestTimeoutMilliseconds", { $0.requestTimeoutMilliseconds = -1 }),
            ("retriesMax", { $0.retriesMax = 21 }), ("failuresMax", { $0.failuresMax = 0 }), ("coolingMilliseconds", { $0.coolingMilliseconds = 0 }),
        ]
        let url = try EndpointURL("http://localhost")
        for (name, change) in changes {
            var settings = EndpointSettings(url: url)
            change(&settings)
            do throws(EmbeddingError) {
                _ = try EndpointEmbedder(settings)
                Issue.record("\(name) was taken")
            } catch {
                guard case .unusableSetting(let refused, _) = error else { throw error }
                #expect(refused == name)
            }
        }
    }

    @Test("an embedder says what its vectors are")
    func model() throws {
        let openAI = try EndpointEmbedder(EndpointSettings(url: EndpointURL("https://api.openai.com")))
        #expect(openAI.model == EmbeddingModel(provider: "openai", name: "text-embedding-3-small", revision: "", dimension: 1_536))
        var settings = EndpointSettings(url: try EndpointURL("http://localhost:11434"), model: "nomic-embed-text", dimension: 768)
        settings.queryPrefix = "search_query: "
        settings.passagePrefix = "search_document: "
        let ollama = try EndpointEmbedder(settings)
        #expect(ollama.model.queryPrefix == "search_query: " && ollama.model.passagePrefix == "search_document: ")
        #expect(ollama.limits.textsMax == 128 && ollama.limits.callsMax == 4)
    }
}
