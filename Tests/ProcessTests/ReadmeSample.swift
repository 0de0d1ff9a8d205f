import Client
import Records
import Transport

/// The Swift sample of README, as it stands there.
enum ReadmeSample {
    static func run(port: Int, key: String) async throws -> SearchAnswer {
        let client = MemoryClient(ClientConfiguration(address: try Address("127.0.0.1:\(port)"), key: key))
        let agent = try await client.ensureAgent("support")
        _ = try await client.remember([MemoryDraft(agent: agent.id, content: "Maya wants invoices by mail.")])
        let answer = try await client.recall(agent: agent.id, query: .text("How does Maya get her bills?"), k: 5)
        client.close()
        return answer
    }
}
