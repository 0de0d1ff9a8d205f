import Records
import Vectors

/// Searches over the same lists without codes that visit them together: a list's rows are read once for all who want it, and multiplied by their queries.
///
/// With codes a list is so small that it costs less to read it again than to fetch what another query keeps.
struct ListBatch {
    private struct Visit {
        let search: Int
        let list: Int
    }

    /// So many queries make a product of matrices pay.
    private static let queriesMin = 4
    private static let rowsAtOnce = 256

    private(set) var searches: [ListSearch]
    private let lists: Lists
    private let queries: Rows
    private let products: Rows

    init(_ searches: [ListSearch], _ lists: Lists) {
        self.searches = searches
        self.lists = lists
        let stride = RowMatrix.stride(dimension: lists.geometry.dimension)
        queries = Rows(FloatBlock(count: searches.count * stride), stride: stride)
        products = Rows(FloatBlock(count: searches.count * ListBatch.rowsAtOnce), stride: ListBatch.rowsAtOnce)
        let bound = BLAS.roundingBound(dimension: lists.geometry.dimension)
        for search in self.searches.indices { self.searches[search].scoresErrBy = bound }
    }

    /// Hands over each when it has its rows and their scores in `scratch`. `shouldStop` is asked for each between visits; one that was stopped is not handed over.
    mutating func run(_ scratch: ListScratch, shouldStop: (Int) -> Bool, found: (Int, ListSearch) -> Void) {
        var isStopped = [Bool](repeating: false, count: searches.count)
        var wanted = searches.indices.map { search in (search: search, places: searches[search].begin(scratch)) }
        while !wanted.isEmpty {
            for (search, _) in wanted { isStopped[search] = shouldStop(search) }
            wanted.removeAll { isStopped[$0.search] }
            visit(wanted.flatMap { search, places in places.map { Visit(search: search, list: searches[search].query.ranked.list($0)) } }, scratch)
            wanted = wanted.compactMap { search, _ in searches[search].goOn(scratch).map { (search, $0) } }
        }
        for search in searches.indices where !isStopped[search] {
            searches[search].select(scratch)
            found(search, searches[search])
        }
    }

    private func visit(_ visits: [Visit], _ scratch: ListScratch) {
        for some in visits.sorted(by: { $0.list < $1.list }).split(whereListChanges: \.list) {
            guard some.count >= ListBatch.queriesMin, let list = some.first?.list else {
                for visit in some { searches[visit.search].compare(visit.list, scratch) }
                continue
            }
            for (place, visit) in some.enumerated() { queries.copy(searches[visit.search].query.vector, to: place) }
            let rows = lists.bounds[list]..<lists.bounds[list + 1]
            for start in stride(from: rows.lowerBound, to: rows.upperBound, by: ListBatch.rowsAtOnce) {
                let range = start..<min(start + ListBatch.rowsAtOnce, rows.upperBound)
                lists.rows.multiply(queries, count: some.count, range: range, into: products)
                for (place, visit) in some.enumerated() { searches[visit.search].query.codes.offer(products, row: place, rows: start, count: range.count) }
            }
            for visit in some { searches[visit.search].compareTail(list, scratch) }
        }
    }
}

extension Array {
    /// Its parts within which a value stays the same.
    fileprivate func split<Value: Equatable>(whereListChanges value: (Element) -> Value) -> [ArraySlice<Element>] {
        var (parts, start): ([ArraySlice<Element>], Int) = ([], 0)
        for place in indices where place + 1 == count || value(self[place]) != value(self[place + 1]) {
            parts.append(self[start...place])
            start = place + 1
        }
        return parts
    }
}
