/// What lists keep of their rows beside the vectors.
public enum ListStyle: String, CaseIterable, Sendable {
    /// One bit a dimension, of every row in two lists: many times faster, for some 130 bytes a row of 384 dimensions.
    case codes
    /// Nothing: the vectors of the lists that are visited are all compared.
    case flat
}
