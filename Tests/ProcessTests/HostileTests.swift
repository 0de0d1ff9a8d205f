import Client
import Foundation
import Records
import Synchronization
import Testing
import Wire

extension RealBinary {
    @Suite("Nothing a client sends stops the server or touches another client")
    struct HostileTests {
        /// Runs `body` while another client searches without pause, and expects that it never met an error.
        private func besidesSearches(_ options: [String] = [], _ body: (RunningServer, Identifier) async throws -> Void) async throws {
            try await withServer(options) { server in
                let client = try server.client(retries: .none)
                defer { client.close() }
                let agent = try await client.ensureAgent("calm").id
                _ = try await client.remember((0..<100).map { MemoryDraft(agent: agent, content: "calm \($0)", vector: vector(of: "calm \($0)")) })
                let isOver = Mutex(false)
                let searched = Mutex(0)
                let searching = Task {
                    var count = 0
                    while !isOver.withLock({ $0 }) {
                        let wanted = "calm \(count % 100)"
                        let answer = try await client.search(SearchRequest(query: .vector(vector(of: wanted)), k: 1))
                        guard answer.entries.first?.memory?.content == wanted else { throw RawConnection.Failed(description: "a wrong hit for \(wanted)") }
                        count += 1
                        searched.withLock { $0 += 1 }
                    }
                    return count
                }
                for _ in 0..<6_000 where searched.withLock({ $0 }) == 0 { try await Task.sleep(nanoseconds: 5_000_000) }
                do {
                    try await body(server, agent)
                } catch {
                    searching.cancel()
                    throw error
                }
                isOver.withLock { $0 = true }
                switch await searching.result {
                case .success(let count): #expect(count > 0)
                case .failure(let error): Issue.record("the other client met \(error)")
                }
                #expect(server.child.ended() == nil)
                let stopped = try await server.stop()
                #expect(stopped?.code == 0, "\(String(describing: stopped)) \(server.child.errors)")
            }
        }

        /// The fault that ends a connection, or nil when it was ended without one.
        private func lastFault(_ connection: RawConnection) throws -> Fault? {
            var fault: Fault?
            while true {
                switch try connection.receive() {
                case .frame(let frame): if frame.header.type == .error { fault = try Fault.read(frame.body) }
                case .closed: return fault
                case .silence: throw RawConnection.Failed(description: "the connection was not closed")
                }
            }
        }

