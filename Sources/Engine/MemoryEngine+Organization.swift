internal import Dispatch
internal import Synchronization
public import Records
public import Secrets
public import Storage

extension MemoryEngine {
    /// Makes an organization and its admin key. Blocks; called before an engine is made.
    ///
    /// `admin` must be on disk in its file already: a crash in between then leaves a key that the next start takes, and not a locked house.
    public static func makeOrganization(in store: any Store, name: String, slug: String, admin: KeyText, at time: Timestamp) throws(StorageError) {
        let organization = Organization(id: Identifier(at: time), name: name, slug: slug, createdAt: time)
        try write(.createOrganization(organization, adminKey(admin, of: organization.id, at: time)), of: organization.id, in: store, at: time)
    }

    /// Makes another admin key of an organization. Blocks; called while no engine is at work.
    public static func makeAdminKey(_ admin: KeyText, of organization: Identifier, in store: any Store, at time: Timestamp) throws(StorageError) {
        try write(.create([adminKey(admin, of: organization, at: time).record]), of: organization, in: store, at: time)
    }

    private static func adminKey(_ text: KeyText, of organization: Identifier, at time: Timestamp) -> AccessKey {
        AccessKey(id: Identifier(at: time), organization: organization, name: "admin", prefix: text.prefix, hash: text.hash, role: .admin, createdAt: time)
    }

    private static func write(_ action: WriteAction, of organization: Identifier, in store: any Store, at time: Timestamp) throws(StorageError) {
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<StorageError?>(nil)
        store.write(WriteRequest(organization: organization, at: time, action: action, idempotency: nil)) { result in
            if case .failure(let error) = result { failure.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
