internal import Client
internal import Records

extension MemoryClient {
    /// All records of a listing, page by page.
    func all(_ listing: RecordListing) async throws -> [Record] {
        var (listing, records): (RecordListing, [Record]) = (listing, [])
        while true {
            let page = try await browse(listing)
            records += page.records
            guard let next = page.next else { return records }
            listing.after = next
        }
    }
}
