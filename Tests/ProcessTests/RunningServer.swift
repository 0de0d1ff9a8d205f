import Client
import Foundation
import Testing
import Transport

/// The real binary, serving on loopback.
final class RunningServer: Sendable {
    let child: Child
    let folder: Folder
    let dataPath: String
    let port: Int

    var address: String { "127.0.0.1:\(port)" }
    var keyFile: String { dataPath + "/admin.key" }

    struct DidNotStart: Error, CustomStringConvertible { let description: String }

    private init(child: Child, folder: Folder, dataPath: String, port: Int) {
        self.child = child
        self.folder = folder
        self.dataPath = dataPath
        self.port = port
    }

    /// Starts it on `folder`/data and waits until it listens, without an embedder unless the options name one. `tracer` stands before the program on
    /// the command line.
    static func start(in folder: Folder, _ options: [String] = [], port: Int = 0, tracer: [String] = []) async throws -> RunningServer {
        let portFile = folder.path + "/port-\(UUID().uuidString)"
        let data = folder.path + "/data"
        let embedder = options.contains("--embedder") ? [] : ["--embedder", "none"]
        let serve = ["serve", "--data", data, "--listen", "127.0.0.1:\(port)", "--port-file", portFile]
        let child = try Child(
            tracer + [Checkout.binary()] + serve + embedder + options, environment: Checkout.environment, folder: folder.path, output: folder)
        let found = try await poll(seconds: 60) { () -> Int? in
            if let status = child.ended() { throw DidNotStart(description: "the server ended with \(status): \(child.errors)") }
            guard let text = try? String(contentsOfFile: portFile, encoding: .utf8) else { return nil }
            return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        guard let found else {
            child.kill()
            throw DidNotStart(description: "the server did not listen in time: \(child.errors)")
        }
        return RunningServer(child: child, folder: folder, dataPath: data, port: found)
    }

    func key() throws -> String {
        try String(contentsOfFile: keyFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func client(retries: RetryPolicy = RetryPolicy(), deadlineMilliseconds: UInt32 = 30_000, tls: TLSClient? = nil) throws -> MemoryClient {
        MemoryClient(
            ClientConfiguration(address: try Address(address), key: try key(), tls: tls, deadlineMilliseconds: deadlineMilliseconds, retries: retries))
    }

    /// SIGTERM, and how it ended.
    @discardableResult
    func stop() async throws -> Child.Status? {
        child.send(SIGTERM)
        return try await child.end()
    }

    /// Makes it stand still until `child.send(SIGCONT)`; returns when each of its threads does.
    func freeze() async throws {
        child.send(SIGSTOP)
        let tasks = "/proc/\(child.process)/task"
        let isStill = try await becomesTrue(withinSeconds: 30) {
            try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
                try String(contentsOfFile: "\(tasks)/\(task)/status", encoding: .utf8).contains("State:\tT")
            }
        }
        try #require(isStill, "the server did not stand still")
    }

    /// The process id that holds the data directory: under a tracer not the child's own.
    func holder() throws -> pid_t {
        let line = try String(contentsOfFile: dataPath + "/pinyon.lock", encoding: .utf8).split(separator: "\n").first
        return try #require(line.flatMap { pid_t($0) })
    }

    func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(try holder())/statm", encoding: .utf8)
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        return try #require(numbers.dropFirst().first) * Int(getpagesize())
    }
}

/// Starts a server in a folder of its own, and ends it whatever `body` does.
func withServer<Value>(_ options: [String] = [], _ body: (RunningServer) async throws -> Value) async throws -> Value {
    let folder = try Folder()
    let server = try await RunningServer.start(in: folder, options)
    defer { server.child.kill() }
    return try await body(server)
}

/// What a command that has ended printed, and how it ended.
struct Finished: Sendable {
    let status: Child.Status
    let output: String
    let errors: String

    var code: Int32? { status.code }
}

/// Runs `pinyon` to its end.
func pinyon(
    _ arguments: [String], in folder: Folder, environment: [String: String] = [:], withinSeconds seconds: Double = 60
) async throws -> Finished {
    try await run([Checkout.binary()] + arguments, in: folder, environment: environment, withinSeconds: seconds)
}

func run(
    _ arguments: [String], in folder: Folder, environment: [String: String] = [:], withinSeconds seconds: Double = 60
) async throws -> Finished {
    let merged = Checkout.environment.merging(environment) { $1 }
    let child = try Child(arguments, environment: merged, folder: folder.path, output: folder)
    defer { child.kill() }
    let status = try #require(try await child.end(withinSeconds: seconds), "\(arguments.joined(separator: " ")) did not end; it said: \(child.errors)")
    return Finished(status: status, output: child.output, errors: child.errors)
}
