import Client
import Foundation
import Records
import Wire

/// Suggestions while somebody types: one letter more with each request, now and then a wrong one.
///
/// Terms are made of syllables, one to three words each, so that many begin alike, as they do in a trade.
extension ServiceBenchmark {
    private static let usersTypingMax = 1_000
    private static let entriesOfUser = 100
    /// As fast as people type who are fast.
    private static let keystrokeMilliseconds = 200
    private static let mistypedEvery = 5

    mutating func suggesting() async throws {
        let server = try start([])
        let client = client(server, nil)
        defer { client.close() }
        let large = ServiceBenchmark.terms(rows, seed: 23)
        let one = try await ServiceBenchmark.user("one", client)
        try await ServiceBenchmark.keep(large, of: one, client)
        let typed = ServiceBenchmark.typing(large, seed: 25)
        let asking = [contender("suggest", server) { SuggestRequest(typed[Int($0) % typed.count], user: one) }]
        await compare(asking, [(1, 1)])
        let meter = try await client.status()["operations"]?["suggest"]
        print("suggest on the server, one at a time: p50 \(meter?["p50_us"]?.description ?? "?") us, to be under 300, p99 \(meter?["p99_us"]?.description ?? "?") us, to be under 2000")
        await compare(asking, [(4, 1), (16, 1)])
        var generator = SeededGenerator(seed: 26)
        let before = try await client.status()["server"]?["resident_bytes"]?.integer ?? 0
        let (count, pool) = (ServiceBenchmark.entriesOfUser, ServiceBenchmark.terms(users * ServiceBenchmark.entriesOfUser, seed: 24))
        var asked: [SuggestRequest] = []
        for number in 0..<users {
            let (user, terms) = (try await ServiceBenchmark.user("typist\(number)", client), Array(pool[number * count..<(number + 1) * count]))
            try await ServiceBenchmark.keep(terms, of: user, publicEvery: 10, client)
            asked += ServiceBenchmark.typing(terms, seed: UInt64(number), count: 20).map { SuggestRequest($0, user: user) }
        }
        asked.shuffle(using: &generator)
        let requests = asked
        let status = try await client.status()
        let after = status["server"]?["resident_bytes"]?.integer ?? 0
        print("terms in memory: \(status["terms"]?.description ?? ""); with \(users) users of \(count) entries the process grew by \((after - before) / 1_000_000) MB")
        await compare(
            [contender("suggest typing", server, everyMilliseconds: ServiceBenchmark.keystrokeMilliseconds) { requests[Int($0) % requests.count] }],
            [(min(users, ServiceBenchmark.usersTypingMax), 1)])
        for (shape, found) in percentiles("suggest typing", 0.99) { print(String(format: "suggest typing p99, %d × %d: %.2f ms, to be under 10", shape.0, shape.1, found)) }
    }

    private func contender(_ name: String, _ server: RunningServer, everyMilliseconds: Int = 0, _ request: @escaping @Sendable (UInt64) -> SuggestRequest) -> Contender {
        Contender(name: name, server: server, tls: nil, everyMilliseconds: everyMilliseconds) { number, buffer in
            Request(envelope: Envelope(), operation: .suggest(request(number))).append(id: number, to: &buffer)
        }
    }

    private static func user(_ name: String, _ client: MemoryClient) async throws -> Identifier {
        try await client.create([RecordDraft(.user, [.email: .text("\(name)@example.com"), .name: .text(name)])]).rows[0].id
    }

    private static func keep(_ terms: [String], of user: Identifier, publicEvery: Int = .max, _ client: MemoryClient) async throws {
        for start in stride(from: 0, to: terms.count, by: 1_000) {
            let drafts = (start..<min(start + 1_000, terms.count)).map { place in
                RecordDraft(
                    .term,
                    [
                        .user: .identifier(user), .term: .text(terms[place]), .definition: .text("what \(terms[place]) means"), .frequency: .integer(Int64(1 + place % 7)),
                        .isPublic: .flag(place % publicEvery == publicEvery - 1),
                    ])
            }
            _ = try await client.create(drafts)
        }
    }

    private static func terms(_ count: Int, seed: UInt64) -> [String] {
        var generator = SeededGenerator(seed: seed)
        let (onsets, vowels, ends) = (["b", "c", "cr", "d", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pr", "qu", "r", "s", "st", "t", "tr", "v", "w"], ["a", "e", "i", "o", "u", "ea", "io"], ["", "l", "n", "r", "s", "t", "ck", "nd", "st"])
        func word() -> String {
            (0..<Int.random(in: 1...3, using: &generator)).map { _ in
                (onsets.randomElement(using: &generator) ?? "") + (vowels.randomElement(using: &generator) ?? "") + (ends.randomElement(using: &generator) ?? "")
            }.joined()
        }
        var (terms, seen): ([String], Set<String>) = ([], [])
        while terms.count < count {
            let term = (0..<Int.random(in: 1...3, using: &generator)).map { _ in word() }.joined(separator: " ")
            if seen.insert(term).inserted { terms.append(term) }
        }
        return terms
    }

    /// Letter after letter of one term after the other, every so many-th with two letters that changed places.
    private static func typing(_ terms: [String], seed: UInt64, count: Int = 20_000) -> [String] {
        var (generator, typed): (SeededGenerator, [String]) = (SeededGenerator(seed: seed), [])
        while typed.count < count {
            var letters = Array(terms.randomElement(using: &generator) ?? "")
            if Int.random(in: 0..<mistypedEvery, using: &generator) == 0, letters.count > 3 {
                let place = Int.random(in: 1..<letters.count - 1, using: &generator)
                letters.swapAt(place, place + 1)
            }
            for end in 2...max(2, letters.count) where end <= letters.count && letters[end - 1] != " " { typed.append(String(letters[..<end])) }
        }
        return typed
    }
}
