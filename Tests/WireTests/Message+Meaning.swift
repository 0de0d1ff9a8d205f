import Records
import Wire

/// A value as JSON for people and for clients in other languages: members that are absent are left out, times are microseconds since 1970.
func object(_ members: [(String, JSON?)]) -> JSON {
    .object(members.compactMap { name, value in value.map { JSON.Member(name, $0) } })
}

func described(_ value: (some CustomStringConvertible)?) -> JSON? { value.map { .text($0.description) } }
func moment(_ value: Timestamp?) -> JSON? { value.map { .integer($0.microseconds) } }
func integer(_ value: (some BinaryInteger)?) -> JSON? { value.map { .integer(Int64(clamping: $0)) } }
func vector(_ value: [Float]?) -> JSON? { value.map { .list($0.map { .number(Double($0)) }) } }
func texts(_ values: [some CustomStringConvertible]) -> JSON { .list(values.map { .text($0.description) }) }
func yes(_ value: Bool) -> JSON? { value ? .bool(true) : nil }

extension Message {
    var meaning: JSON {
        switch self {
        case .hello(let hello):
            object([
                ("version_min", integer(hello.versionMin)), ("version_max", integer(hello.versionMax)), ("features", integer(hello.features.rawValue)),
                ("server", .text(hello.server)), ("frame_bytes_max", integer(hello.frameBytesMax)), ("in_flight_max", integer(hello.inFlightMax)),
                ("handshake_milliseconds", integer(hello.handshakeMilliseconds)), ("idle_milliseconds", integer(hello.idleMilliseconds)),
            ])
        case .authenticate(let wish):
            object([
                ("version", integer(wish.version)), ("features", integer(wish.features.rawValue)), ("client", .text(wish.client)),
                ("key", .text(wish.key)), ("stream_credit", integer(wish.streamCredit)),
            ])
        case .welcome(let welcome):
            object([
                ("version", integer(welcome.version)), ("features", integer(welcome.features.rawValue)),
                ("organization", described(welcome.organization)), ("scopes", texts(welcome.scopes)),
            ])
        case .request(_, let request):
            object([
                ("deadline_milliseconds", integer(request.envelope.deadlineMilliseconds)),
                ("idempotency_key", described(request.envelope.idempotencyKey)), (request.operation.name.description, request.operation.meaning),
            ])
        case .reply(_, let name, let outcome), .item(_, let name, let outcome): object([(name.description, outcome.meaning)])
        case .end(_, let name, let end): object([(name.description, object([("count", integer(end.count))]))])
        case .error(_, let fault):
            object([
                ("code", .text(fault.code.description)), ("number", integer(fault.code.rawValue)), ("retryable", .bool(fault.isRetryable)),
                ("retry_after_milliseconds", integer(fault.retryAfterMilliseconds)), ("field", described(fault.field)), ("sentence", .text(fault.sentence)),
            ])
        case .cancel, .goodbye: .emptyObject
        case .credit(let credit): object([("bytes", integer(credit.bytes))])
        }
    }
}

