import Columns
import Testing

@Suite("Tag table")
struct TagTableTests {
    @Test("equal tags share a number, and the text goes with the last row that bears it")
    func lifetime() throws {
        var table = TagTable()
        let first = table.add(["red", "blue", "red"])
        let second = table.add(["red"])
        #expect(first.count == 2 && second.count == 1)
        let red = try #require(table.codes["red"])
        #expect(second == [red] && first.contains(red))
        table.remove(first)
        #expect(table.codes["blue"] == nil)
        #expect(table.codes["red"] == red)
        table.remove(second)
        #expect(table.codes["red"] == nil)
    }

    @Test("an older copy keeps its meaning when numbers are given out again")
    func snapshots() throws {
        var table = TagTable()
        let old = table.add(["old"])
        let then = table.codes
        table.remove(old)
        let new = table.add(["new"])
        #expect(new == old)
        #expect(then["old"] == old.first && then["new"] == nil)
        #expect(table.codes["old"] == nil && table.codes["new"] == new.first)
        #expect(table.text(try #require(new.first)) == "new")
    }

    @Test("thousands of tags keep their numbers apart")
    func many() {
        var table = TagTable()
        let codes = (0..<5_000).map { table.add(["tag \($0)"]) }
        #expect(Set(codes.flatMap { $0 }).count == 5_000)
        for number in 0..<5_000 { #expect(table.codes["tag \(number)"] == codes[number].first) }
    }
}
