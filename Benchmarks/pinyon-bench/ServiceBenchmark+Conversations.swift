import Client
import Foundation
import Records
import Wire

/// A platform that has been used for a while: many conversations, each opened with its last messages, listed by their last activity, spoken in.
extension ServiceBenchmark {
    private static let opened = 50
    private static let listed = 20
    private static let batch = 500

    mutating func conversing() async throws {
        let server = try start([])
        let (user, ids) = try await fillConversations(server)
        for contender in asking(server, user, ids) { await compare([contender], [(1, 1), (4, 1), (16, 1)]) }
    }

    /// What is asked of conversations.
    func asking(_ server: RunningServer, _ user: Identifier, _ ids: [Identifier]) -> [Contender] {
        var source = VectorSource(seed: 5)
        let vectors = (0..<256).map { _ in source.vector(dimension) }
        let request: @Sendable (Records.Operation, UInt64, inout [UInt8]) -> Void = { operation, number, buffer in
            Request(envelope: Envelope(), operation: operation).append(id: number, to: &buffer)
        }
        // Neighbours in time lie far apart in the list, so that each request meets another conversation.
        let spread: @Sendable (UInt64) -> Identifier = { number in ids[Int(number &* 2_654_435_761 % UInt64(ids.count))] }
        return [
            Contender(name: "open", server: server, tls: nil) { request(.open(spread($0), messages: ServiceBenchmark.opened), $0, &$1) },
            Contender(name: "list", server: server, tls: nil) {
                request(.browse(RecordListing(.conversation, [.user: .identifier(user)], order: .lastActivityAt, limit: ServiceBenchmark.listed)), $0, &$1)
            },
            Contender(name: "append", server: server, tls: nil) {
                let values: [RecordField: Value] = [
                    .conversation: .identifier(spread($0)), .role: .text($0 % 2 == 0 ? "user" : "assistant"),
                    .content: .text("Message number \($0) of the benchmark, as long as what people write to each other usually is."),
                ]
                request(.create([RecordDraft(.message, values, vector: vectors[Int($0) % vectors.count])]), $0, &$1)
            },
        ]
    }

    private func fillConversations(_ server: RunningServer) async throws -> (user: Identifier, conversations: [Identifier]) {
        let client = client(server, nil)
        defer { client.close() }
        guard let user = try await client.create([RecordDraft(.user, [.email: .text("bench@example.com"), .name: .text("Bench")])]).rows.first?.id else {
            throw BenchError("the user was not made")
        }
        var source = VectorSource(seed: 4)
        var ids: [Identifier] = []
        while ids.count < conversations {
            let drafts = (0..<min(ServiceBenchmark.batch, conversations - ids.count)).map { offset in
                RecordDraft(.conversation, [.user: .identifier(user), .title: .text("Conversation \(ids.count + offset)")], vector: source.vector(dimension))
            }
            ids += try await client.create(drafts).rows.map(\.id)
        }
        var written = 0
        while written < messages {
            let drafts = (0..<min(ServiceBenchmark.batch, messages - written)).map { offset in
                let number = written + offset
                return RecordDraft(
                    .message,
                    [
                        .conversation: .identifier(ids[number % ids.count]), .role: .text(number / ids.count % 2 == 0 ? "user" : "assistant"),
                        .content: .text("Message number \(number) of the benchmark, as long as what people write to each other usually is."),
                    ], vector: source.vector(dimension))
            }
            written += try await client.create(drafts).rows.count
        }
        return (user, ids)
    }
}
