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
        var (memories, keys): ([Identifier: Memory], [Identifier: AuditKey]) = ([:], [:])
        for part in ids.parts(of: WriterLimits.rowsAtOnce) {
            for memory in try session.memories(part, of: organization, withVectors: false) { memories[memory.id] = memory }
            keys.merge(try session.auditKeys(of: part, organization)) { first, _ in first }
        }
        let told = found.map { one -> JSON in
            guard case .object(let known) = one, let id = one[RecallTrace.Member.id]?.text.flatMap(Identifier.init) else { return one }
            let text = RecalledText(memories[id], keys[id], one[RecallTrace.Member.digest]?.text)
            return .object(known + [JSON.Member(RecallTrace.Member.text, .text(text.rawValue))])
        }
        members[place] = JSON.Member(RecallTrace.Member.memories, .list(told))
        var entry = entry
        entry[.metadata] = .json(.object(members))
        return entry
    }
}

extension RecalledText {
    init(_ memory: Memory?, _ key: AuditKey?, _ digest: String?) {
        guard let memory, let key, let digest else {
            self = .gone
            return
        }
        self = memory.deletedAt != nil ? .forgotten : key.matches(digest, memory.content) ? .same : .changed
    }
}
