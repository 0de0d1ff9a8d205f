import Client
import Foundation
import Records
import Testing
import Transport

extension RealBinary {
    @Suite("Idle connections cost little")
    struct IdleTests {
        private static let connections = 2_000
        private static let growthBytesMax = 100 * 1_024 * 1_024

        private func raiseDescriptorLimit() throws {
            var limit = rlimit()
            unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            try #require(limit.rlim_cur >= rlim_t(IdleTests.connections + 200), "this process may hold only \(limit.rlim_cur) descriptors")
        }

        @Test("2,000 idle connections are all still answered, cost less than 100 MB, and another client is served meanwhile", .timeLimit(.minutes(3)))
        func idle() async throws {
            try raiseDescriptorLimit()
            try await withServer { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                let agent = try await client.ensureAgent("busy").id
                _ = try await client.remember([MemoryDraft(agent: agent, content: "busy", vector: vector(of: "busy"))])
                let before = try server.residentBytes()
                let loops = EventLoopGroup(count: 1)
                let (opened, answered, lost) = (Counter(), Counter(), Counter())
                var all: [IdleConnection] = []
                defer { for connection in all { connection.close() } }
                while all.count < IdleTests.connections {
                    for _ in 0..<100 {
                        let connection = IdleConnection(key: try server.key(), opened: opened, answered: answered, lost: lost)
                        Connector.connect(
                            to: try Address(server.address), on: loops.next(), tls: nil, timeoutMilliseconds: 30_000, delegate: connection)
                        all.append(connection)
                    }
                    let wanted = all.count
                    let isOpen = try await becomesTrue { opened.value + lost.value >= wanted }
                    try #require(isOpen && lost.value == 0, "\(opened.value) open and \(lost.value) lost of \(wanted)")
                    let answer = try await client.search(SearchRequest(query: .vector(vector(of: "busy")), k: 1))
                    #expect(answer.entries.count == 1)
                }
                let status = try await client.status()
                #expect(status["connections"]?["open"]?.integer == Int64(IdleTests.connections + 1))
                let growth = try server.residentBytes() - before
                print("idle test: \(IdleTests.connections) connections cost \(growth / 1_024) KiB, \(growth / IdleTests.connections) bytes each")
                #expect(growth < IdleTests.growthBytesMax)
                for connection in all { connection.ping() }
                #expect(try await becomesTrue { answered.value == IdleTests.connections }, "\(answered.value) answered, \(lost.value) lost")
                try await client.ping()
            }
        }
    }
}
