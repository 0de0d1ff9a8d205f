/// One step of a store's schema, as people read it.
public struct SchemaStep: Hashable, Sendable {
    public let version: Int
    public let name: String
    /// The SQL of the step, and of the way back.
    public let up: String
    public let down: String
}
