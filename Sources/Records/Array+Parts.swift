extension Array {
    /// One behind the other, each of `count` elements but the last.
    public func parts(of count: Int) -> [[Element]] {
        self.count <= count ? (isEmpty ? [] : [self]) : stride(from: 0, to: self.count, by: count).map { Array(self[$0..<Swift.min($0 + count, self.count)]) }
    }

    /// By what `key` says of each; of two that are the same the first.
    public func keyed<Key: Hashable>(by key: (Element) -> Key) -> [Key: Element] {
        Dictionary(map { (key($0), $0) }, uniquingKeysWith: { first, _ in first })
    }
}
