public import Records

/// A row that has a vector, as the indexes need it: what no filter knows may be left out, a content empty.
public enum StoredRow: Hashable, Sendable {
    case memory(Memory)
    case record(Record)
}