        @Test("random bytes, before and after the key, end only their own connection", .timeLimit(.minutes(2)))
        func garbage() async throws {
            try await besidesSearches { server, _ in
                let seed = UInt64.random(in: 1...UInt64.max >> 1)
                print("garbage test: seed \(seed)")
                var generator = SeededGenerator(seed: seed)
                for round in 0..<(Checkout.isLong ? 2_000 : 100) {
                    let connection = try RawConnection(port: server.port)
                    if round % 2 == 0 { try connection.authenticate(try server.key()) }
                    var bytes = (0..<Int.random(in: 32...5_000, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                    if round % 3 == 0 { bytes.replaceSubrange(0..<4, with: "PNYN".utf8) }
                    connection.send(bytes)
                    let fault = try lastFault(connection)
                    // A reset may swallow the last words when unread bytes are left behind.
                    if let fault { #expect(fault.code == (round % 3 == 0 ? .headerChecksum : .badMagic), "\(fault)") }
                }
            }
        }

        @Test("a valid request with any byte changed gets an error or an answer, and the framing holds or the connection ends", .timeLimit(.minutes(2)))
        func changedBytes() async throws {
            try await besidesSearches { server, agent in
                let frame = RawFrame.request(.search(SearchRequest(query: .vector(vector(of: "calm 1")), k: 3, filter: .equals(.agent, .identifier(agent)))), id: 9)
                var generator = SeededGenerator(seed: 11)
                var connection = try RawConnection(port: server.port)
                try connection.authenticate(try server.key())
                for place in stride(from: 0, to: frame.count, by: Checkout.isLong ? 1 : 2) {
                    var bytes = frame
                    bytes[place] ^= UInt8.random(in: 1...255, using: &generator)
                    // In the body the checksums are made right, so that the parser sees it.
                    if place >= FrameHeader.byteCount { bytes = RawFrame.sealed(bytes) }
                    connection.send(bytes)
                    guard case .frame(let answer) = try connection.receive() else {
                        Issue.record("byte \(place): closed without a word")
                        return
                    }
                    if answer.header.request == 0, answer.header.type == .error {
                        #expect(try Fault.read(answer.body).code.endsConnection)
                        #expect(place < FrameHeader.byteCount)
                        connection = try RawConnection(port: server.port)
                        try connection.authenticate(try server.key())
                    } else {
                        #expect(answer.header.request == 9)
                        #expect(try connection.isAnswered())
                    }
                }
            }
        }

        @Test("half a frame, a huge length and silence harm nobody", .timeLimit(.minutes(2)))
        func halves() async throws {
            try await besidesSearches { server, _ in
                let whole = RawFrame.request(.search(SearchRequest(query: .vector(vector(of: "x")), k: 3)), id: 1)
                for count in [1, 31, 32, 33, whole.count - 1] {
                    let connection = try RawConnection(port: server.port)
                    try connection.authenticate(try server.key())
                    connection.send(Array(whole.prefix(count)))
                }
                let huge = try RawConnection(port: server.port)
                try huge.authenticate(try server.key())
                let before = try server.residentBytes()
                huge.send(RawFrame.sealed(whole, announced: 0xFFFF_FFF8))
                #expect(try lastFault(huge)?.code == .frameTooLarge)
                #expect(try server.residentBytes() - before < 64 * 1_024 * 1_024)
                let early = try RawConnection(port: server.port)
                #expect(try early.frame().header.type == .hello)
                early.send(RawFrame.sealed(whole, announced: 65_536))
                #expect(try lastFault(early)?.code == .frameTooLarge)
                let first = try RawConnection(port: server.port)
                #expect(try first.frame().header.type == .hello)
                first.send(whole)
                #expect(try lastFault(first)?.code == .unexpectedFrame)
            }
        }

        @Test("halves of large frames count as requests do, and beyond the limit only who sends one more is ended", .timeLimit(.minutes(1)))
        func largeHalves() async throws {
            try await besidesSearches { server, agent in
                let draft = MemoryDraft(agent: agent, content: String(repeating: "h", count: Limits.contentBytesMax))
                let half = Array(RawFrame.request(.remember(Array(repeating: draft, count: 60)), id: 1).dropLast(8))
                var held: [RawConnection] = []
                for _ in 0..<20 {
                    let connection = try RawConnection(port: server.port)
                    _ = try connection.authenticate(try server.key())
                    _ = connection.send(half)
                    held.append(connection)
                }
                let last = try #require(held.last)
                #expect(try lastFault(last)?.code == .overloaded)
                #expect(try server.residentBytes() < 1_000 << 20)
            }
        }

        @Test("100 connections that say nothing are closed after the handshake time", .timeLimit(.minutes(2)))
        func silent() async throws {
            try await besidesSearches(["--handshake-seconds", "1"]) { server, _ in
                let all = try (0..<100).map { _ in try RawConnection(port: server.port) }
                for connection in all { #expect(try lastFault(connection)?.code == .handshakeTimeout) }
                let client = try server.client()
                defer { client.close() }
                // They are let go although the other side never closes its end.
                #expect(try await becomesTrue(withinSeconds: 30) { try await client.status()["connections"]?["open"]?.integer == 2 })
                withExtendedLifetime(all) {}
            }
        }

        @Test("a wrong key ends the connection, and says no more than that", .timeLimit(.minutes(1)))
        func wrongKey() async throws {
            try await besidesSearches { server, _ in
                let right = try server.key()
                let nearly = String(right.dropLast()) + (right.last == "x" ? "y" : "x")
                for key in ["", "wrong", nearly, right + "x", String(repeating: "k", count: 256)] {
                    let connection = try RawConnection(port: server.port)
                    #expect(try connection.frame().header.type == .hello)
                    var bytes: [UInt8] = []
                    Authenticate(client: "raw", key: key).append(to: &bytes)
                    connection.send(bytes)
                    let fault = try #require(try lastFault(connection))
                    #expect(fault.code == .unauthenticated)
                    #expect(fault.sentence == "the key is not valid")
                }
                #expect(!server.child.errors.contains("wrong\""))
            }
        }

        @Test("each kind of bad input has its code and names its field, and the connection is kept", .timeLimit(.minutes(1)))
        func badInput() async throws {
            try await besidesSearches { server, agent in
                let connection = try RawConnection(port: server.port)
                try connection.authenticate(try server.key())
                for sample in BadInput.all(agent: agent) {
                    let answer = try connection.ask(sample.frame)
                    guard answer.header.type == .error else {
                        Issue.record("\(sample.name): \(answer.header.type)")
                        continue
                    }
                    let fault = try Fault.read(answer.body)
                    #expect(fault.code == sample.code, "\(sample.name): \(fault)")
                    #expect(fault.field == sample.field, "\(sample.name): \(fault)")
                    #expect(!fault.sentence.isEmpty)
                    #expect(answer.header.request == sample.request)
                    #expect(try connection.isAnswered(), "\(sample.name): the connection is gone")
                }
                // Nothing of it was kept.
                let client = try server.client()
                defer { client.close() }
                #expect(try await client.status()["organization"]?["memories"]?.integer == 100)
            }
        }

        private struct Golden {
            let name: String
            let bytes: [UInt8]
            let error: String
            let field: String?
            let ends: Bool
            let stage: String?
        }

        private static let goldenPath = Checkout.root + "/Tests/Golden/frames.jsonl"

        private func golden() throws -> [Golden] {
            try String(contentsOfFile: HostileTests.goldenPath, encoding: .utf8).split(separator: "\n").compactMap { line in
                let json = try JSON(parsing: Array(line.utf8))
                // What a server may not send is for clients to refuse.
                guard let error = json["error"]?.text, json["direction"]?.text == "client" else { return nil }
                let digits = Array(try #require(json["hex"]?.text).utf8)
                let bytes = try stride(from: 0, to: digits.count - 1, by: 2).map { start in
                    try #require(UInt8(String(decoding: digits[start...start + 1], as: UTF8.self), radix: 16))
                }
                let name = try #require(json["name"]?.text)
                let ends = json["ends_connection"]?.bool ?? false
                return Golden(name: name, bytes: bytes, error: error, field: json["field"]?.text, ends: ends, stage: json["stage"]?.text)
            }
        }

        @Test(
            "every broken golden frame gets the code that its line names", .enabled(if: FileManager.default.fileExists(atPath: goldenPath)), .timeLimit(.minutes(2)))
        func goldenFrames() async throws {
            let all = try golden()
            #expect(all.count >= 40)
            try await besidesSearches { server, _ in
                for sample in all {
                    let connection = try RawConnection(port: server.port)
                    if sample.stage == "handshake" {
                        #expect(try connection.frame().header.type == .hello)
                    } else {
                        try connection.authenticate(try server.key())
                    }
                    connection.send(sample.bytes)
                    guard case .frame(let answer) = try connection.receive(), answer.header.type == .error else {
                        Issue.record("\(sample.name): no error came")
                        continue
                    }
                    let fault = try Fault.read(answer.body)
                    #expect(fault.code.description == sample.error, "\(sample.name): \(fault)")
                    #expect(fault.field == sample.field, "\(sample.name): \(fault)")
                    if sample.ends {
                        #expect(try connection.receive() == .closed, "\(sample.name)")
                    } else {
                        #expect(try connection.isAnswered(), "\(sample.name): the connection is gone")
                    }
                }
            }
        }
    }
}
