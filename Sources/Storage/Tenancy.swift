public import Records

/// Who may come in, and in which spaces their vectors lie: what a server holds in memory from its start.
public struct Tenancy: Hashable, Sendable {
    public let organizations: [Organization]
    public let keys: [AccessKey]
    public let spaces: [EmbeddingSpace]

    public init(organizations: [Organization], keys: [AccessKey], spaces: [EmbeddingSpace]) {
        self.organizations = organizations
        self.keys = keys
        self.spaces = spaces
    }
}
