/// Rows by list that came after the training, where lists have no codes; an immutable tree of two levels, of which a change copies the pointers of a group.
struct ListTails: Sendable {
    private static let groupLists = 64

    private var groups: [[[UInt32]]]
    private(set) var count = 0

    init(lists: Int) {
        groups = Array(repeating: Array(repeating: [], count: ListTails.groupLists), count: (lists + ListTails.groupLists - 1) / ListTails.groupLists)
    }

    subscript(list: Int) -> [UInt32] { groups[list / ListTails.groupLists][list % ListTails.groupLists] }

    mutating func append(_ row: UInt32, to list: Int) {
        groups[list / ListTails.groupLists][list % ListTails.groupLists].append(row)
        count += 1
    }
}
