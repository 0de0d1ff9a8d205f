import Client
import Foundation
import Records
import Testing
import Wire

extension RealBinary {
    @Suite("A start that would do harm is refused")
    struct RefusalTests {
        private static let rows = 300

        private func serve(_ folder: Folder, _ options: [String]) async throws -> Finished {
            try await pinyon(["serve", "--data", folder.path + "/data"] + options, in: folder)
        }

        private func content(_ number: Int) -> String { "row \(number) " + String(repeating: "abcdefgh", count: 20) }

        /// A data directory with rows in it, whose server has stopped, and the rows' identifiers.
        private func stopped() async throws -> (folder: Folder, ids: [Identifier]) {
            let folder = try Folder()
            let server = try await RunningServer.start(in: folder)
            defer { server.child.kill() }
            let client = try server.client()
            defer { client.close() }
            let agent = try await client.ensureAgent("rows").id
            let drafts = (0..<RefusalTests.rows).map { MemoryDraft(agent: agent, content: content($0), vector: vector(of: content($0))) }
            let ids = try await client.remember(drafts).rows.map(\.id)
            try #require(try await server.stop()?.code == 0)
            return (folder, ids)
        }

        private func database(_ folder: Folder) -> String { folder.path + "/data/pinyon.db" }

        private func bytes(_ path: String) throws -> [UInt8] { Array(try #require(FileManager.default.contents(atPath: path))) }

        private func put(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

        @Test("a second server on a data directory is told which process holds it", .timeLimit(.minutes(1)))
        func secondServer() async throws {
            try await withServer { server in
                let second = try await pinyon(["serve", "--data", server.dataPath, "--listen", "127.0.0.1:0"], in: server.folder)
                #expect(second.code == 1)
                #expect(second.errors.contains("process \(server.child.process)"), "\(second.errors)")
                let client = try server.client()
                defer { client.close() }
                try await client.ping()
            }
        }

        @Test("listening beyond this machine needs TLS or an explicit word", .timeLimit(.minutes(1)))
        func plaintext() async throws {
            let folder = try Folder()
            let refused = try await serve(folder, ["--listen", "0.0.0.0:0"])
            #expect(refused.code == 2)
            #expect(refused.errors.contains("--allow-plaintext") && refused.errors.contains("--tls-cert"))
            #expect(!FileManager.default.fileExists(atPath: folder.path + "/data"), "a refused start has made a data directory")
            let portFile = folder.path + "/port"
            let child = try Child(
                [Checkout.binary(), "serve", "--data", folder.path + "/data", "--listen", "0.0.0.0:0", "--allow-plaintext", "--port-file", portFile],
                environment: Checkout.environment, folder: folder.path, output: folder)
            defer { child.kill() }
            #expect(try await becomesTrue { FileManager.default.fileExists(atPath: portFile) || child.ended() != nil })
            #expect(child.ended() == nil, "\(child.errors)")
        }

        @Test("a port that is taken ends the start with the address, and a wrong option with 2", .timeLimit(.minutes(1)))
        func port() async throws {
            try await withServer { server in
                let folder = try Folder()
                let refused = try await serve(folder, ["--listen", server.address])
                #expect(refused.code == 1)
                #expect(refused.errors.contains(server.address), "\(refused.errors)")
                #expect(try await serve(folder, ["--listen", "127.0.0.1:99999"]).code == 2)
                #expect(try await serve(folder, ["--tls-cert", "nothing"]).code == 2)
                #expect(try await serve(folder, ["--listen", "127.0.0.1:0", "--tls-cert", "nothing", "--tls-key", "nothing"]).code == 1)
            }
        }

        @Test("a newer schema, another program's database and a file that is none are refused and left as they are", .timeLimit(.minutes(1)))
        func foreignFiles() async throws {
            let (folder, _) = try await stopped()
            let path = database(folder)
            let sound = try bytes(path)
            var newer = sound
            newer.replaceSubrange(60..<64, with: [0, 0, 3, 0xE7])
            // The application's number, at offset 68 of the file's header, is another's.
            var foreign = sound
            foreign.replaceSubrange(68..<72, with: [1, 2, 3, 4])
            let text = Array(String(repeating: "this is no database at all\n", count: 1_000).utf8)
            for (content, sentence) in [(newer, "version 999"), (foreign, "another program"), (text, "pinyon.db")] {
                try put(content, path)
                let refused = try await serve(folder, ["--listen", "127.0.0.1:0"])
                #expect(refused.code == 1)
                #expect(refused.errors.contains(sentence), "\(refused.errors)")
                #expect(try bytes(path) == content, "a refused file was changed")
                #expect(try await pinyon(["verify", "--data", folder.path + "/data"], in: folder).code == 1)
            }
            try put(sound, path)
            #expect(try await pinyon(["verify", "--data", folder.path + "/data"], in: folder).code == 0)
        }

        @Test("a database that was cut short is refused, wherever it was cut", .timeLimit(.minutes(2)))
        func truncated() async throws {
            let (folder, ids) = try await stopped()
            let path = database(folder)
            let sound = try bytes(path)
            for share in [0.05, 0.5, 0.99] {
                try put(Array(sound.prefix(Int(Double(sound.count) * share))), path)
                #expect(try await pinyon(["verify", "--data", folder.path + "/data"], in: folder).code == 1)
                #expect(try await isRefusedOrRight(folder, ids) == .refused)
            }
        }

        private enum Finding: Equatable { case refused, damageNoticed, allRight }

        /// Asks for every row one by one, and for all by a stream: each answer is right, or an error.
        private func isRefusedOrRight(_ folder: Folder, _ ids: [Identifier]) async throws -> Finding {
            let server: RunningServer
            do {
                server = try await RunningServer.start(in: folder)
            } catch let error as RunningServer.DidNotStart {
                #expect(error.description.contains("code: Optional(1)"), "\(error)")
                return .refused
            }
            defer { server.child.kill() }
            let client = try server.client(retries: .none)
            defer { client.close() }
            var finding = Finding.allRight
            for (number, id) in ids.enumerated() {
                do throws(ClientError) {
                    let found = try await client.memories([id], withVectors: true)
                    #expect(found.map(\.content) == [content(number)], "a wrong answer")
                    #expect(found.first?.embedding?.vector == vector(of: content(number)), "a wrong vector")
                } catch {
                    finding = .damageNoticed
                    guard case .refused(let fault) = error, fault.code == .dataCorrupted || fault.code == .notFound || fault.code == .storeUnavailable else {
                        Issue.record("\(error)")
                        continue
                    }
                    #expect(fault.code == .dataCorrupted, "row \(number): \(fault)")
                }
            }
            do {
                for try await page in client.stream(MemoryListing()) {
                    for memory in page {
                        guard let number = ids.firstIndex(of: memory.id) else {
                            Issue.record("a memory that never was: \(memory)")
                            continue
                        }
                        #expect(memory.content == content(number), "a wrong answer")
                    }
                }
            } catch { finding = .damageNoticed }
            let answer = try? await client.search(SearchRequest(query: .vector(vector(of: content(7))), k: 5))
            for entry in answer?.entries ?? [] {
                guard let number = ids.firstIndex(of: entry.hit.id), let memory = entry.memory else {
                    Issue.record("a hit that never was: \(entry)")
                    continue
                }
                #expect(memory.content == content(number), "a wrong answer")
            }
            return finding
        }

        @Test("a bit that flips in a row is noticed by verify and never answered from", .timeLimit(.minutes(2)))
        func flippedInRow() async throws {
            let (folder, ids) = try await stopped()
            let path = database(folder)
            let sound = try bytes(path)
            let place = try #require(Data(sound).range(of: Data(content(42).utf8))).lowerBound
            var spoilt = sound
            spoilt[place + 10] ^= 0x04
            try put(spoilt, path)
            let verified = try await pinyon(["verify", "--data", folder.path + "/data"], in: folder)
            #expect(verified.code == 1)
            #expect((verified.output + verified.errors).contains("agent_memories"))
            #expect(try await isRefusedOrRight(folder, ids) == .damageNoticed)
        }

        @Test("a bit that flips anywhere never brings a wrong answer, and verify notices it where it matters", .timeLimit(.minutes(10)))
        func flippedAnywhere() async throws {
            let (folder, ids) = try await stopped()
            let path = database(folder)
            let sound = try bytes(path)
            let seed = UInt64.random(in: 1...UInt64.max >> 1)
            print("flip test: seed \(seed)")
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<(Checkout.isLong ? 300 : 10) {
                var spoilt = sound
                let place = Int.random(in: 0..<sound.count, using: &generator)
                let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &generator)
                spoilt[place] ^= bit
                for name in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + name) }
                try put(spoilt, path)
                let verified = try await pinyon(["verify", "--data", folder.path + "/data"], in: folder)
                let finding = try await isRefusedOrRight(folder, ids)
                #expect(finding == .allRight || verified.code == 1, "byte \(place), bit \(bit): \(finding), and verify says \(verified.output)")
            }
        }
    }
}
