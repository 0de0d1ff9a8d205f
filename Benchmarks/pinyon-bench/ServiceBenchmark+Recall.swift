import Client
import Foundation
import Records
import Wire

/// Recalls among the memories of one agent: by vector, by words and by both, with importance and what is left of each memory in the score.
///
/// Made-up memories are about topics, as real ones are: their vectors lie about a topic's, and most of their words are of its own.
extension ServiceBenchmark {
    private static let topics = 500
    private static let wordsOfTopic = 40
    private static let sharedWords = 5_000
    private static let wordsOfMemory = 14
    private static let wordsOfQuestion = 6

    private struct Topic {
        let vector: [Float]
        let words: [String]
    }

    mutating func recalls() async throws {
        let server = try start([])
        let client = client(server, nil)
        defer { client.close() }
        var source = VectorSource(seed: 17)
        var generator = SeededGenerator(seed: 18)
        let topics = (0..<ServiceBenchmark.topics).map { topic in
            Topic(vector: source.vector(dimension), words: (0..<ServiceBenchmark.wordsOfTopic).map { "topic\(topic)word\($0)" })
        }
        func text(_ topic: Topic, _ count: Int) -> String {
            (0..<count).map { _ in
                // Some words are everywhere, and most are rare.
                Int.random(in: 0..<3, using: &generator) > 0
                    ? topic.words[Int.random(in: 0..<topic.words.count, using: &generator)]
                    : "word\(Int(pow(Double(ServiceBenchmark.sharedWords), Double.random(in: 0..<1, using: &generator))))"
            }.joined(separator: " ")
        }
        func vector(_ topic: Topic) -> [Float] { zip(topic.vector, source.vector(dimension)).map { $0 + 0.8 * $1 } }
        let agent = try await client.ensureAgent("bench").id
        // Some are so old that the server would forget them.
        _ = try await client.change(RecordPatch(.agent, id: agent, [.settings: .json(["memory": ["forgetting_threshold": 0]])]))
        var done = 0
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1e6))
        while done < rows {
            let drafts = (done..<min(done + 500, rows)).map { number in
                let topic = topics[number % topics.count]
                return MemoryDraft(
                    agent: agent, type: MemoryType.allCases[number % 4], content: text(topic, ServiceBenchmark.wordsOfMemory), importance: Double.random(in: 0...1, using: &generator),
                    createdAt: now.adding(seconds: -Int64.random(in: 0...17_280_000, using: &generator)), onSimilar: .keep, vector: vector(topic))
            }
            done += try await client.remember(drafts).rows.count
        }
        try await waitForTraining(client, rows: rows)
        let questions = (0..<256).map { _ in
            let topic = topics[Int.random(in: 0..<topics.count, using: &generator)]
            return (text: text(topic, ServiceBenchmark.wordsOfQuestion), vector: vector(topic))
        }
        let contenders = SearchMode.allCases.map { mode in
            Contender(name: "recall \(mode.name)", server: server, tls: nil) { number, buffer in
                let question = questions[Int(number) % questions.count]
                let recall = RecallRequest(agent: agent, text: mode == .vector ? nil : question.text, vector: question.vector, mode: mode)
                Request(envelope: Envelope(), operation: .recall(recall)).append(id: number, to: &buffer)
            }
        }
        await compare(contenders, [(1, 1), (4, 1)])
        for (shape, found) in percentiles("recall hybrid", 0.5) { print(String(format: "recall hybrid p50, %d × %d: %.2f ms, to be under 2", shape.0, shape.1, found)) }
        for (shape, found) in percentiles("recall hybrid", 0.99) { print(String(format: "recall hybrid p99, %d × %d: %.2f ms, to be under 10", shape.0, shape.1, found)) }
    }
}

/// The same numbers every time.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