extension Operation {
    fileprivate var meaning: JSON {
        switch self {
        case .ping, .status, .verify: .emptyObject
        case .ensureAgent(let slug, let name): object([("slug", .text(slug)), ("name", .text(name))])
        case .remember(let drafts): .object([JSON.Member("memories", .list(drafts.map(\.meaning)))])
        case .get(let ids, let withVectors): object([("ids", texts(ids)), ("with_vectors", yes(withVectors))])
        case .list(let listing), .stream(let listing):
            object([
                ("agent", described(listing.agent)), ("session", described(listing.session)), ("type", described(listing.type?.name)),
                ("after", described(listing.after)), ("limit", integer(listing.limit)), ("with_vectors", yes(listing.withVectors)),
                ("with_history", yes(listing.withHistory)), ("deleted", listing.deleted == .without ? nil : integer(listing.deleted.rawValue)), ("due_at", moment(listing.dueAt)),
            ])
        case .update(let patch): patch.meaning
        case .delete(let ids): object([("ids", texts(ids))])
        case .search(let search):
            switch search.query {
            case .vector(let values): search.meaning(("vector", vector(values)))
            case .text(let text): search.meaning(("text", .text(text)))
            }
        case .recall(let recall): recall.meaning
        case .erase(let erasure): object([("subject", .text(erasure.subject.name)), ("ids", texts(erasure.ids))])
        case .history(let id): object([("id", described(id))])
        case .suggest(let request):
            object([
                ("user", described(request.user)), ("typed", .text(request.typed)), ("context", described(request.context)), ("limit", integer(request.limit)),
                ("with_definitions", yes(request.withDefinitions)), ("by_meaning", yes(request.byMeaning)),
            ])
        case .detect(let request):
            object([
                ("user", described(request.user)), ("text", .text(request.text)), ("language", described(request.language)), ("context", described(request.context)),
            ])
        case .learn(let request):
            object([
                ("user", described(request.user)),
                (
                    "events",
                    .list(request.events.map { object([("term", described($0.term)), ("reaction", .text($0.reaction.name)), ("context", described($0.context))]) })
                ), ("typed", .list(request.typed.map { .text($0) })),
            ])
        case .related(let request): object([("id", described(request.id)), ("user", described(request.user)), ("limit", integer(request.limit))])
        case .endSession(let ending):
            object([
                ("session", described(ending.session)), ("agent", described(ending.agent)), ("promote_from", ending.promotesFrom.map { .number($0) }), ("drop", yes(ending.drops)),
                ("as_agent", yes(ending.isAsAgent)),
            ])
        case .create(let drafts): object([("kind", described(kind?.name)), ("records", .list(drafts.map(\.meaning)))])
        case .fetch(let kind, let ids, let withVectors): object([("kind", .text(kind.name)), ("ids", texts(ids)), ("with_vectors", yes(withVectors))])
        case .browse(let listing): listing.meaning
        case .change(let patch): patch.meaning
        case .remove(let kind, let ids), .restore(let kind, let ids), .use(let kind, let ids): object([("kind", .text(kind.name)), ("ids", texts(ids))])
        case .end(let ids): object([("ids", texts(ids))])
        case .open(let id, let messages): object([("id", described(id)), ("messages", integer(messages))])
        case .createKey(let draft): draft.meaning
        case .rotateKey(let id, let overlapSeconds): object([("id", described(id)), ("overlap_seconds", integer(overlapSeconds))])
        case .revokeKey(let id): object([("id", described(id))])
        case .startJob(let draft): draft.meaning
        case .claimJob(let id, let worker): object([("id", described(id)), ("worker", described(worker))])
        case .stepJob(let step): step.meaning
        case .controlJob(let id, let control): object([("id", described(id)), ("control", .text(control.name))])
        case .watchJob(let id, let after): object([("id", described(id)), ("after", integer(after))])
        case .importing(.memories(let memories), let step): object([("kind", "memory"), ("rows", .list(memories.map(\.meaning))), ("step", step.meaning)])
        case .importing(.records(let records), let step): object([("kind", described(kind?.name)), ("rows", .list(records.map(\.meaning))), ("step", step.meaning)])
        }
    }
}

extension SearchRequest {
    fileprivate func meaning(_ query: (String, JSON?)) -> JSON {
        object([
            ("kind", kind == .memory ? nil : .text(kind.name)), query, ("mode", described(mode?.name)), ("space", described(space)), ("k", integer(k)), ("filter", filter?.meaning), ("exact", yes(exact)),
            ("recall", recall.map { .number($0) }), ("probes", probes.flatMap { integer($0) }), ("with_content", .bool(withContent)),
        ])
    }
}

extension MemoryDraft {
    fileprivate var meaning: JSON {
        object([
            ("id", described(id)), ("agent", described(agent)), ("user", described(user)), ("session", described(session)), ("type", .text(type.name)),
            ("content", .text(content)), ("importance", .number(importance)), ("tags", texts(tags)), ("metadata", metadata),
            ("created_at", moment(createdAt)), ("expires_at", moment(expiresAt)), ("pinned", yes(isPinned)), ("valid_from", moment(validFrom)), ("valid_to", moment(validTo)),
            ("source_message", described(sourceMessage)), ("supersedes", described(supersedes)), ("on_similar", described(onSimilar?.name)),
            ("similarity", similarity.map { .number($0) }), ("vector", vector.map { .list($0.map { .number(Double($0)) }) }),
            ("space", described(space)),
        ])
    }

}

