import Dispatch
import Embedding
import Records
import Synchronization

/// Words counted into a few places, so that texts which share words are near; it fails, refuses and waits when it is told to.
final class FakeEmbedder: Embedder {
    enum Mood {
        case well
        case away
        case refusing
    }

    struct State {
        var mood = Mood.well
        var calls: [[String]] = []
    }

    static let dimension = 64

    let model: EmbeddingModel
    let precision = "f32"
    let limits: EmbedderLimits
    let state = Mutex(State())
    /// Each call takes one, unless the embedder is open.
    let gate = DispatchSemaphore(value: 0)
    private let isOpen: Bool

    init(name: String = "counted-words", callsMax: Int = 2, textsMax: Int = 16, isOpen: Bool = true) {
        model = EmbeddingModel(
            provider: "local", name: name, revision: "weights of \(name)", dimension: FakeEmbedder.dimension, pooling: "mean", queryPrefix: "ask ", passagePrefix: "say ",
            isNormalized: false)
        limits = EmbedderLimits(callsMax: callsMax, textsMax: textsMax, bytesMax: 10_000, textBytesMax: 1_000)
        self.isOpen = isOpen
    }

    var calls: [[String]] { state.withLock { $0.calls } }

    var texts: [String] { calls.flatMap { $0 } }

    func set(_ mood: Mood) { state.withLock { $0.mood = mood } }

    func embed(_ texts: [String], isWanted: () -> Bool) throws(EmbeddingError) -> [[Float]] {
        let mood = state.withLock { state in
            state.calls.append(texts)
            return state.mood
        }
        while !isOpen, gate.wait(timeout: .now() + .milliseconds(5)) == .timedOut { guard isWanted() else { throw .cancelled } }
        switch mood {
        case .well: break
        case .away: throw .unavailable(endpoint: "http://127.0.0.1", why: "nobody is there", retryAfter: 3)
        case .refusing: throw .refused(endpoint: "http://127.0.0.1", why: "the key is not known")
        }
        guard !texts.contains(where: { $0.contains("poison") }) else { throw .refused(endpoint: "http://127.0.0.1", why: "the text is not liked") }
        return texts.map(FakeEmbedder.vector)
    }

    static func vector(_ text: String) -> [Float] {
        var vector = [Float](repeating: 0.01, count: dimension)
        for word in text.split(separator: " ") {
            let place = word.utf8.reduce(5_381) { ($0 &* 33) ^ Int($1) } & (dimension - 1)
            vector[place] += 1
        }
        return vector
    }
}
