public import Records

/// A row that has a vector, as the indexes need it.
public enum StoredRow: Hashable, Sendable {
    case memory(Memory)
    case record(Record)
}
