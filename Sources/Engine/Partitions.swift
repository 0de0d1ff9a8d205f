internal import Records
internal import Synchronization
internal import VectorIndex

/// The index of one organization's memories, in the organization's space.
struct Partition: Sendable {
    let space: EmbeddingSpace
    let index: CosineIndex
}

/// All partitions in memory. An organization has none before its first vector, which fixes its space.
final class Partitions: Sendable {
    private let partitions: Mutex<[Identifier: Partition]>

    init(_ spaces: [EmbeddingSpace]) {
        var partitions: [Identifier: Partition] = [:]
        for space in spaces { partitions[space.organization] = Partition(space: space, index: CosineIndex(dimension: space.dimension)) }
        self.partitions = Mutex(partitions)
    }

    subscript(organization: Identifier) -> Partition? {
        partitions.withLock { $0[organization] }
    }

    /// The partition of that space, made if it is not there.
    func ensure(_ space: EmbeddingSpace) -> Partition {
        partitions.withLock { partitions in
            if let known = partitions[space.organization] { return known }
            let partition = Partition(space: space, index: CosineIndex(dimension: space.dimension))
            partitions[space.organization] = partition
            return partition
        }
    }
}
