public import Records

/// Who may come in, and in which spaces their vectors lie: what a server holds in memory from its start.
public struct Tenancy: Hashable, Sendable {
    public let organizations: [Organization]
    public let keys: [AccessKey]
    public let spaces: [EmbeddingSpace]

    /// Why a key, or an organization, is not among them; such a key opens nothing.
    public let damaged: [StorageError]

    public init(organizations: [Organization], keys: [AccessKey], spaces: [EmbeddingSpace], damaged: [StorageError] = []) {
        self.organizations = organizations
        self.keys = keys
        self.spaces = spaces
        self.damaged = damaged
    }
}
