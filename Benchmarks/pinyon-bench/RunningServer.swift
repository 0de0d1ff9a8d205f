import Foundation
import Records
import Transport

/// A server process with a data folder of its own; stopped and removed when it is let go.
final class RunningServer {
    let folder: URL
    let address: Address
    let key: String?
    let pid: Int32
    private let process: Process

    /// `arguments` follow the binary's verb; `{DIR}` in them is the folder.
    init(binary: String, arguments: [String], hasKey: Bool) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pinyon-bench-\(UUID().uuidString)")
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let portFile = folder.appendingPathComponent("port")
        process = Process()
        process.executableURL = URL(fileURLWithPath: binary)
        process.arguments = arguments.map { $0.replacingOccurrences(of: "{DIR}", with: folder.path) } + ["--port-file", portFile.path]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        var environment = ProcessInfo.processInfo.environment
        environment["OPENBLAS_CORETYPE"] = nil
        environment["OPENBLAS_L2_SIZE"] = nil
        process.environment = environment
        try process.run()
        var port: Int?
        for _ in 0..<15_000 where port == nil && process.isRunning {
            port = (try? String(contentsOf: portFile, encoding: .utf8)).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
            if port == nil { Thread.sleep(forTimeInterval: 0.02) }
        }
        guard let port else { throw BenchError("\(binary) did not start") }
        address = try Address("127.0.0.1:\(port)")
        pid = process.processIdentifier
        key = hasKey ? try String(contentsOf: folder.appendingPathComponent("data/admin.key"), encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines) : nil
    }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    var database: String { folder.appendingPathComponent("data/pinyon.db").path }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: folder)
    }
}

/// Vectors with independent normal components, the same for the same seed.
struct VectorSource {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    private mutating func uniform() -> Double { Double(generator.next() >> 11) / 9_007_199_254_740_992 }

    mutating func vector(_ dimension: Int) -> [Float] {
        (0..<dimension).map { _ in Float((-2 * log(max(uniform(), 1e-300))).squareRoot() * cos(2 * .pi * uniform())) }
    }
}
