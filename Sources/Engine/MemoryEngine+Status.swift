internal import Records
internal import Storage
internal import Vectors
internal import VectorIndex

extension MemoryEngine {
    /// Facts about the process and the caller's own organization. Durations are of all organizations together.
    func status(of organization: Identifier, completion: @escaping Completion) {
        store.counts(of: organization) { [self] result in
            switch result {
            case .failure(let error): completion(.failure(EngineError(error)))
            case .success(let counts):
                let partition = partitions[organization]
                completion(
                    .success(
                        .status([
                            "server": server,
                            "organization": [
                                "id": .text(organization.description), "name": organizations[organization].map { .text($0.name) } ?? .null,
                                "memories": .integer(counts.memories), "memories_with_vector": .integer(counts.memoriesWithVectors),
                                "agents": .integer(counts.agents), "space": partition.map { $0.space.json } ?? .null,
                            ],
                            "index": partition.map { $0.index.statistics.json } ?? .null,
                            "store": facts.store,
                            "blas": blas,
                            "operations": meter.json,
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
