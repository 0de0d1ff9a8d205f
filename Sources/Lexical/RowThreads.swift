import Records

/// The rows of each conversation in the order in which they were said, so that each knows its neighbours.
struct RowThreads {
    private struct Place: Comparable {
        let time: Timestamp
        let id: Identifier

        static func < (a: Place, b: Place) -> Bool { a.time != b.time ? a.time < b.time : a.id < b.id }
    }

    struct Neighbours {
        let before: Identifier?
        let after: Identifier?
    }

    private var places: [Identifier: [Place]] = [:]

    /// Between which rows it lies now; it may be there already.
    mutating func insert(_ id: Identifier, at time: Timestamp, in conversation: Identifier) -> Neighbours {
        let place = Place(time: time, id: id)
        let index = index(of: place, in: conversation)
        if places[conversation]?[checked: index] != place { places[conversation, default: []].insert(place, at: index) }
        return Neighbours(before: places[conversation]?[checked: index - 1]?.id, after: places[conversation]?[checked: index + 1]?.id)
    }

    /// Between which rows it lay.
    mutating func remove(_ id: Identifier, at time: Timestamp, in conversation: Identifier) -> Neighbours {
        let place = Place(time: time, id: id)
        let index = index(of: place, in: conversation)
        guard places[conversation]?[checked: index] == place else { return Neighbours(before: nil, after: nil) }
        places[conversation]?.remove(at: index)
        let neighbours = Neighbours(before: places[conversation]?[checked: index - 1]?.id, after: places[conversation]?[checked: index]?.id)
        if places[conversation]?.isEmpty ?? false { places[conversation] = nil }
        return neighbours
    }

    /// Of the first that is not before it.
    private func index(of place: Place, in conversation: Identifier) -> Int {
        guard let places = places[conversation] else { return 0 }
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Array {
    fileprivate subscript(checked index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
