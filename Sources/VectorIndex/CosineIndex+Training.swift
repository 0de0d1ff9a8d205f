public import Records
import Synchronization
import Vectors

extension CosineIndex {
    /// Whether there are enough rows for lists, or they changed so much since the last training, that `train` pays.
    public var wantsTraining: Bool { writer.withLock { $0.wantsTraining } }

    /// Whether there are lists, and hardly any rows left for them.
    public var hasTooFewForLists: Bool { writer.withLock { $0.hasTooFewForLists } }

    /// Lets go of lists, if there are hardly any rows left for them: then every search compares all.
    public func dropLists() {
        writer.withLock { writer in
            guard writer.hasTooFewForLists else { return }
            writer = writer.withoutLists()
            publish(writer.snapshot())
        }
    }

    /// Chooses what lists keep of their rows, from the next training on.
    public func use(_ style: ListStyle) { writer.withLock { $0.style = style } }

    /// Trains lists from the rows of this moment and puts them into place; searches and changes go on meanwhile. Does nothing, and returns
    /// false, while another call does, where there are no rows, and above 12,288 dimensions, for which there are no codes.
    ///
    /// `lists` is their number, which follows from that of the rows unless it is given, and `questions` that of the rows that calibrate it. Takes a few seconds
    /// for some 100,000 rows, and as much memory again as the rows have.
    @discardableResult
    public func train(lists wanted: Int? = nil, questions: Int? = nil, seed: UInt64 = 1, threads: Int? = nil) -> Bool {
        let (copy, snapshot) = writer.withLock { writer -> (IndexWriter, Snapshot)? in
            guard !writer.isTraining, dimension <= CodeLayout.dimensionsMax else { return nil }
            let copy = writer
            writer.beginTraining()
            return (copy, writer.snapshot())
        } ?? (nil, Snapshot())
        guard let copy else { return false }
        guard snapshot.rows > 0 else {
            writer.withLock { $0.endTraining() }
            return false
        }
        let threads = threads ?? Workers.all
        let count = wanted.map { max(1, min($0, snapshot.rows)) } ?? Training.lists(for: snapshot.rows, copy.style)
        let product = ListBuilder(snapshot, dimension: dimension, lists: count, style: copy.style, seed: seed, threads: threads).build()
        let rows = RowDirectory(product.chunks.matrices, dimension: dimension)
        let live = RowSet(count: product.chunks.count * Chunk.capacity)
        for row in 0..<(product.bounds.last ?? 0) { live[row] = true }
        let calibration = Calibrator(
            product: product, live: live, rows: rows, questionCount: questions ?? Calibrator.questions(copy.style), seed: seed, threads: threads
        ).calibrate()
        var made = IndexWriter(copy, chunks: product.chunks, lists: ListWriter(product, calibration: calibration, live: live, rows: rows))
        catchUp(&made)
        return true
    }

    /// Applies what came meanwhile, most of it while others may still write, and then takes the place of the old writer.
    private func catchUp(_ made: inout IndexWriter) {
        while true {
            let changes = writer.withLock { writer -> [IndexChange]? in
                let changes = writer.takeChangesMeanwhile()
                guard changes.count <= CosineIndex.changesAtOnceMax else { return changes }
                _ = made.apply(changes)
                made.style = writer.style
                writer = made
                publish(writer.snapshot())
                return nil
            }
            guard let changes else { return }
            _ = made.apply(changes)
        }
    }

    private static let changesAtOnceMax = 64
}
