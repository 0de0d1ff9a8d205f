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

    private let vocabulary: WordTable
    /// From the root, by the first word; zero is none.
    private let roots: [UInt32]
    private let children: ChildTable
    /// Of each node, a bit for every word that leads on, by its last bits: most words do not, and are not looked up.
    private let leads: [UInt32]
    /// Of each node, the longest end of what led to it that leads to another; the root is zero.
    private let fails: [UInt32]
    /// Of each node, the nearest of itself and those it falls back to where a term ends; zero is none.
    private let outputs: [UInt32]
    /// Of each node, in tokens.
    private let depths: [UInt16]
    /// The last of its terms by number from one on, and for each term the one before it of the same words.
    private let firsts: [UInt32]
    private let nexts: [UInt32]
    private let rows: [UInt32]

    init(_ terms: [(row: Int, term: String)], in language: Language?) {
        var (read, bounds) = (Tokens(), [0])
        for (_, term) in terms {
            read.read(Array(term.utf8).inSmallLetters)
            bounds.append(read.tokens.count)
        }
        let (table, compared) = read.compared(in: language)
        var tree = TermTree(words: table.count)
        var nexts = [UInt32](repeating: 0, count: terms.count)
        for number in terms.indices {
            let words = read.tokens[bounds[number]..<bounds[number + 1]].reversed().map { compared[Int($0.word)] }
            // Of some texts nothing is left that could be found.
            if !words.isEmpty { nexts[number] = tree.insert(UInt32(number + 1), words) }
        }
        (fails, outputs) = tree.fallBack()
        (vocabulary, roots, children, leads, depths, firsts) = (table, tree.roots, tree.children, tree.leads, tree.depths, tree.firsts)
        (self.nexts, rows) = (nexts, terms.map { UInt32($0.row) })
    }

    /// What a node and a word lead to, by itself or by what it falls back to.
    @inline(__always) fileprivate static func step(
        _ start: UInt32, _ word: UInt32, _ roots: [UInt32], _ children: ChildTable, _ leads: [UInt32], _ fails: [UInt32]
    ) -> UInt32 {
        var node = start
        while node > 0 {
            if leads[Int(node)] >> (word & 31) & 1 == 1 {
                let child = children.child(of: node, word)
                if child > 0 { return child }
            }
            node = fails[Int(node)]
        }
        return roots[Int(word)]
    }

    /// The places where terms that are shown begin, the last first, or nil where it was to stop. Without `isShown` all are.
    func find(in tokens: [Tokens.Token], _ sequence: [UInt32], _ compared: (table: WordTable, numbers: [UInt32]), isShown: ((Int) -> Bool)?, shouldStop: () -> Bool) -> [Found]? {
        let known = vocabulary.numbers(of: compared.table)
        let words = compared.numbers.map { known[Int($0)] ?? TermAutomaton.unknown }
        var (found, node): ([Found], UInt32) = ([], 0)
        // Whether of each node a term is shown, as far as it was asked for.
        var shown = [Bool?](repeating: nil, count: fails.count)
        for place in sequence.indices.reversed() {
            if place & TermAutomaton.stepsMask == 0, shouldStop() { return nil }
            let word = words[Int(sequence[place])]
            guard word != TermAutomaton.unknown else {
                node = 0
                continue
            }
            node = TermAutomaton.step(node, word, roots, children, leads, fails)
            var output = Int(outputs[Int(node)])
            guard output > 0, tokens[place].isBeginning else { continue }
            while let isShown, output > 0 {
                let isAny = shown[output] ?? hasRow(at: output, isShown)
                shown[output] = isAny
                if isAny { break }
                output = Int(outputs[Int(fails[output])])
            }
            if output > 0 { found.append(Found(place: UInt32(place), node: UInt32(output), length: depths[output])) }
        }
        return found
    }

    private static let unknown = UInt32.max
    private static let stepsMask = 0xFFFF

    /// The rows of the terms that end in a node.
    func eachRow(at node: UInt32, _ body: (Int) -> Void) {
        var term = Int(firsts[Int(node)])
        while term > 0 {
            body(Int(rows[term - 1]))
            term = Int(nexts[term - 1])
        }
    }

    private func hasRow(at node: Int, _ isShown: (Int) -> Bool) -> Bool {
        var term = Int(firsts[node])
        while term > 0, !isShown(Int(rows[term - 1])) { term = Int(nexts[term - 1]) }
        return term > 0
    }

    var byteCount: Int {
        vocabulary.byteCount + children.byteCount + (roots.count + fails.count + outputs.count + firsts.count + nexts.count + rows.count) * 4 + leads.count * 4 + depths.count * 2
    }
}

/// The words of terms as a tree while it is made, the last word first.
private struct TermTree {
    var roots: [UInt32]
    var children = ChildTable()
    var depths: [UInt16] = [0]
    var firsts: [UInt32] = [0]
    var leads: [UInt32] = [0]
    private var parents: [UInt32] = [0]
    private var words: [UInt32] = [0]

    init(words count: Int) { roots = [UInt32](repeating: 0, count: count) }

    /// Puts a term at the end of its words, and gives the one that was there.
    mutating func insert(_ term: UInt32, _ path: [UInt32]) -> UInt32 {
        var node = 0
        for word in path {
            let known = node == 0 ? roots[Int(word)] : children.child(of: UInt32(node), word)
            node = known > 0 ? Int(known) : grow(node, word)
        }
        defer { firsts[node] = term }
        return firsts[node]
    }

    private mutating func grow(_ parent: Int, _ word: UInt32) -> Int {
        let node = UInt32(parents.count)
        parents.append(UInt32(parent))
        words.append(word)
        depths.append(depths[parent] + 1)
        firsts.append(0)
        leads.append(0)
        leads[parent] |= 1 << (word & 31)
        if parent == 0 { roots[Int(word)] = node } else { children.insert(node, of: UInt32(parent), word) }
        return Int(node)
    }

    /// From the shortest to the longest, so that what a node falls back to is known before it.
    func fallBack() -> (fails: [UInt32], outputs: [UInt32]) {
        var fails = [UInt32](repeating: 0, count: parents.count)
        var outputs = fails
        for node in parents.indices.sorted(by: { depths[$0] < depths[$1] }).dropFirst() {
            if parents[node] > 0 { fails[node] = TermAutomaton.step(fails[Int(parents[node])], words[node], roots, children, leads, fails) }
            outputs[node] = firsts[node] > 0 ? UInt32(node) : outputs[Int(fails[node])]
        }
        return (fails, outputs)
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
