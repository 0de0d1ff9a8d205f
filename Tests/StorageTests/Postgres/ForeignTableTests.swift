import Foundation
import Records
@testable import Storage
import Testing

/// Tables that others made, from which is imported.
@Suite struct ForeignTableTests {
    private struct Place {
        let home: PostgresHome
        let sql: PostgresConnection
        var address: PostgresAddress { home.configuration.address }

        init(_ maker: PostgresMaker, _ script: String) throws {
            home = try maker.makeDatabase()
            sql = try home.connect()
            try sql.script("CREATE EXTENSION vector")
            try sql.script(script)
        }

        func table(_ name: String, where condition: String? = nil, by column: String? = nil) throws -> ForeignTable {
            let table = try ForeignTable(address, name, where: condition)
            try table.order(by: column)
            return table
        }
    }

    /// All of it, in pages of three.
    private func all(_ table: ForeignTable, _ fields: [(String, String)], vector: String? = nil) throws -> [ForeignTable.Row] {
        var rows: [ForeignTable.Row] = []
        let columns = try fields.map { (name: $0.0, column: try table.column($0.1)) }
        while true {
            let page = try table.page(after: rows.last?.key, columns, vector: try vector.map { try table.column($0) }, limit: 3)
            rows += page
            if page.count < 3 { return rows }
        }
    }

    @Test("columns of every kind become what fields are read from, in the order of the key, and from any key on", arguments: PostgresMaker.all.prefix(2))
    func columns(maker: PostgresMaker) throws {
        let place = try Place(
            maker,
            """
            CREATE SCHEMA "Odd one";
            CREATE TABLE "Odd one"."a table" ("the ""key" text PRIMARY KEY, body varchar(50), n int, x real, yes boolean, at timestamp, day date, zoned timestamptz, tags text[],
                meta jsonb, id uuid, price numeric, e vector(3), h halfvec(2), l real[]);
            INSERT INTO "Odd one"."a table" VALUES
                ('a''b', 'é', 1, 0.5, true, '2026-01-02 03:04:05.678', '2026-01-02', '2026-01-02 03:04:05+02', '{x,"y z"}', '{"b": 1, "a": null}',
                    '00000000-0000-7000-8000-000000000001', 12.50, '[1,2,3]', '[0.5,2]', '{1.5,NaN,NULL}'),
                ('b\\\\c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
                ('c', '', 0, 0, false, 'epoch', 'epoch', 'epoch', '{}', '{}', NULL, 0, '[0,0,1]', '[1,1]', '{}'),
                ('d', 'four', 4, 4, true, 'epoch', 'epoch', 'epoch', '{}', '[]', NULL, 4, '[4,4,4]', '[4,4]', '{4}'), ('e', 'five', 5, 5, true, 'epoch', 'epoch', 'epoch', '{}', '[]', NULL, 5, '[5,5,5]', '[5,5]', '{5}');
            """)
        let table = try place.table("\"Odd one\".\"a table\"")
        #expect(table.key == "the \"key" && table.name == "\"Odd one\".\"a table\"")
        #expect(table.columns.filter(\.isVector).map(\.name) == ["e", "h", "l"])
        let names = ["body", "n", "x", "yes", "at", "day", "zoned", "tags", "meta", "id", "price"]
        let rows = try all(table, names.map { ($0, $0) }, vector: "e")
        #expect(rows.map(\.key) == ["a'b", "b\\\\c", "c", "d", "e"])
        let first = rows[0].values
        #expect(first["body"] == "é" && first["n"] == 1 && first["x"] == 0.5 && first["yes"] == true && first["tags"] == ["x", "y z"] && first["price"]?.number == 12.5)
        #expect(first["meta"] == ["b": 1, "a": nil] && first["id"]?.text.flatMap { Identifier($0) } != nil && rows[0].vector == [1, 2, 3])
        #expect(first["at"]?.text.flatMap { Timestamp($0) } == Timestamp("2026-01-02T03:04:05.678Z"))
        #expect(first["day"]?.text.flatMap { Timestamp($0) } == Timestamp("2026-01-02T00:00:00Z"))
        #expect(first["zoned"]?.text.flatMap { Timestamp($0) } == Timestamp("2026-01-02T01:04:05Z"))
        #expect(rows[1].values == .emptyObject && rows[1].vector == nil)
        #expect(try all(table, [("content", "body")], vector: "h").map { $0.vector ?? [] } == [[0.5, 2], [], [1, 1], [4, 4], [5, 5]])
        let lists = try all(table, [], vector: "l").map(\.vector)
        #expect(lists[0]?.count == 3 && lists[0]?[0] == 1.5 && lists[0]?[1].isNaN == true && lists[0]?[2].isNaN == true && lists[1] == nil && lists[2] == [])
        #expect(try table.page(after: "c", [], vector: nil, limit: 9).map(\.key) == ["d", "e"])
        #expect(try all(try place.table("\"Odd one\".\"a table\"", where: "n > 3 OR n IS NULL"), []).map(\.key) == ["b\\\\c", "d", "e"])
    }

