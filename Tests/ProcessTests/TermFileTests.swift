import Foundation
import Testing

extension RealBinary {
    @Suite("Terms come from files and go into files")
    struct TermFileTests {
        private static let maya = ["--user", "maya@example.com"]

        @Test("a file is taken whole or not at all, duplicates are told and merged on request", .timeLimit(.minutes(1)))
        func duplicates() async throws {
            try await withServer { server in
                for email in ["maya@example.com", "omar@example.com"] { #expect(try await server.ask(["user", "add", email]).code == 0) }
                #expect(try await server.ask(["term", "add", "Kernel", "The core.", "--tag", "a", "--user", "omar@example.com"]).code == 0)
                #expect(try await server.ask(["term", "add", "Kernel", "The core.", "--tag", "a"] + Self.maya).code == 0)
                let folder = try Folder()
                try folder.write("term,definition,tags,context\nkernel,The heart.,b|a,\npanic,It stops.,,\nkernel,Of a nut.,,food\npanic,It stops.,x,\n", to: "t.csv")
                let file = folder.path + "/t.csv"
                let refused = try await server.ask(["term", "import", file] + Self.maya)
                #expect(refused.code == 1 && refused.output.isEmpty, "\(refused)")
                for part in ["line 2: \"kernel\" is there already, in the dictionary", "line 5: \"panic\" is there already, in line 3", "2 entries are duplicates, and nothing was imported"] {
                    #expect(refused.errors.contains(part), "\(refused.errors)")
                }
                #expect(try await server.ask(["term", "list", "--json"] + Self.maya).output.components(separatedBy: "\"id\"").count == 2)
                let wouldHave = try await server.ask(["term", "import", file, "--duplicates", "merge", "--dry-run"] + Self.maya)
                #expect(wouldHave.output == "would have imported 2, merged 2, and did nothing\n", "\(wouldHave)")
                let merged = try await server.ask(["term", "import", file, "--duplicates", "merge"] + Self.maya)
                #expect(merged.code == 0 && merged.output == "imported 2, merged 2\n", "\(merged)")
                let listed = try await server.ask(["term", "list", "--json"] + Self.maya).output
                for part in ["\"definition\":\"The core.\\nThe heart.\"", "\"tags\":[\"a\",\"b\"]", "\"tags\":[\"x\"]", "\"context\":\"food\""] { #expect(listed.contains(part), "\(listed)") }
                #expect(listed.components(separatedBy: "\"id\"").count == 4)
                // The same once more changes nothing.
                #expect(try await server.ask(["term", "import", file, "--duplicates", "merge"] + Self.maya).output == "imported 0, unchanged 4\n")
                #expect(try await server.ask(["term", "import", file, "--duplicates", "skip", "--json"] + Self.maya).output == "{\"imported\":0,\"merged\":0,\"unchanged\":0,\"skipped\":4,\"dry_run\":false}\n")
                #expect(try await server.ask(["suggest", "pan"] + Self.maya).output == "panic  (prefix)\n")
            }
        }

        @Test("every format that is written is read again by another server", .timeLimit(.minutes(1)))
        func roundTrip() async throws {
            try await withServer { server in
                #expect(try await server.ask(["user", "add", "maya@example.com"]).code == 0)
                let folder = try Folder()
                let lines = (0..<1_200).map { "term \($0),\"definition, \($0)\",technical,\($0 % 3 == 0 ? "en" : "")" }
                try folder.write("term,definition,context,language\n" + lines.joined(separator: "\n") + "\n", to: "many.csv")
                #expect(try await server.ask(["term", "import", folder.path + "/many.csv"] + Self.maya).output == "imported 1200\n")
                for format in ["csv", "jsonl", "tbx"] {
                    let path = folder.path + "/out." + format
                    #expect(try await server.ask(["term", "export", path] + Self.maya).output == "exported 1200 terms into \(path)\n")
                    #expect(try await server.ask(["user", "add", "\(format)@example.com"]).code == 0)
                    let read = try await server.ask(["term", "import", path, "--user", "\(format)@example.com"])
                    #expect(read.output == "imported 1200\n", "\(read)")
                    let again = try await server.ask(["term", "export", "-", "--format", "csv", "--user", "\(format)@example.com"])
                    #expect(again.output.contains("\"definition, 1199\"") && again.output.split(separator: "\r\n").count == 1_201)
                }
            }
        }

        @Test("what is wrong with a file is told by line, and the rest is taken only if asked", .timeLimit(.minutes(1)))
        func refusals() async throws {
            try await withServer { server in
                #expect(try await server.ask(["user", "add", "maya@example.com"]).code == 0)
                let folder = try Folder()
                try folder.write("term,meaning\na,b\n", to: "header.csv")
                try folder.write("term,definition\nkernel,d\nbroken\n\"open,d\nlast,d\n", to: "broken.csv")
                try folder.write("<tbx>", to: "cut.tbx")
                try folder.write("<!DOCTYPE tbx [<!ENTITY a \"b\">]><tbx>&a;</tbx>", to: "entity.tbx")
                try folder.write("", to: "empty.jsonl")
                try folder.write("x", to: "what.txt")
                try folder.write("term,definition\n" + (0..<3_000).map { "same,definition number \($0) is this one\n" }.joined(), to: "grows.csv")
                for (words, code, part) in [
                    (["term", "import"], 2 as Int32, "say which file"), (["term", "import", "what.txt"], 2, "--format"), (["term", "import", "header.csv"], 1, "line 1: the header has the column meaning"),
                    (["term", "import", "broken.csv"], 1, "line 3: it has 1 cells where the header has 2"), (["term", "import", "broken.csv"], 1, "line 4: a quotation mark is never closed"),
                    (["term", "import", "broken.csv"], 1, "2 entries cannot be taken, and nothing was imported"), (["term", "import", "cut.tbx"], 1, "line 1: it is no XML"),
                    (["term", "import", "entity.tbx"], 1, "declares an entity"), (["term", "import", "empty.jsonl"], 1, "holds no terms"), (["term", "import", "none.csv"], 1, "none.csv"),
                    (["term", "export", "header.csv"], 1, "is there already"), (["term", "import", "grows.csv", "--duplicates", "merge"], 1, "cannot be merged"),
                ] {
                    let words = words.map { $0.contains(".") ? folder.path + "/" + $0 : $0 }
                    let refused = try await server.ask(words + Self.maya)
                    #expect(refused.code == code && refused.errors.contains(part) && refused.output.isEmpty, "\(words): \(refused)")
                }
                #expect(try await server.ask(["term", "list"] + Self.maya).output.contains("kernel") == false)
                let rest = try await server.ask(["term", "import", folder.path + "/broken.csv", "--skip-bad"] + Self.maya)
                #expect(rest.code == 0 && rest.output == "imported 2, skipped 2\n", "\(rest)")
                let without = try await server.ask(["term", "import", folder.path + "/broken.csv"])
                #expect(without.code == 2 && without.errors.contains("--user"))
            }
        }
    }
}
