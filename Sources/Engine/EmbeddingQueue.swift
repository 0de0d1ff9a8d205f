internal import Dispatch
internal import Embedding
internal import Records
internal import Synchronization

/// Texts that wait for their vectors. A worker takes what waits of all requests together, in turn from each, so that under load they share a call and
/// a long batch holds up no single question. Nothing waits for company: an idle worker begins at once.
final class EmbeddingQueue: Sendable {
    enum Failure: Error, Hashable {
        /// Too much waits already.
        case full
        case embedding(EmbeddingError)
    }

    enum Urgency {
        case request
        /// After all requests.
        case job
    }

    typealias Answer = Result<[[Float]], Failure>

    /// One caller's texts, until all of them have their vectors.
    private struct Ask {
        let texts: [String]
        /// Where in the answer each of them belongs.
        let places: [Int]
        /// The first that no call has taken yet.
        var next = 0
        var vectors: [[Float]]
        var missing: Int
        let bytes: Int
        let urgency: Urgency
        let keys: [VectorCache.Key]
        let isWanted: @Sendable () -> Bool
        let completion: @Sendable (Answer) -> Void
    }

    private struct State {
        var asks: [Int: Ask] = [:]
        /// Those that have texts which no call has taken.
        var turns: [Int] = []
        var lastNumber = 0
        var bytesWaiting = 0
        var idleWorkers: [Int]
        var isFailing = false
        var sweptAt: UInt64 = 0
        var counts = EmbeddingCounts()
    }

    private struct Part: Sendable {
        let ask: Int
        let text: String
        let index: Int
    }

    let embedder: any Embedder
    private let cache: VectorCache
    private let log: Log
    private let bytesMax: Int
    private let state: Mutex<State>
    /// A thread for each: a call may block for as long as an endpoint takes.
    private let workers: [DispatchQueue]
    /// Fewer texts than this are not worth a worker of their own.
    private static let shareMin = 8
    private static let sweepNanoseconds: UInt64 = 5_000_000

    /// What was embedded lately is embedded again when it comes again.
    func forgetVectors() { cache.removeAll() }

    init(_ embedder: any Embedder, cacheBytesMax: Int, bytesMax: Int, log: Log) {
        self.embedder = embedder
        self.log = log
        self.bytesMax = bytesMax
        cache = VectorCache(bytesMax: cacheBytesMax)
        let count = max(1, embedder.limits.callsMax)
        workers = (0..<count).map { DispatchQueue(label: "pinyon.embedding.\($0)", qos: .userInitiated) }
        state = Mutex(State(idleWorkers: Array(0..<count)))
    }

    var counts: EmbeddingCounts { state.withLock { $0.counts } }

    /// Texts that no call has taken yet.
    var waitingCount: Int { state.withLock { state in state.asks.values.reduce(0) { $0 + $1.texts.count - $1.next } } }

    /// A vector for each of the texts, whose prefixes are there already. `completion` runs on a worker, or at once where nothing has to be computed.
    func embed(
        _ texts: [String], of organization: Identifier, in space: Identifier, urgency: Urgency = .request, isWanted: @escaping @Sendable () -> Bool,
        completion: @escaping @Sendable (Answer) -> Void
    ) {
        do throws(EmbeddingError) { try embedder.limits.check(texts) } catch { return completion(.failure(.embedding(error))) }
        let keys = texts.map { VectorCache.Key($0, of: organization, in: space) }
        let known = keys.map { cache[$0] }
        let places = known.indices.filter { known[$0] == nil }
        let bytes = places.reduce(0) { $0 + texts[$1].utf8.count }
        let ask = Ask(
            texts: places.map { texts[$0] }, places: places, vectors: known.map { $0 ?? [] }, missing: places.count, bytes: bytes,
            urgency: urgency, keys: places.map { keys[$0] }, isWanted: isWanted, completion: completion)
        let isTaken = state.withLock { state -> Bool in
            state.counts.cached += UInt64(texts.count - places.count)
            guard !places.isEmpty else { return true }
            guard state.bytesWaiting == 0 || state.bytesWaiting + bytes <= bytesMax else { return false }
            state.lastNumber += 1
            state.asks[state.lastNumber] = ask
            state.turns.append(state.lastNumber)
            state.bytesWaiting += bytes
            return true
        }
        if !isTaken { return completion(.failure(.full)) }
        if places.isEmpty { return completion(.success(ask.vectors)) }
        wake()
    }

    private func wake() {
        let worker = state.withLock { state in state.turns.isEmpty ? nil : state.idleWorkers.popLast() }
        if let worker { workers[worker].async { self.work(worker) } }
    }

    private func work(_ worker: Int) {
        while true {
            sweep()
            let call = state.withLock { next(&$0) }
            guard !call.isEmpty else { break }
            // More than one call holds is for another worker.
            wake()
            serve(call)
        }
        state.withLock { $0.idleWorkers.append(worker) }
        wake()
    }

    private func serve(_ call: [Part]) {
        do throws(EmbeddingError) {
            finish(call, try embedder.embed(call.map(\.text), isWanted: { isWanted(call) }))
        } catch {
            let calls = Dictionary(grouping: call, by: \.ask)
            // One text that the embedder refuses must not fail those of others.
            if calls.count > 1, error.isOfOneText { for (_, call) in calls { serve(call) } } else { fail(call, error) }
        }
    }

