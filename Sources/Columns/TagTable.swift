/// Tags by number, so that a column holds small integers; the writer's side, which counts the rows that bear each.
///
/// When the last row that bears a tag goes, its text goes too, and its number is given out again. Rows that still hold that number in their
/// column are dead by then in every snapshot that knows the new meaning, and older snapshots keep the `TagCodes` of their own time.
public struct TagTable: Sendable {
    public private(set) var codes = TagCodes()
    private var rowCounts: [Int] = []
    private var texts: [String] = []
    private var free: [UInt32] = []

    public init() {}

    /// The numbers of a new row's tags, each once, ascending.
    public mutating func add(_ tags: [String]) -> [UInt32] {
        guard !tags.isEmpty else { return [] }
        var result: [UInt32] = []
        for tag in tags {
            let code = codes[tag] ?? newCode(tag)
            guard !result.contains(code) else { continue }
            rowCounts[Int(code)] += 1
            result.append(code)
        }
        return result.sorted()
    }

    /// Takes back what `add` returned, when the row is gone.
    public mutating func remove(_ rowCodes: [UInt32]) {
        for code in rowCodes {
            rowCounts[Int(code)] -= 1
            guard rowCounts[Int(code)] == 0 else { continue }
            codes.remove(texts[Int(code)])
            texts[Int(code)] = ""
            free.append(code)
        }
    }

    public func text(_ code: UInt32) -> String { texts[Int(code)] }

    private mutating func newCode(_ tag: String) -> UInt32 {
        let code: UInt32
        if let old = free.popLast() {
            code = old
            texts[Int(code)] = tag
        } else {
            code = UInt32(texts.count)
            texts.append(tag)
            rowCounts.append(0)
        }
        codes.insert(tag, code)
        return code
    }
}

/// Tags to numbers at one moment; the readers' side.
///
/// Split into shards that copies share, so that a new tag costs the copy of one shard while searches hold older versions.
public struct TagCodes: Sendable {
    private static let shardCount = 256
    private var shards: [[ByteText: UInt32]] = Array(repeating: [:], count: TagCodes.shardCount)

    public init() {}

    public subscript(tag: String) -> UInt32? { shards[TagCodes.shard(tag)][ByteText(tag)] }

    mutating func insert(_ tag: String, _ code: UInt32) {
        shards[TagCodes.shard(tag)][ByteText(tag)] = code
    }

    mutating func remove(_ tag: String) {
        shards[TagCodes.shard(tag)][ByteText(tag)] = nil
    }

    private static func shard(_ tag: String) -> Int {
        var hasher = Hasher()
        ByteText(tag).hash(into: &hasher)
        return hasher.finalize() & (shardCount - 1)
    }
}
