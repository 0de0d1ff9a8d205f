internal import Dispatch
internal import Lexical
internal import Recall
internal import Records
internal import Storage
internal import Synchronization
internal import Terminology

/// Words, and the terms that are suggested, are read behind the vectors, while searches by vectors are answered already.
extension MemoryEngine {
    /// Reads the words of all rows, on a queue of their own; those of rows that are written meanwhile are newer, and stay.
    func readWords() {
        partitions.hasWords = false
        reading.async { [self] in
            do throws(StorageError) { try readAllWords() } catch {
                guard error != .closed else { return }
                log.error("words could not be read; searches go by vectors alone", (.detail, error.description))
                reading.asyncAfter(deadline: .now() + .seconds(MemoryEngine.wordsAgainSeconds)) { [weak self] in self?.readWords() }
            }
        }
    }

    private static let wordsAgainSeconds = 5
    private static let wordsAtOnce = 256

    private func readAllWords() throws(StorageError) {
        let sight = freshness.begin(.read)
        var (waiting, there): ([StoredRow], Set<RowName>) = ([], [])
        let analyzer = TextAnalyzer()
        func handOver() {
            let changes = waiting.map { (name: $0.name, change: RowChange.of($0, analyzer)) }
            waiting.removeAll(keepingCapacity: true)
            indexing.sync {
                let passed = freshness.passed(sight)
                for (place, rows) in Dictionary(grouping: changes.filter { !passed.contains($0.name) }, by: { Place(organization: $0.name.organization, kind: $0.name.kind) }) {
                    partitions.applyWords(rows.map(\.change), to: place.organization, place.kind)
                }
            }
        }
        do throws(StorageError) {
            _ = try store.reads.load(.texts) { row in
                guard case .success(let row) = row else { return }
                there.insert(row.name)
                waiting.append(row)
                if waiting.count >= MemoryEngine.wordsAtOnce { handOver() }
            }
        } catch {
            freshness.end(sight)
            throw error
        }
        handOver()
        let lessons: [Identifier: [Record]]
        do throws(StorageError) { lessons = try readLessons() } catch {
            freshness.end(sight)
            throw error
        }
        let known = there
        indexing.sync {
            let passed = freshness.end(sight)
            take(lessons, besides: passed)
            // What went while nobody told.
            for (organization, index) in partitions.allWords {
                let gone = index.ids.filter { id in
                    let name = RowName(organization: organization, kind: index.kind, id: id)
                    return !known.contains(name) && !passed.contains(name)
                }
                if !gone.isEmpty { partitions.applyWords(gone.map { .remove($0) }, to: organization, index.kind) }
            }
            partitions.hasWords = true
        }
        log.info("words stand", (.count, String(known.count)))
    }

    /// What users rejected, by organization; of the rest nothing is kept in memory.
    private func readLessons() throws(StorageError) -> [Identifier: [Record]] {
        var lessons: [Identifier: [Record]] = [:]
        for organization in organizations.withLock({ Array($0.keys) }) {
            var listing = RecordListing(.pattern, [.type: .text(TermLesson.type)], limit: Limits.pageMax)
            while true {
                let page = try waitFor { store.reads.page(listing, of: organization, shownTo: .none, isWanted: { true }, completion: $0) }
                lessons[organization, default: []] += page.records.filter { TermLesson($0)?.isSunk ?? false }
                guard let next = page.next else { break }
                listing.after = next
            }
        }
        return lessons
    }

    /// On the indexing queue. What was written meanwhile is newer, and stays.
    private func take(_ lessons: [Identifier: [Record]], besides passed: Set<RowName>) {
        for (organization, records) in lessons {
            let isPassed = { (id: Identifier) in passed.contains(RowName(organization: organization, kind: .pattern, id: id)) }
            let there = Set(records.map(\.id))
            // What went while nobody told.
            let gone = partitions.terms(of: organization).lessons.filter { !there.contains($0) && !isPassed($0) }
            partitions.learn(records.filter { !isPassed($0.id) }.compactMap(LessonChange.init) + gone.map { .remove($0) }, of: organization)
        }
    }
}