    /// Asked by the embedder now and then, while it works on the call.
    private func isWanted(_ call: [Part]) -> Bool {
        sweep()
        return state.withLock { state in call.contains { state.asks[$0.ask] != nil } }
    }

    /// Lets go whom nobody waits for any more, also those in a call that goes on for others.
    private func sweep() {
        let now = DispatchTime.now().uptimeNanoseconds
        let over = state.withLock { state -> [() -> Void] in
            guard now >= state.sweptAt + EmbeddingQueue.sweepNanoseconds else { return [] }
            state.sweptAt = now
            return state.asks.filter { !$0.value.isWanted() }.keys.compactMap { end($0, .failure(.embedding(.cancelled)), &state) }
        }
        for completion in over { completion() }
    }

    // MARK: Taking turns

    /// The texts of the next call, one from each ask in turn.
    private func next(_ state: inout State) -> [Part] {
        let isUrgent = state.turns.contains { state.asks[$0]?.urgency == .request }
        let turns = state.turns.filter { !isUrgent || state.asks[$0]?.urgency == .request }
        let waiting = turns.reduce(0) { $0 + (state.asks[$1].map { $0.texts.count - $0.next } ?? 0) }
        let share = max(EmbeddingQueue.shareMin, (waiting + workers.count - 1) / workers.count)
        let call = take(min(share, embedder.limits.textsMax), of: turns, &state)
        // Who was served goes to the end, and who has nothing left goes.
        let served = Set(call.map(\.ask))
        let rest = served.filter { number in state.asks[number].map { $0.next < $0.texts.count } ?? false }
        state.turns = state.turns.filter { !served.contains($0) } + rest.sorted()
        return call
    }

    private func take(_ textsMax: Int, of turns: [Int], _ state: inout State) -> [Part] {
        var call: [Part] = []
        var bytes = 0
        var isFull = false
        while !isFull {
            let before = call.count
            for number in turns {
                guard let ask = state.asks[number], ask.next < ask.texts.count else { continue }
                let text = ask.texts[ask.next]
                isFull = call.count >= textsMax || (!call.isEmpty && bytes + text.utf8.count > embedder.limits.bytesMax)
                if isFull { break }
                call.append(Part(ask: number, text: text, index: ask.next))
                bytes += text.utf8.count
                state.asks[number]?.next += 1
            }
            if call.count == before { break }
        }
        return call
    }

    // MARK: Ending

    private func finish(_ call: [Part], _ vectors: [[Float]]) {
        let keys = state.withLock { state -> [VectorCache.Key?] in
            note(nil, call.count, &state)
            return call.map { state.asks[$0.ask]?.keys[$0.index] }
        }
        for (key, vector) in zip(keys, vectors) { if let key { cache[key] = vector } }
        let over = state.withLock { state -> [() -> Void] in
            for (part, vector) in zip(call, vectors) {
                guard let place = state.asks[part.ask]?.places[part.index] else { continue }
                state.asks[part.ask]?.vectors[place] = vector
                state.asks[part.ask]?.missing -= 1
            }
            return Set(call.map(\.ask)).compactMap { number in
                guard let ask = state.asks[number], ask.missing == 0 else { return nil }
                return end(number, .success(ask.vectors), &state)
            }
        }
        for completion in over { completion() }
    }

    private func fail(_ call: [Part], _ error: EmbeddingError) {
        let over = state.withLock { state in
            note(error, call.count, &state)
            return Set(call.map(\.ask)).compactMap { end($0, .failure(.embedding(error)), &state) }
        }
        for completion in over { completion() }
    }

    /// What its caller is to be told, once the lock is free; nil where it was told before.
    private func end(_ number: Int, _ answer: Answer, _ state: inout State) -> (() -> Void)? {
        guard let ask = state.asks.removeValue(forKey: number) else { return nil }
        state.turns.removeAll { $0 == number }
        state.bytesWaiting -= ask.bytes
        return { ask.completion(answer) }
    }

    private func note(_ error: EmbeddingError?, _ texts: Int, _ state: inout State) {
        state.counts.calls += 1
        guard let error else {
            state.counts.texts += UInt64(texts)
            if state.isFailing { log.info("texts are embedded again") }
            state.isFailing = false
            return
        }
        guard error != .cancelled else { return }
        state.counts.failures += 1
        if !state.isFailing { log.warning("texts cannot be embedded", (.detail, error.description)) }
        state.isFailing = true
    }
}

/// What an embedder was asked for since the start.
struct EmbeddingCounts: Sendable {
    var calls: UInt64 = 0
    var texts: UInt64 = 0
    /// Texts whose vectors were there already.
    var cached: UInt64 = 0
    var failures: UInt64 = 0
}

extension EmbeddingError {
    /// Whether another text might have fared better.
    fileprivate var isOfOneText: Bool {
        switch self {
        case .emptyText, .textTooLong, .refused, .badAnswer: true
        case .unusableModel, .unusableSetting, .unavailable, .cancelled: false
        }
    }
}
