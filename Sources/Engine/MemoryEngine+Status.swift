internal import Embedding
internal import Lexical
internal import Synchronization
internal import Records
internal import Storage
internal import Terminology
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
        store.reads.counts(of: organization) { [self] result in
            switch result {
            case .failure(let error) where EngineError(error) != .storeUnavailable: completion(.failure(EngineError(error)))
            case .failure, .success:
                // While the store is away what is known without it is told.
                let counts = try? result.get()
                withFeed { [self] feed in
                    completion(
                        .success(
                            .status([
                                "server": server, "organization": house(organization, counts), "indexes": indexes(of: organization), "words": words(of: organization), "terms": terms(of: organization),
                                "change": .integer(self.feed.position.number), "feed": feed, "store": facts.store,
                                "embedder": embeddings.map(\.json) ?? .null, "blas": blas, "operations": meter.json,
                            ])))
                }
            }
        }
    }

    private func house(_ organization: Identifier, _ counts: StoreCounts?) -> JSON {
        let name = organizations.withLock { $0[organization]?.name }
        let members: [JSON.Member] = [
            .init("id", .text(organization.description)), .init("name", name.map { .text($0) } ?? .null),
            .init("space", partitions.space(of: organization).map(\.json) ?? .null), .init("waiting_for_vectors", counts.map { .integer($0.waits.count) } ?? .null),
            .init("waiting_since", (counts?.waits.since).map { .text($0.description) } ?? .null),
        ]
        return .object(members + StoreCounts.members(counts))
    }

    private func indexes(of organization: Identifier) -> JSON {
        .object(Kind.searchable.compactMap { kind in partitions[organization, kind].map { JSON.Member(kind.plural, $0.index.statistics.json) } })
    }

    /// Null while they are read.
    /// What suggestions take in memory.
    private func terms(of organization: Identifier) -> JSON {
        let book = partitions.terms(of: organization)
        let (count, bytes) = (book.count, book.byteCount)
        return [
            "entries": .integer(Int64(count)), "owners": .integer(Int64(book.ownerCount)), "bytes": .integer(Int64(bytes)),
            "bytes_per_entry": .integer(Int64(count == 0 ? 0 : bytes / count)),
        ]
    }

    private func words(of organization: Identifier) -> JSON {
        guard partitions.hasWords else { return .null }
        return .object(
            Kind.searchable.map { kind in
                let index = partitions.words(of: organization, kind)
                return JSON.Member(kind.plural, ["rows": .integer(Int64(index.rowCount)), "bytes": .integer(Int64(index.byteCount))])
            })
    }

    /// How far behind others' writes this server is; null where nobody else writes.
    private func withFeed(_ then: @escaping @Sendable (JSON) -> Void) {
        guard store.isShared else { return then(.null) }
        let readAt = feed.state.withLock { $0.readAt }.map { JSON.text($0.description) } ?? .null
        store.reads.unread(after: feed.position) { result in
            let unread = try? result.get()
            then([
                "read_at": readAt, "unread": unread.map { .integer($0.count) } ?? .null,
                "unread_since": (unread?.since).map { .text($0.description) } ?? .null,
            ])
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
    /// Those that can be seen, for kinds that have vectors how many do, and memories that were forgotten and can be restored; null where that is not known now.
    fileprivate static func members(_ counts: StoreCounts?) -> [JSON.Member] {
        func member(_ name: String, _ count: (StoreCounts) -> Int64) -> JSON.Member { JSON.Member(name, counts.map { .integer(count($0)) } ?? .null) }
        return StoreCounts.kinds.flatMap { kind -> [JSON.Member] in
            var members = [member(kind.plural) { $0[kind].live }]
            if Schema.of(kind).hasVector { members.append(member("\(kind.plural)_with_vector") { $0[kind].withVectors }) }
            if kind == .memory { members.append(member("memories_forgotten") { $0[kind].deleted }) }
            return members
        }
    }
}

extension EmbeddingSpace {
    fileprivate var json: JSON { .object([.init("id", .text(id.description))] + model.members + [.init("precision", .text(precision))]) }
}

extension EmbeddingModel {
    fileprivate var members: [JSON.Member] {
        [
            .init("provider", .text(provider)), .init("model", .text(name)), .init("revision", .text(revision)),
            .init("dimension", .integer(Int64(clamping: dimension))), .init("pooling", .text(pooling)), .init("query_prefix", .text(queryPrefix)),
            .init("passage_prefix", .text(passagePrefix)), .init("is_normalized", .bool(isNormalized)),
        ]
    }
}

extension EmbeddingQueue {
    /// What texts become vectors with, and what it was asked for since the start.
    fileprivate var json: JSON {
        let counts = counts
        let asked: [JSON.Member] = [
            .init("calls", .integer(Int64(clamping: counts.calls))), .init("texts", .integer(Int64(clamping: counts.texts))),
            .init("cached", .integer(Int64(clamping: counts.cached))), .init("failures", .integer(Int64(clamping: counts.failures))),
        ]
        let model = embedder.model
        return .object([.init("space", .text(model.spaceIdentifier.description))] + model.members + [.init("precision", .text(embedder.precision))] + asked)
    }
}

extension IndexStatistics {
    fileprivate var json: JSON {
        [
            "kind": .text(lists == 0 ? "exact" : "lists"), "style": style.map { .text($0.rawValue) } ?? .null, "rows": .integer(Int64(clamping: rows)), "dead_rows": .integer(Int64(clamping: deadRows)),
            "vector_bytes": .integer(Int64(clamping: bytesVectors)), "column_bytes": .integer(Int64(clamping: bytesColumns)),
            "lists": .integer(Int64(clamping: lists)), "trained_rows": .integer(Int64(clamping: trainedRows)),
            "changed_rows": .integer(Int64(clamping: changedRows)), "code_bytes": .integer(Int64(clamping: bytesCodes)),
        ]
    }
}