extension MemoryPatch {
    /// A field that is emptied is null.
    fileprivate var meaning: JSON {
        object([
            ("id", described(id)), ("if_version", integer(ifVersion)), ("user", change(user) { .text($0.description) }),
            ("session", change(session) { .text($0.description) }), ("type", described(type?.name)), ("content", described(content)),
            ("importance", importance.map { .number($0) }), ("tags", tags.map { texts($0) }), ("metadata", metadata),
            ("expires_at", change(expiresAt) { .integer($0.microseconds) }), ("pinned", isPinned.map { .bool($0) }), ("valid_from", change(validFrom) { .integer($0.microseconds) }),
            ("valid_to", change(validTo) { .integer($0.microseconds) }), ("vector", change(vector) { .list($0.map { .number(Double($0)) }) }),
            ("space", described(space)),
        ])
    }

    private func change<Value>(_ change: Change<Value>, _ json: (Value) -> JSON) -> JSON? {
        switch change {
        case .keep: nil
        case .set(let value): json(value)
        case .clear: .null
        }
    }
}

extension Outcome {
    fileprivate var meaning: JSON {
        switch self {
        case .pong: .emptyObject
        case .status(let facts), .verified(let facts), .counted(let facts): facts
        case .agent(let agent): agent.meaning
        case .written(let receipt):
            object([
                ("change", integer(receipt.change)),
                ("rows", .list(receipt.rows.map { object([("id", described($0.id)), ("version", integer($0.version))]) })),
                ("waiting", receipt.waiting > 0 ? integer(receipt.waiting) : nil), ("notes", receipt.notes.isEmpty ? nil : .list(receipt.notes.map(\.json))),
            ])
        case .memories(let memories): .list(memories.map(\.meaning))
        case .page(let page): object([("memories", .list(page.memories.map(\.meaning))), ("next", described(page.next))])
        case .found(let answer): answer.meaning
        case .records(let records): .list(records.map(\.meaning))
        case .suggested(let suggestions): .list(suggestions.map(\.json))
        case .detected(let detection): detection.meaning
        case .related(let terms): .list(terms.map(\.json))
        case .recordPage(let page): object([("records", .list(page.records.map(\.meaning))), ("next", page.next?.meaning)])
        case .conversation(let conversation, let messages): object([("conversation", conversation.meaning), ("messages", .list(messages.map(\.meaning)))])
        case .key(let key, let text): object([("key", key.meaning), ("text", .text(text))])
        }
    }
}

extension RecallWeights {
    fileprivate var meaning: JSON { object([("relevance", .number(relevance)), ("importance", .number(importance)), ("recency", .number(recency))]) }
}

extension RecallRequest {
    fileprivate var meaning: JSON {
        object([
            ("agent", described(agent)), ("session", described(session)), ("every_session", yes(everySession)), ("text", described(text)),
            ("vector", WireTests.vector(self.vector)), ("space", described(space)), ("mode", described(mode?.name)), ("k", integer(k)), ("tokens", integer(tokensMax)),
            ("filter", filter?.meaning), ("exact", yes(exact)), ("weights", weights?.meaning), ("explain", yes(explains)), ("untouched", yes(!touches)),
            ("as_of", moment(asOf)), ("known_at", moment(knownAt)),
        ])
    }
}

extension HitExplanation {
    fileprivate var meaning: JSON {
        object([
            ("cosine", cosine.map { .number($0) }), ("words", words.map { .number($0) }), ("relevance", .number(relevance)), ("retention", .number(retention)),
            ("importance", .number(importance)), ("of_time", yes(isOfTime)),
        ])
    }
}

extension AnswerExplanation.Time {
    fileprivate var meaning: JSON {
        switch which {
        case .span(let span): object([("from", moment(span.lowerBound)), ("until", moment(span.upperBound)), ("scale", .number(scale))])
        case .session(let id): object([("session", described(id)), ("scale", .number(scale))])
        }
    }
}

extension AnswerExplanation {
    fileprivate var meaning: JSON {
        object([
            ("weights", weights.meaning), ("cosine_scale", .number(cosineScale)), ("words_scale", .number(wordsScale)), ("embedding_us", integer(embeddingMicroseconds)),
            ("scanning_us", integer(scanningMicroseconds)), ("fetching_us", integer(fetchingMicroseconds)), ("time", time?.meaning),
            ("filter", filter?.meaning), ("space", described(space)),
        ])
    }
}

