internal import Lexical

/// The terms of a table as one automaton (Aho and Corasick, 1975), read from their last words to their first, as texts are: where a text's token is, it knows the
/// longest term that begins there. A text takes as many steps as it has tokens, and as many again to fall back, whatever the terms are.
final class TermAutomaton: Sendable {
    /// A token of a text, and what of the terms that begin there ends last.
    struct Found: Sendable {
        let place: UInt32
        let node: UInt32
        /// In tokens.
        let length: UInt16
    }

    /// What is asked for at every step lies together, in one line of the cache.
    fileprivate struct Node {
        /// The longest end of what led to it that leads to another; the root is zero.
        var fail: UInt32 = 0
        /// The nearest of itself and those it falls back to where a term ends; zero is none.
        var output: UInt32 = 0
        /// Where its own terms begin among `rows`; they end where the next node's begin.
        var rows: UInt32 = 0
        /// A bit for every word that leads on, by its last bits: most words do not, and are not looked up.
        var leads: UInt16 = 0
        /// In tokens.
        var depth: UInt16 = 0

        @inline(__always) func mayLead(_ word: UInt32) -> Bool { leads >> (word & 15) & 1 == 1 }
    }

    private let vocabulary: WordTable
    /// From the root, by the first word; zero is none.
    private let roots: [UInt32]
    private let children: ChildTable
    /// The root first, and one more at the end.
    private let nodes: [Node]
    private let rows: [UInt32]

    init(_ terms: [(row: Int, term: String)], in language: Language?) {
        var (read, bounds) = (Tokens(), [0])
        for (_, term) in terms {
            read.read(Array(term.utf8).inSmallLetters)
            bounds.append(read.tokens.count)
        }
        let (table, compared) = read.compared(in: language)
        var tree = TermTree(words: table.count)
        // Of some texts nothing is left that could be found: they end at the root, which nobody asks for.
        let ends = terms.indices.map { number in tree.insert(read.tokens[bounds[number]..<bounds[number + 1]].reversed().map { compared[Int($0.word)] }) }
        rows = tree.place(terms.map { UInt32($0.row) }, at: ends)
        tree.fallBack()
        (vocabulary, roots, children, nodes) = (table, tree.roots, tree.children, tree.nodes)
    }

    /// What a node and a word lead to, by itself or by what it falls back to.
    @inline(__always) fileprivate static func step(_ start: UInt32, _ word: UInt32, _ roots: [UInt32], _ children: ChildTable, _ nodes: [Node]) -> UInt32 {
        var number = start
        while number > 0 {
            let node = nodes[Int(number)]
            if node.mayLead(word) {
                let child = children.child(of: number, word)
                if child > 0 { return child }
            }
            number = node.fail
        }
        return roots[Int(word)]
    }

    /// The places where terms that are shown begin, the last first, or nil where it was to stop. Without `isShown` all are.
    func find(in tokens: [Tokens.Token], _ sequence: [UInt32], _ compared: (table: WordTable, numbers: [UInt32]), isShown: ((Int) -> Bool)?, shouldStop: () -> Bool) -> [Found]? {
        let known = vocabulary.numbers(of: compared.table)
        let words = compared.numbers.map { known[Int($0)] ?? TermAutomaton.unknown }
        var (found, node): ([Found], UInt32) = ([], 0)
        // Whether of each node a term is shown, as far as it was asked for.
        var shown = [Bool?](repeating: nil, count: isShown == nil ? 0 : nodes.count)
        for place in sequence.indices.reversed() {
            if place & TermAutomaton.stepsMask == 0, shouldStop() { return nil }
            let word = words[Int(sequence[place])]
            guard word != TermAutomaton.unknown else {
                node = 0
                continue
            }
            node = TermAutomaton.step(node, word, roots, children, nodes)
            var output = Int(nodes[Int(node)].output)
            guard output > 0, tokens[place].isBeginning else { continue }
            while let isShown, output > 0 {
                let isAny = shown[output] ?? rows(at: output).contains { isShown(Int(rows[$0])) }
                shown[output] = isAny
                if isAny { break }
                output = Int(nodes[Int(nodes[output].fail)].output)
            }
            if output > 0 { found.append(Found(place: UInt32(place), node: UInt32(output), length: nodes[output].depth)) }
        }
        return found
    }

