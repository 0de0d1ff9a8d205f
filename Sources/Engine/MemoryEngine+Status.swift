internal import Synchronization
internal import Records
internal import Storage
internal import Vectors
internal import VectorIndex

extension MemoryEngine {
    /// Facts about the process and the caller's own organization. Durations are of all organizations together.
    func status(for principal: Principal, completion: @escaping Completion) {
        let organization = principal.organization
        // Who sees a part only is not told how much there is.
        guard principal.narrowing.isNone else {
            return completion(.success(.status(["server": server, "organization": ["id": .text(organization.description)]])))
        }
        store.counts(of: organization) { [self] result in
            switch result {
            case .failure(let error): completion(.failure(EngineError(error)))
            case .success(let counts):
                let name = organizations.withLock { $0[organization]?.name }
                let house: [JSON.Member] = [
                    .init("id", .text(organization.description)), .init("name", name.map { .text($0) } ?? .null),
                    .init("space", partitions.space(of: organization).map(\.json) ?? .null),
                ]
                let indexes = Kind.searchable.compactMap { kind in
                    partitions[organization, kind].map { JSON.Member(kind.plural, $0.index.statistics.json) }
                }
                completion(
                    .success(
                        .status([
                            "server": server, "organization": .object(house + counts.members), "indexes": .object(indexes), "change": .integer(readUpTo.withLock { $0 }),
                            "store": facts.store,
                            "blas": blas, "operations": meter.json,
                        ])))
            }
        }
    }

    private var server: JSON {
        [
            "version": .text(facts.version), "started_at": .text(startedAt.description),
            "uptime_seconds": .integer(Int64(clamping: (clock.ticks() &- startedTicks) / 1_000_000_000)),
            "resident_bytes": .integer(Int64(clamping: facts.residentBytes())),
        ]
    }

    private var blas: JSON {
        let provider = BLAS.provider
        return [
            "provider": .text(provider.name), "core": .text(provider.core), "configuration": .text(provider.config),
            "is_reference": .bool(provider.isReference),
        ]
    }
}

extension StoreCounts {
    /// Those that can be seen, and for kinds that have vectors how many do.
    fileprivate var members: [JSON.Member] {
        StoreCounts.kinds.flatMap { kind -> [JSON.Member] in
            let all = JSON.Member(kind.plural, .integer(self[kind].live))
            return Schema.of(kind).hasVector ? [all, JSON.Member("\(kind.plural)_with_vector", .integer(self[kind].withVectors))] : [all]
        }
    }
}

extension EmbeddingSpace {
    fileprivate var json: JSON {
        [
            "id": .text(id.description), "provider": .text(provider), "model": .text(model), "dimension": .integer(Int64(clamping: dimension)),
        ]
    }
}

extension IndexStatistics {
    fileprivate var json: JSON {
        [
            "kind": "exact", "rows": .integer(Int64(clamping: rows)), "dead_rows": .integer(Int64(clamping: deadRows)),
            "vector_bytes": .integer(Int64(clamping: bytesVectors)), "column_bytes": .integer(Int64(clamping: bytesColumns)),
        ]
    }
}
