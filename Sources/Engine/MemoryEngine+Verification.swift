internal import Dispatch
internal import Records
internal import Storage
internal import VectorIndex

/// Compares what searches are answered from with what is stored: each row with its vector, its columns, and that there is no other.
extension MemoryEngine {
    /// How often a row that differs is looked at again, and how long apart: it may be on its way into memory.
    private static let rounds = 4
    private static let pauseMilliseconds = 300

    private struct Compared {
        var stored: Int64 = 0
        /// Whose vector is not of the organization's space.
        var strange: Int64 = 0
        var differing: [Identifier] = []
    }

    func verify(_ principal: Principal, _ context: OperationContext, _ completion: @escaping Completion) {
        guard principal.narrowing.isNone else { return completion(.failure(.forbidden(.jobsRun))) }
        verifying.async { [self] in
            do throws(EngineError) {
                completion(.success(.verified(try verify(principal.organization, context))))
            } catch {
                completion(.failure(error))
            }
        }
    }

    private func verify(_ organization: Identifier, _ context: OperationContext) throws(EngineError) -> JSON {
        var compared = try compareAll(organization, context)
        for _ in 1...MemoryEngine.rounds where compared.values.contains(where: { !$0.differing.isEmpty }) {
            _ = DispatchSemaphore(value: 0).wait(timeout: .now() + .milliseconds(MemoryEngine.pauseMilliseconds))
            for (kind, one) in compared { compared[kind]?.differing = try stillDiffering(one.differing, Place(organization: organization, kind: kind), context) }
        }
        var kinds: [JSON.Member] = []
        for kind in Kind.searchable {
            guard let one = compared[kind] else { continue }
            let rows = Set(one.differing.map { RowName(organization: organization, kind: kind, id: $0) })
            if !rows.isEmpty {
                log.error("rows in memory were not as they are stored, and are read again", (.kind, kind.name), (.count, String(rows.count)))
                let mended = feed.queue.sync { () -> StorageError? in
                    do throws(StorageError) { try renew(rows) } catch { return error }
                    return nil
                }
                if let mended { throw EngineError(mended) }
            }
            let left = rows.isEmpty ? 0 : try stillDiffering(one.differing, Place(organization: organization, kind: kind), context).count
            kinds.append(
                JSON.Member(
                    kind.plural,
                    [
                        "stored": .integer(one.stored), "indexed": .integer(Int64(partitions[organization, kind]?.index.statistics.rows ?? 0)),
                        "differing": .integer(Int64(rows.count)), "mended": .integer(Int64(rows.count - left)), "unusable": .integer(one.strange),
                    ]))
        }
        return ["organization": .text(organization.description), "is_same": .bool(compared.values.allSatisfy { $0.differing.isEmpty && $0.strange == 0 }), "kinds": .object(kinds)]
    }

    private func compareAll(_ organization: Identifier, _ context: OperationContext) throws(EngineError) -> [Kind: Compared] {
        var compared: [Kind: Compared] = [:]
        var stored: [Kind: Set<Identifier>] = [:]
        var interruption: EngineError?
        do throws(StorageError) {
            try store.reads.searchable(of: organization) { kind, rows throws(StorageError) in
                interruption = context.interruption
                guard interruption == nil else { throw .notWanted }
                let changes = rows.map(IndexChange.of)
                compared[kind, default: Compared()].stored += Int64(rows.count)
                compared[kind]?.strange += Int64(partitions[organization, kind].map { partition in changes.count { !partition.index.takes($0) } } ?? 0)
                compared[kind]?.differing += partitions[organization, kind]?.index.differing(changes) ?? changes.map(\.id)
                stored[kind, default: []].formUnion(changes.map(\.id))
            }
        } catch {
            throw interruption ?? EngineError(error)
        }
        for kind in Kind.searchable {
            guard let index = partitions[organization, kind]?.index else { continue }
            compared[kind, default: Compared()].differing += index.ids.filter { stored[kind]?.contains($0) != true }
        }
        return compared
    }

    private func stillDiffering(_ ids: [Identifier], _ place: Place, _ context: OperationContext) throws(EngineError) -> [Identifier] {
        var differing: [Identifier] = []
        for ids in ids.parts(of: Limits.batchMax) {
            if let interruption = context.interruption { throw interruption }
            do throws(StorageError) {
                let found = try look(at: ids, place)
                let changes = ids.map { found.changes[$0]?.index ?? .remove($0) }
                differing += partitions[place.organization, place.kind]?.index.differing(changes) ?? ids
            } catch {
                throw EngineError(error)
            }
        }
        return differing
    }
}