    private static let unknown = UInt32.max
    private static let stepsMask = 0xFFFF

    /// Where the rows of the terms that end in a node are.
    private func rows(at node: Int) -> Range<Int> { Int(nodes[node].rows)..<Int(nodes[node + 1].rows) }

    /// The rows of the terms that end in a node.
    func eachRow(at node: UInt32, _ body: (Int) -> Void) {
        for place in rows(at: Int(node)) { body(Int(rows[place])) }
    }

    var byteCount: Int { vocabulary.byteCount + children.byteCount + (roots.count + rows.count) * 4 + nodes.count * MemoryLayout<Node>.stride }
}

/// The words of terms as a tree while it is made, the last word first.
private struct TermTree {
    var roots: [UInt32]
    var children = ChildTable()
    var nodes = [TermAutomaton.Node()]
    private var parents: [UInt32] = [0]
    private var words: [UInt32] = [0]

    init(words count: Int) { roots = [UInt32](repeating: 0, count: count) }

    /// The node at the end of those words.
    mutating func insert(_ path: [UInt32]) -> Int {
        var node = 0
        for word in path {
            let known = node == 0 ? roots[Int(word)] : children.child(of: UInt32(node), word)
            node = known > 0 ? Int(known) : grow(node, word)
        }
        return node
    }

    private mutating func grow(_ parent: Int, _ word: UInt32) -> Int {
        let number = UInt32(nodes.count)
        parents.append(UInt32(parent))
        words.append(word)
        nodes.append(TermAutomaton.Node(depth: nodes[parent].depth + 1))
        nodes[parent].leads |= 1 << UInt16(word & 15)
        if parent == 0 { roots[Int(word)] = number } else { children.insert(number, of: UInt32(parent), word) }
        return Int(number)
    }

    /// Puts the rows of the terms beside each other, those of one node after those of the node before, and gives them so.
    mutating func place(_ rows: [UInt32], at ends: [Int]) -> [UInt32] {
        nodes.append(TermAutomaton.Node())
        for end in ends { nodes[end + 1].rows += 1 }
        for number in nodes.indices.dropFirst() { nodes[number].rows += nodes[number - 1].rows }
        var free = nodes.map(\.rows)
        var placed = rows
        for (row, end) in zip(rows, ends) {
            placed[Int(free[end])] = row
            free[end] += 1
        }
        return placed
    }

    /// From the shortest to the longest, so that what a node falls back to is known before it.
    mutating func fallBack() {
        for number in parents.indices.sorted(by: { nodes[$0].depth < nodes[$1].depth }).dropFirst() {
            let parent = Int(parents[number])
            if parent > 0 { nodes[number].fail = TermAutomaton.step(nodes[parent].fail, words[number], roots, children, nodes) }
            let isEnd = nodes[number].rows < nodes[number + 1].rows
            nodes[number].output = isEnd ? UInt32(number) : nodes[Int(nodes[number].fail)].output
        }
    }
}

/// Where a word leads from a node, but for the root.
private struct ChildTable: Sendable {
    private struct Slot {
        var key: UInt64 = 0
        var child: UInt32 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 16)
    private var count = 0

    var byteCount: Int { slots.count * MemoryLayout<Slot>.stride }

    private func key(_ node: UInt32, _ word: UInt32) -> UInt64 { UInt64(node) << 32 | UInt64(word) }

    func child(of node: UInt32, _ word: UInt32) -> UInt32 { slots[slot(of: key(node, word))].child }

    mutating func insert(_ child: UInt32, of node: UInt32, _ word: UInt32) {
        if count * 2 >= slots.count {
            let old = slots
            slots = [Slot](repeating: Slot(), count: slots.count * 2)
            for slot in old where slot.child > 0 { slots[self.slot(of: slot.key)] = slot }
        }
        let key = key(node, word)
        slots[slot(of: key)] = Slot(key: key, child: child)
        count += 1
    }

    private func slot(of key: UInt64) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
        while slots[slot].child > 0, slots[slot].key != key { slot = (slot + 1) & mask }
        return slot
    }
}
