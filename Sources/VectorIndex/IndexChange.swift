public import Columns
public import Records

/// One step in the life of an index.
public enum IndexChange: Sendable {
    /// Adds a row, or replaces the one of the same id. The vector is as it was received; its length does not matter.
    case put(Attributes, vector: [Float])
    /// Nothing happens where there is no such row.
    case remove(Identifier)

    public var id: Identifier {
        switch self {
        case .put(let attributes, _): attributes.id
        case .remove(let id): id
        }
    }
}
