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
        let key = AccessKey(
            id: Identifier(at: time), organization: organization.id, name: "admin", prefix: admin.prefix, hash: admin.hash, role: .admin, createdAt: time)
        let done = DispatchSemaphore(value: 0)
        let failure = Mutex<StorageError?>(nil)
        store.write(WriteRequest(organization: organization.id, at: time, action: .createOrganization(organization, key), idempotency: nil)) { result in
            if case .failure(let error) = result { failure.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
