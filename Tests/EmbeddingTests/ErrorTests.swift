import Embedding
import Testing

@Suite("Errors of embedding")
struct ErrorTests {
    @Test("only what may pass by itself is worth another try")
    func transient() {
        #expect(EmbeddingError.unavailable(endpoint: "http://localhost", why: "connection refused", retryAfter: 3).isTransient)
        #expect(!EmbeddingError.refused(endpoint: "http://localhost", why: "401").isTransient)
        #expect(EmbeddingError.textTooLong(text: 3, bytes: 10, bytesMax: 9).description == "text 3 has 10 bytes; at most 9 can be embedded")
    }
}
