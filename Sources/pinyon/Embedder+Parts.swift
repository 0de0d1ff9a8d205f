internal import Dispatch
internal import Embedding
internal import Synchronization

extension Embedder {
    /// The vectors of many texts, in as many parts as can be computed at once; `name` says of which a failure is.
    func vectors(of texts: [String], named name: (Int) -> String) throws -> [[Float]] {
        let count = max(1, min(limits.callsMax, texts.count))
        let starts = (0...count).map { texts.count * $0 / count }
        let results = Mutex([Result<[[Float]], EmbeddingError>?](repeating: nil, count: count))
        DispatchQueue.concurrentPerform(iterations: count) { part in
            let result = Result { () throws(EmbeddingError) in try embed(Array(texts[starts[part]..<starts[part + 1]]), isWanted: { true }) }
            results.withLock { $0[part] = result }
        }
        var vectors: [[Float]] = []
        for (start, result) in zip(starts, results.withLock { $0 }) {
            switch result {
            case .success(let some)?: vectors += some
            case .failure(.emptyText(let text))?: throw Failure("\(name(start + text)) is empty: there is nothing to embed")
            case .failure(.textTooLong(let text, let bytes, let bytesMax))?: throw Failure("\(name(start + text)) has \(bytes) bytes; at most \(bytesMax) can be embedded")
            case .failure(let error)?: throw Failure(error.description)
            case nil: break
            }
        }
        return vectors
    }
}
