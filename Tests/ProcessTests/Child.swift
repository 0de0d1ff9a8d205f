import Foundation
import Synchronization

/// A process that a test started, in a group of its own, with its output in files. Letting go of it kills the whole group.
final class Child: Sendable {
    struct Status: Hashable, Sendable {
        /// Nil when a signal ended it.
        let code: Int32?
        let signal: Int32?
    }

    struct StartError: Error { let sentence: String }

    let process: pid_t
    let outputPath: String
    let errorPath: String
    private let status = Mutex<Status?>(nil)

    /// `arguments` begins with the program's path.
    init(_ arguments: [String], environment: [String: String], folder: String, output: Folder) throws {
        let name = UUID().uuidString
        outputPath = output.path + "/\(name).out"
        errorPath = output.path + "/\(name).err"
        var actions = unsafe posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawnattr_init(&attributes)
        defer {
            unsafe posix_spawn_file_actions_destroy(&actions)
            unsafe posix_spawnattr_destroy(&attributes)
        }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        // `env` goes to the folder and then becomes the program.
        let command = ["/usr/bin/env", "-C", folder] + arguments
        var words: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe environment.map { unsafe strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for unsafe word in unsafe words { unsafe free(word) }
            for unsafe variable in unsafe variables { unsafe free(variable) }
        }
        var started: pid_t = 0
        let code = unsafe posix_spawn(&started, command[0], &actions, &attributes, &words, &variables)
        guard code == 0 else { throw StartError(sentence: "\(arguments[0]) cannot be started: error \(code)") }
        process = started
    }

    deinit { kill() }

    func send(_ signal: Int32) {
        guard ended() == nil else { return }
        _ = Foundation.kill(process, signal)
    }

    /// Ends it and all that it started, and waits for it.
    func kill() {
        guard ended() == nil else { return }
        _ = Foundation.kill(-process, SIGKILL)
        _ = reap(options: 0)
    }

    /// Nil while it runs.
    func ended() -> Status? { reap(options: WNOHANG) }

    private func reap(options: Int32) -> Status? {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            guard unsafe waitpid(process, &raw, options) == process else { return nil }
            let signal = raw & 0x7F
            status = signal == 0 ? Status(code: raw >> 8 & 0xFF, signal: nil) : Status(code: nil, signal: signal)
            return status
        }
    }

    /// How it ended; nil when it still runs after the bound.
    func end(withinSeconds seconds: Double = 60) async throws -> Status? {
        try await poll(seconds: seconds) { self.ended() }
    }

    var output: String { text(outputPath) }
    var errors: String { text(errorPath) }

    private func text(_ path: String) -> String { String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self) }
}

/// Asks until there is an answer, or the bound has passed.
func poll<Value>(seconds: Double, _ ask: () async throws -> Value?) async throws -> Value? {
    let end = Date(timeIntervalSinceNow: seconds)
    while true {
        if let value = try await ask() { return value }
        guard Date() < end else { return nil }
        try await Task.sleep(nanoseconds: 5_000_000)
    }
}

/// The same for something that becomes true.
func becomesTrue(withinSeconds seconds: Double = 60, _ ask: () async throws -> Bool) async throws -> Bool {
    try await poll(seconds: seconds) { try await ask() ? true : nil } ?? false
}
