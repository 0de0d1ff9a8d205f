internal import Columns
internal import Records
internal import Storage
internal import VectorIndex

/// Hands the rows that the store has to their indexes, some at a time, and counts those that cannot be believed.
final class IndexLoader {
    private let partitions: Partitions
    private let log: Log
    private var waiting: [Identifier: [IndexChange]] = [:]
    private(set) var rows = 0
    private(set) var damaged = 0
    private static let batchRows = 1_024
    /// Each is in the log up to here; the count goes on.
    private static let damagedLoggedMax = 100

    init(partitions: Partitions, log: Log) {
        self.partitions = partitions
        self.log = log
    }

    func take(_ row: Result<Memory, StorageError>) {
        switch row {
        case .failure(let error):
            damaged += 1
            if damaged <= IndexLoader.damagedLoggedMax { log.error("a damaged row is left out", (.detail, error.description)) }
        case .success(let memory):
            guard let embedding = memory.embedding else { return }
            rows += 1
            waiting[memory.organization, default: []].append(.put(Attributes(memory), vector: embedding.vector))
            if waiting[memory.organization, default: []].count >= IndexLoader.batchRows { flush(memory.organization) }
        }
    }

    func finish() {
        for organization in waiting.keys { flush(organization) }
    }

    private func flush(_ organization: Identifier) {
        guard let changes = waiting.removeValue(forKey: organization) else { return }
        partitions[organization]?.index.apply(changes)
    }
}
