import Records

extension Reader {
    /// Entries that were asked for by name, with what became of the text of each memory since.
    func told(_ entries: [Record], of organization: Identifier) throws(StorageError) -> [Record] {
        var told: [Record] = []
        for entry in entries { told.append(try self.told(entry, of: organization)) }
        return told
    }

    private func told(_ entry: Record, of organization: Identifier) throws(StorageError) -> Record {
        guard case .object(var members)? = entry.json(.metadata), let place = members.firstIndex(where: { $0.name == RecallTrace.Member.memories }), case .list(let found) = members[place].value
        else { return entry }
        let ids = found.compactMap { $0[RecallTrace.Member.id]?.text.flatMap(Identifier.init) }
        var texts: [Identifier: (Memory?, AuditKey?)] = [:]
        for id in ids { texts[id] = try text(of: id, organization) }
        let told = found.map { one -> JSON in
            guard case .object(let known) = one, let id = one[RecallTrace.Member.id]?.text.flatMap(Identifier.init) else { return one }
            let text = texts[id].map { RecalledText($0, $1, one[RecallTrace.Member.digest]?.text) } ?? .unknown
            return .object(known + [JSON.Member(RecallTrace.Member.text, .text(text.rawValue))])
        }
        members[place] = JSON.Member(RecallTrace.Member.memories, .list(told))
        var entry = entry
        entry[.metadata] = .json(.object(members))
        return entry
    }

    /// The memory and its key, as far as they are there; nil where one is damaged, which must not hide the others.
    private func text(of id: Identifier, _ organization: Identifier) throws(StorageError) -> (Memory?, AuditKey?)? {
        do throws(StorageError) {
            return (try session.memory(id, of: organization, withVector: false), try session.auditKeys(of: [id], organization)[id])
        } catch {
            guard case .corruptRow = error else { throw error }
            return nil
        }
    }
}

extension RecalledText {
    init(_ memory: Memory?, _ key: AuditKey?, _ digest: String?) {
        guard let memory else {
            self = .gone
            return
        }
        guard let key, let digest, let isSame = key.matches(digest, memory.content) else {
            self = .unknown
            return
        }
        self = memory.deletedAt != nil ? .forgotten : isSame ? .same : .changed
    }
}
