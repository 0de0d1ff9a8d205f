import Client
import Foundation
import Records
import Testing
import Transport
import Wire

@Suite("Starting and stopping", .serialized)
struct StopTests {
    private func fill(_ server: ServerProcess, count: Int) async throws {
        let client = server.client()
        defer { client.close() }
        let agent = try await client.ensureAgent("a").id
        for start in stride(from: 0, to: count, by: 100) {
            _ = try await client.remember((start..<min(start + 100, count)).map { MemoryDraft(agent: agent, content: "\($0) " + String(repeating: "x", count: 2_000), vector: [1, Float($0)]) })
        }
    }

    @Test("a stop lets what is under way finish, says goodbye, and ends with 0")
    func drain() async throws {
        let server = try ServerProcess()
        try await fill(server, count: 300)
        let raw = RawConnection(server.address)
        #expect(await raw.authenticate(server.key, streamCredit: 1))
        raw.request(.stream(MemoryListing()), id: 1)
        #expect(await raw.wait { $0.frames.contains { $0.header.type == .item } })
        server.process.terminate()
        #expect(await raw.wait { $0.frames.contains { $0.header.type == .goodbye } })
        raw.request(.ping, id: 2)
        #expect(await raw.fault(2)?.code == .draining)
        var bytes: [UInt8] = []
        Credit(bytes: 1 << 30).append(to: &bytes)
        raw.send(bytes)
        #expect(await raw.wait { $0.frames.contains { $0.header.type == .end } })
        #expect(server.end(within: 20) == 0)
        #expect(server.log.contains("stopped"))
    }

    @Test("a stop waits for what is stuck only as long as it may")
    func drainDeadline() async throws {
        let server = try ServerProcess(arguments: ["--drain-seconds", "1"])
        try await fill(server, count: 300)
        let raw = RawConnection(server.address)
        #expect(await raw.authenticate(server.key, streamCredit: 1))
        raw.request(.stream(MemoryListing()), id: 1)
        #expect(await raw.wait { $0.frames.contains { $0.header.type == .item } })
        server.process.terminate()
        #expect(server.end(within: 20) == 0)
        #expect(server.log.contains("connections did not finish in time"))
    }

    @Test("a second wish to stop ends the process at once")
    func secondSignal() async throws {
        let folder = TemporaryFolder()
        let server = try ServerProcess(in: folder, arguments: ["--drain-seconds", "600"])
        try await fill(server, count: 300)
        let raw = RawConnection(server.address)
        #expect(await raw.authenticate(server.key, streamCredit: 1))
        raw.request(.stream(MemoryListing()), id: 1)
        #expect(await raw.wait { $0.frames.contains { $0.header.type == .item } })
        server.process.terminate()
        #expect(await raw.wait { $0.frames.contains { $0.header.type == .goodbye } })
        server.process.terminate()
        #expect(server.end(within: 20) == 1)
        let again = try ServerProcess(in: folder)
        #expect(try await again.client().status()["organization"]?["memories"] == 300)
    }

    @Test("one process owns a data directory; the second says who holds it")
    func lock() throws {
        let server = try ServerProcess()
        let second = try Binary.run(["serve", "--data", server.data, "--listen", "127.0.0.1:0"])
        #expect(second.status == 1 && second.error.contains("\(server.process.processIdentifier)"), "\(second.error)")
    }

    @Test("beyond this machine there is TLS, or an explicit word")
    func plaintext() throws {
        let folder = TemporaryFolder()
        let refused = try Binary.run(["serve", "--data", folder.path("data"), "--listen", "0.0.0.0:0"])
        #expect(refused.status == 2 && refused.error.contains("--allow-plaintext"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("data")))
    }

    @Test("a taken port, a newer schema and a foreign file are refused with a sentence")
    func refusals() throws {
        let server = try ServerProcess()
        let folder = TemporaryFolder()
        let taken = try Binary.run(["serve", "--data", folder.path("data"), "--listen", server.address.description])
        #expect(taken.status == 1 && taken.error.contains("in use"), "\(taken.error)")
        #expect(server.stop() == 0)
        let path = server.data + "/pinyon.db"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[63] = 99
        try bytes.write(to: URL(fileURLWithPath: path))
        let newer = try Binary.run(["serve", "--data", server.data, "--listen", "127.0.0.1:0"])
        #expect(newer.status == 1 && newer.error.contains("99"), "\(newer.error)")
        try Data("this is no database, whatever its name says".utf8).write(to: URL(fileURLWithPath: path))
        let foreign = try Binary.run(["serve", "--data", server.data, "--listen", "127.0.0.1:0"])
        #expect(foreign.status == 1 && !foreign.error.isEmpty)
    }

    @Test("a file with flipped bytes is refused or noticed, and no wrong content is ever answered")
    func corruption() async throws {
        let folder = TemporaryFolder()
        let server = try ServerProcess(in: folder)
        try await fill(server, count: 100)
        #expect(server.stop() == 0)
        let path = server.data + "/pinyon.db"
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        var generator = KillTests.Generator(state: 11)
        var noticed = 0
        for _ in 0..<12 {
            var bytes = good
            let place = Int.random(in: 100..<good.count, using: &generator)
            bytes[place] ^= UInt8.random(in: 1...255, using: &generator)
            try bytes.write(to: URL(fileURLWithPath: path))
            let verified = try Binary.run(["verify", "--data", server.data])
            if verified.status != 0 { noticed += 1 }
            guard let damaged = try? ServerProcess(in: folder) else { continue }
            let client = damaged.client(retries: .none)
            if let page = try? await client.list(MemoryListing(limit: 1_000)) {
                for memory in page.memories { #expect(memory.content.hasSuffix(String(repeating: "x", count: 2_000)), "byte \(place)") }
            }
            damaged.kill()
        }
        #expect(noticed > 0)
        try good.write(to: URL(fileURLWithPath: path))
        #expect(try Binary.run(["verify", "--data", server.data]).status == 0)
    }
}