extension SearchAnswer {
    fileprivate var meaning: JSON {
        let hits: [JSON] = entries.map { entry in
            object([("id", described(entry.hit.id)), ("score", .number(Double(entry.hit.score))), ("memory", entry.memory?.meaning), ("record", entry.record?.meaning), ("why", entry.explanation?.meaning)])
        }
        let facts = object([
            ("rows_total", integer(report.rowsTotal)), ("rows_matching", integer(report.rowsMatching)), ("rows_visited", integer(report.rowsVisited)),
            ("rows_scored", integer(report.rowsScored)),
            ("lists_total", integer(report.listsTotal)), ("lists_visited", integer(report.listsVisited)),
            ("recall_estimate", .number(report.recallEstimate)), ("is_exact", .bool(report.isExact)),
            ("lacks_contents", yes(report.lacksContents)), ("as_of", moment(report.asOf)), ("mode", report.mode == .vector ? nil : .text(report.mode.name)),
            ("valid_at", moment(report.past?.valid)), ("known_at", moment(report.past?.known)),
            ("trace", described(report.trace)),
        ])
        return object([("hits", .list(hits)), ("report", facts), ("explanation", explanation?.meaning)])
    }
}

extension Agent {
    fileprivate var meaning: JSON {
        object([("id", described(id)), ("slug", .text(slug)), ("name", .text(name)), ("created_at", moment(createdAt))])
    }
}

extension Memory {
    fileprivate var meaning: JSON {
        object([
            ("id", described(id)), ("agent", described(agent)), ("user", described(user)), ("session", described(session)), ("type", .text(type.name)),
            ("content", .text(content)), ("importance", .number(importance)), ("tags", texts(tags)), ("metadata", metadata),
            ("created_at", moment(createdAt)), ("updated_at", moment(updatedAt)), ("expires_at", moment(expiresAt)),
            ("last_accessed_at", moment(lastAccessedAt)), ("access_count", integer(accessCount)), ("pinned", yes(isPinned)),
            ("valid_from", moment(validity.from)), ("valid_to", moment(validity.to)), ("closed_at", moment(validity.closedAt)), ("superseded_by", described(supersededBy)),
            ("source_message", described(sourceMessage)), ("forget_at", moment(forgetAt)), ("deleted_at", moment(deletedAt)), ("version", integer(version)),
            ("space", described(embedding?.space)), ("vector", vector(embedding?.vector)),
        ])
    }
}

extension Filter {
    /// Every part of the tree, each value with its kind.
    fileprivate var meaning: JSON {
        switch self {
        case .equals(let field, let value): object([("equals", .list([.text(field.name), value.meaning]))])
        case .anyOf(let field, let values): object([("any_of", .list([.text(field.name)] + values.map(\.meaning)))])
        case .allOf(let field, let values): object([("all_of", .list([.text(field.name)] + values.map(\.meaning)))])
        case .range(let field, let bounds):
            object([
                ("range", .text(field.name)), ("lower", bounds.lower?.meaning), ("lower_is_included", .bool(bounds.lowerIsIncluded)),
                ("upper", bounds.upper?.meaning), ("upper_is_included", .bool(bounds.upperIsIncluded)),
            ])
        case .exists(let field): object([("exists", .text(field.name))])
        case .and(let parts): object([("and", .list(parts.map(\.meaning)))])
        case .or(let parts): object([("or", .list(parts.map(\.meaning)))])
        case .not(let part): object([("not", part.meaning)])
        }
    }
}

extension Scalar {
    fileprivate var meaning: JSON {
        switch self {
        case .bool(let value): object([("bool", .bool(value))])
        case .integer(let value): object([("integer", .integer(value))])
        case .number(let value): object([("number", .number(value))])
        case .text(let value): object([("text", .text(value))])
        case .identifier(let value): object([("identifier", described(value))])
        case .time(let value): object([("time", moment(value))])
        }
    }
}

extension Detection {
    fileprivate var meaning: JSON {
        let terms = terms.map { term in
            object([
                ("id", described(term.id)), ("term", .text(term.term)), ("context", described(term.context)), ("fits_context", yes(term.fitsContext)), ("own", yes(term.isOwn)),
                ("deprecated", yes(term.isDeprecated)), ("preferred", described(term.preferred)), ("others", term.others.isEmpty ? nil : texts(term.others)),
            ])
        }
        let occurrences = occurrences.map { occurrence in
            object([
                ("start", integer(occurrence.range.lowerBound)), ("end", integer(occurrence.range.upperBound)), ("term", integer(occurrence.term)), ("inflected", yes(occurrence.isInflected)),
            ])
        }
        return object([("terms", .list(terms)), ("occurrences", .list(occurrences)), ("read_bytes", integer(readBytes))])
    }
}