    @Test("what cannot be read in an order, is not there, or is of several dimensions, is told with the way out", arguments: PostgresMaker.all.prefix(2))
    func refusals(maker: PostgresMaker) async throws {
        let place = try Place(
            maker,
            """
            CREATE TABLE nokey (a text);
            CREATE TABLE two (a int, b int, c int UNIQUE NOT NULL, d int UNIQUE, PRIMARY KEY (a, b));
            CREATE TABLE mixed (id int PRIMARY KEY, e vector, l real[]);
            INSERT INTO mixed VALUES (1, '[1,2]', '{1}'), (2, '[1,2,3]', '{1,2}'), (3, '[1,2]', NULL), (4, NULL, NULL);
            CREATE TABLE one (id int PRIMARY KEY, e vector(7));
            CREATE TABLE hidden (id int PRIMARY KEY);
            """)
        func told(_ body: () throws -> Void) async -> String {
            guard case .unavailable(let detail)? = await storageError(body) else { return "" }
            return detail
        }
        #expect(await told { _ = try place.table("nowhere") }.contains("there is no table nowhere"))
        #expect(await told { _ = try place.table("no key; DROP TABLE nokey") } != "")
        #expect(await told { _ = try place.table("nokey") }.contains("GENERATED ALWAYS AS IDENTITY"))
        #expect(try place.table("two").key == "a,b" && place.table("two", by: "c").key == "c")
        #expect(await told { _ = try place.table("two", by: "d") }.contains("d is none; --by a,b or --by c is"))
        try place.sql.script("INSERT INTO two SELECT i / 3, i % 3, i, i FROM generate_series(0, 7) AS i")
        let keys = try all(try place.table("two"), []).map(\.key)
        #expect(keys == (0..<8).map { "[\"\($0 / 3)\", \"\($0 % 3)\"]" })
        #expect(await told { _ = try place.table("two").page(after: "7", [], vector: nil, limit: 1) }.contains("no key"))
        let mixed = try place.table("mixed")
        #expect(await told { _ = try mixed.column("f") }.contains("id, e, l"))
        #expect(try mixed.dimensions(of: mixed.column("e")).map { "\($0.dimension) \($0.rows ?? 0)" } == ["2 2", "3 1"])
        #expect(Set(try mixed.dimensions(of: mixed.column("l")).map { "\($0.dimension) \($0.rows ?? 0)" }) == ["1 1", "2 1"])
        #expect(try place.table("mixed", where: "vector_dims(e) = 2").dimensions(of: mixed.column("e")).map(\.dimension) == [2])
        #expect(try place.table("one").dimensions(of: place.table("one").column("e")).map(\.dimension) == [7])
        let broken = try place.table("mixed", where: "no SQL at all")
        #expect(await told { _ = try broken.page(after: nil, [], vector: nil, limit: 1) }.contains("PostgreSQL does not read that"))
        try place.sql.script(
            """
            CREATE VIEW seen AS SELECT * FROM mixed;
            CREATE SCHEMA ext; ALTER EXTENSION vector SET SCHEMA ext; CREATE DOMAIN short AS ext.vector(2);
            CREATE TABLE away (id int PRIMARY KEY, e ext.vector(2), h ext.halfvec, d short, l real[], m jsonb);
            INSERT INTO away VALUES (1, '[1,2]', '[3,4]', '[5,6]', '{{1,2},{3,4}}', '{"n": 1e400}'), (2, NULL, NULL, NULL, NULL, NULL);
            """)
        #expect(await told { _ = try place.table("seen") }.contains("is a view"))
        let away = try place.table("away")
        #expect(away.columns.filter(\.isVector).map(\.name) == ["e", "h", "d", "l"])
        #expect(try all(away, [], vector: "e").map(\.vector) == [[1, 2], nil] && all(away, [], vector: "h").map(\.vector) == [[3, 4], nil] && all(away, [], vector: "d").map(\.vector) == [[5, 6], nil])
        #expect(try away.dimensions(of: away.column("h")).map(\.dimension) == [2] && away.dimensions(of: away.column("d")).map(\.dimension) == [2])
        let rows = try all(away, [("metadata", "m")], vector: "l")
        #expect(rows[0].refusal?.contains("l is no list") == true && rows[1].refusal == nil && rows[0].values["metadata"]?["n"]?.text?.count == 401)
        // Nothing there is changed, whatever the condition says.
        let writing = try place.table("mixed", where: "(SELECT true FROM (SELECT nextval('s')) AS x)")
        try place.sql.script("CREATE SEQUENCE s")
        #expect(await told { _ = try writing.page(after: nil, [], vector: nil, limit: 1) }.contains("read-only"))
    }
}
