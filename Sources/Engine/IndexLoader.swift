internal import Columns
internal import Dispatch
internal import Records
internal import Storage
internal import VectorIndex

/// Hands the rows that the store has to their indexes, some at a time, and counts those that cannot be believed.
final class IndexLoader {
    fileprivate struct Name: Hashable {
        let organization: Identifier
        let kind: Kind
    }

    private let partitions: Partitions
    private let log: Log
    private var waiting: [Name: [StoredRow]] = [:]
    private(set) var rows = 0
    private(set) var damaged = 0
    /// Takes batches into the indexes while the next rows are read; a few may wait.
    private let queue = DispatchQueue(label: "pinyon.loading", qos: .userInitiated)
    private let room = DispatchSemaphore(value: 4)
    private static let batchRows = 1_024
    /// Each is in the log up to here; the count goes on.
    private static let damagedLoggedMax = 100

    init(partitions: Partitions, log: Log) {
        self.partitions = partitions
        self.log = log
    }

    func take(_ row: Result<StoredRow, StorageError>) {
        switch row {
        case .failure(let error):
            damaged += 1
            if damaged <= IndexLoader.damagedLoggedMax { log.error("a damaged row is left out", (.detail, error.description)) }
        case .success(let row): add(row)
        }
    }

    func finish() {
        for name in waiting.keys { flush(name) }
        queue.sync {}
        partitions.trainAll()
    }

    private func add(_ row: StoredRow) {
        let name = row.place
        rows += 1
        if append(row, to: &waiting[name, default: []]) >= IndexLoader.batchRows { flush(name) }
    }

    /// Returns how many there are then.
    private func append(_ row: StoredRow, to batch: inout [StoredRow]) -> Int {
        batch.append(row)
        return batch.count
    }

    private func flush(_ name: Name) {
        guard let rows = waiting.removeValue(forKey: name) else { return }
        room.wait()
        queue.async { [partitions, room] in
            partitions.load(rows.map(IndexChange.of), into: name.organization, name.kind)
            room.signal()
        }
    }
}

extension StoredRow {
    fileprivate var place: IndexLoader.Name {
        switch self {
        case .memory(let memory): IndexLoader.Name(organization: memory.organization, kind: .memory)
        case .record(let record): IndexLoader.Name(organization: record.organization, kind: record.kind)
        }
    }
}
