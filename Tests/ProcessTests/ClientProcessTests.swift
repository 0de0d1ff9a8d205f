import Client
import Foundation
import Records
import Testing
import Transport

@Suite("The client against a real server", .serialized)
struct ClientProcessTests {
    @Test("a thousand tasks share one connection")
    func pipelining() async throws {
        let server = try ServerProcess()
        let client = server.client()
        let agent = try await client.ensureAgent("a").id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1_000 {
                group.addTask { _ = try await client.remember([MemoryDraft(agent: agent, content: "\(number)", vector: [1, Float(number)])]) }
            }
            try await group.waitForAll()
        }
        let facts = try await client.status()
        #expect(facts["organization"]?["memories"] == 1_000 && facts["connections"]?["accepted"] == 1)
    }

    @Test("a request that begins while the server is away is answered when it is back")
    func reconnecting() async throws {
        let folder = TemporaryFolder()
        let first = try ServerProcess(in: folder)
        let client = MemoryClient(
            ClientConfiguration(
                address: first.address, key: first.key, deadlineMilliseconds: 30_000,
                retries: RetryPolicy(attemptsMax: 1_000, firstMilliseconds: 20, millisecondsMax: 100)))
        let agent = try await client.ensureAgent("a").id
        first.kill()
        async let receipt = client.remember([MemoryDraft(agent: agent, content: "while away")])
        let second = try ServerProcess(in: folder, port: first.address.port)
        #expect(try await receipt.rows.count == 1)
        #expect(try await client.status()["organization"]?["memories"] == 1)
        #expect(second.stop() == 0)
    }

    @Test("a cancelled task ends, a deadline of nothing passes, and the client goes on")
    func endings() async throws {
        let server = try ServerProcess()
        let client = server.client()
        try await client.ping()
        let task = Task {
            while true { _ = try await client.perform(.ping) }
        }
        try await Task.sleep(nanoseconds: 20_000_000)
        task.cancel()
        guard case .failure(let error) = await task.result else { return }
        #expect(error as? ClientError == .cancelled)
        try await client.ping()
        client.close()
        await #expect(throws: ClientError.closed) { try await client.ping() }
    }

    @Test("a stream that is left early does not hold up what comes after it")
    func earlyBreak() async throws {
        let server = try ServerProcess()
        let client = server.client()
        let agent = try await client.ensureAgent("a").id
        for start in 0..<10 {
            _ = try await client.remember((0..<100).map { MemoryDraft(agent: agent, content: "\(start) \($0) " + String(repeating: "z", count: 3_000)) })
        }
        for _ in 0..<5 {
            for try await page in client.stream(MemoryListing()) {
                #expect(!page.isEmpty)
                break
            }
        }
        var count = 0
        for try await page in client.stream(MemoryListing()) { count += page.count }
        #expect(count == 1_000)
        try await client.ping()
    }
}
