import Records
import Testing

extension RunningServer {
    /// Runs a verb against this server, as its administrator unless another key is named.
    func ask(_ arguments: [String], keyFile: String? = nil) async throws -> Finished {
        try await pinyon(arguments, in: folder, environment: ["PINYON_SERVER": address, "PINYON_KEY_FILE": keyFile ?? self.keyFile])
    }

    /// The same with `--json`, for a verb that must succeed.
    func json(_ arguments: [String], keyFile: String? = nil) async throws -> JSON {
        let finished = try await ask(arguments + ["--json"], keyFile: keyFile)
        #expect(finished.code == 0, "\(arguments.joined(separator: " ")): \(finished.errors)")
        return try JSON(parsing: Array(finished.output.utf8))
    }

    /// The identifier of what a verb made.
    func made(_ arguments: [String]) async throws -> String {
        try #require(try await json(arguments)["rows"]?.list?.first?["id"]?.text)
    }
}
