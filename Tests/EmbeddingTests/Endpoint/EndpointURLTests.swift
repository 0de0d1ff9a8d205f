import Embedding
import Testing

@Suite("The address of an endpoint")
struct EndpointURLTests {
    @Test(
        "an address is taken with and without its path",
        arguments: [
            ("https://api.openai.com", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/embeddings", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/embeddings//", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/embeddings", "https://api.openai.com/v1/embeddings"),
            (" HTTP://LocalHost:11434\n", "http://localhost:11434/v1/embeddings"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1/embeddings"),
            ("http://10.0.0.7:80/tei", "http://10.0.0.7:80/tei/v1/embeddings"),
            ("https://host/proxy/v2", "https://host/proxy/v2/embeddings"),
            ("https://host/v1beta/openai/embeddings", "https://host/v1beta/openai/embeddings"),
            ("https://host/a%20b/~c/", "https://host/a%20b/~c/v1/embeddings"),
        ])
    func normalized(_ given: String, _ normal: String) throws {
        #expect(try EndpointURL(given).description == normal)
        #expect(try EndpointURL(normal) == EndpointURL(given))
    }

    @Test(
        "what is no address, or holds what does not belong into one, is refused and not repeated",
        arguments: [
            ("", "does not begin with http"), ("api.openai.com", "does not begin with http"), ("ftp://host", "does not begin with http"),
            ("file:///etc/passwd", "does not begin with http"), ("http:/host", "does not begin with http"),
            ("https://user:swordfish@host/v1", "a user or a password"), ("https://swordfish@host", "a user or a password"),
            ("https://host/v1?key=swordfish", "a query or a fragment"), ("https://host?key=swordfish", "a query or a fragment"),
            ("https://host/#swordfish", "a query or a fragment"), ("https://", "no host"), ("https:///v1", "no host"), ("https://:80", "no host"),
            ("https://host:", "port"), ("https://host:0", "port"), ("https://host:65536", "port"), ("https://host:8o", "port"),
            ("https://ho st/", "a character"), ("https://hö.st/", "a character"), ("https://host/a\u{0}b", "a character"),
            ("https://host\\swordfish", "a character"), ("https://host/a b", "a character"), ("https://host/ä", "a character"),
            ("https://[::1", "bracket"), ("https://[::1]x", "between"), ("https://[]", "no IPv6"), ("https://[fe80::1%25eth0]", "no IPv6"),
            ("https://host/" + String(repeating: "a", count: 3_000), "longer than"),
        ])
    func refused(_ given: String, _ why: String) throws {
        do throws(EmbeddingError) {
            Issue.record("taken as \(try EndpointURL(given))")
        } catch {
            #expect(error.description.contains(why), "\(error)")
            #expect(!error.description.contains("swordfish"))
        }
    }
}
