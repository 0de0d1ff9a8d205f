import Client
import Foundation
import Records
import Transport

/// The real binary, running on a data directory in a temporary folder; stopped, whatever happens, when it is let go.
final class ServerProcess: @unchecked Sendable {
    // Each test holds its own and uses it from one task at a time; the process is asked only for what Foundation guards.
    let folder: TemporaryFolder
    let process = Process()
    let address: Address
    let tls: TLSClient?
    var data: String { folder.path("data") }
    var log: String { (try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? "" }

    /// `wrapper` stands before the binary, as strace does.
    init(
        in folder: TemporaryFolder = TemporaryFolder(), arguments: [String] = [], wrapper: [String] = [], tls: TLSClient? = nil, port wanted: Int = 0
    ) throws {
        self.folder = folder
        self.tls = tls
        let portFile = folder.path("port")
        try? FileManager.default.removeItem(atPath: portFile)
        let words = wrapper + [Binary.path, "serve", "--data", folder.path("data"), "--listen", "127.0.0.1:\(wanted)", "--port-file", portFile] + arguments
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = Array(words.dropFirst())
        process.environment = Binary.environment
        _ = FileManager.default.createFile(atPath: folder.path("log"), contents: nil)
        let log = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path("log")))
        process.standardError = log
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var port: Int?
        let deadline = Date().addingTimeInterval(60)
        while port == nil, process.isRunning, Date() < deadline {
            port = (try? String(contentsOfFile: portFile, encoding: .utf8)).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            if port == nil { Thread.sleep(forTimeInterval: 0.01) }
        }
        guard let port else {
            process.terminate()
            throw Unexpected("the server did not start: \((try? String(contentsOfFile: folder.path("log"), encoding: .utf8)) ?? "")")
        }
        address = try Address("127.0.0.1:\(port)")
    }

    var key: String {
        ((try? String(contentsOfFile: data + "/admin.key", encoding: .utf8)) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func client(retries: RetryPolicy = RetryPolicy(), deadlineMilliseconds: UInt32 = 20_000) -> MemoryClient {
        MemoryClient(ClientConfiguration(address: address, key: key, tls: tls, name: "tests", deadlineMilliseconds: deadlineMilliseconds, retries: retries))
    }

    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// The server itself, also behind a wrapper: its data directory's lock names it.
    private var identifier: Int32 {
        let lock = (try? String(contentsOfFile: data + "/pinyon.lock", encoding: .utf8)) ?? ""
        return lock.split(separator: "\n").first.flatMap { Int32($0) } ?? process.processIdentifier
    }

    /// Asks it to stop and gives its exit status.
    func stop() -> Int32 {
        Foundation.kill(identifier, SIGTERM)
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Waits until it has ended by itself; nil when it has not within the bound.
    func end(within seconds: Double) -> Int32? {
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning, Date() < deadline { Thread.sleep(forTimeInterval: 0.01) }
        return process.isRunning ? nil : process.terminationStatus
    }

    deinit {
        guard process.isRunning else { return }
        Foundation.kill(identifier, SIGKILL)
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// A folder that goes with its last holder.
final class TemporaryFolder: Sendable {
    let url: URL

    init() {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-process-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// The command as a user runs it.
enum Binary {
    static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["PINYON_BINARY"] { return path }
        let candidates = ["release", "debug"].map { checkout.appendingPathComponent(".build/\($0)/pinyon").path }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
    }()

    /// Without what a shell may have said about servers, keys or the choice of BLAS kernels.
    static let environment: [String: String] = {
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PINYON_") && !$0.key.hasPrefix("OPENBLAS_") }
        environment["SWIFT_BACKTRACE"] = "enable=no"
        return environment
    }()

    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let error: String
    }

    /// Runs a command to its end.
    static func run(_ words: [String], program: String = path, in folder: String? = nil, environment more: [String: String] = [:], input: String = "") throws -> Outcome {
        let scratch = TemporaryFolder()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = words
        process.environment = environment.merging(more) { $1 }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: scratch.path(name), contents: nil) }
        try input.write(toFile: scratch.path("in"), atomically: false, encoding: .utf8)
        process.standardInput = try FileHandle(forReadingFrom: URL(fileURLWithPath: scratch.path("in")))
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path("out")))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path("err")))
        try process.run()
        process.waitUntilExit()
        let read = { (name: String) in (try? String(contentsOfFile: scratch.path(name), encoding: .utf8)) ?? "" }
        return Outcome(status: process.terminationStatus, output: read("out"), error: read("err"))
    }
}
