import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("TLS from the command line")
    struct CommandTLSTests {
        /// A certificate for localhost alone, and a server that has it.
        private func withTLS(_ body: (RunningServer, Folder) async throws -> Void) async throws {
            let folder = try Folder()
            let made = try await pinyon(["tls-self-signed", "--name", "localhost"], in: folder)
            #expect(made.code == 0, "\(made.errors)")
            let server = try await RunningServer.start(in: folder, ["--tls-cert", "server.crt", "--tls-key", "server.key"])
            defer { server.child.kill() }
            try await body(server, folder)
        }

        private func status(_ address: String, _ server: RunningServer, _ folder: Folder, _ options: [String]) async throws -> Finished {
            try await pinyon(["status", "--server", address, "--key-file", server.keyFile, "--timeout", "5"] + options, in: folder)
        }

        @Test("a client that trusts the certificate and asks for its name is served; the key file is its owner's alone", .timeLimit(.minutes(1)))
        func trusted() async throws {
            try await withTLS { server, folder in
                let byName = try await status("localhost:\(server.port)", server, folder, ["--tls-ca", "server.crt", "--json"])
                #expect(byName.code == 0, "\(byName.errors)")
                #expect(try JSON(parsing: Array(byName.output.utf8))["connections"]?["tls"] == .bool(true))
                let byNumber = try await status(server.address, server, folder, ["--tls-ca", "server.crt", "--tls-name", "localhost"])
                #expect(byNumber.code == 0, "\(byNumber.errors)")
                let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/server.key")
                #expect(attributes[.posixPermissions] as? Int == 0o600)
                let again = try await pinyon(["tls-self-signed", "--name", "localhost"], in: folder)
                #expect(again.code == 1 && again.errors.contains("--force"))
            }
        }

        @Test("a wrong name, no trust, and plain bytes are each refused with a sentence", .timeLimit(.minutes(2)))
        func refused() async throws {
            try await withTLS { server, folder in
                for (options, words) in [
                    (["--tls-ca", "server.crt"], ["127.0.0.1", "certificate", "--tls-name"]), (["--tls", "--tls-name", "localhost"], ["certificate", "--tls-ca"]),
                    (["--tls-ca", "server.crt", "--tls-name", "other.example"], ["certificate", "other.example", "--tls-name"]), ([], ["TLS"]),
                    (["--tls-ca", "nothing.crt"], ["nothing.crt"]),
                ] as [([String], [String])] {
                    let finished = try await status(server.address, server, folder, options)
                    #expect(finished.code == 1, "\(options)")
                    for word in words { #expect(finished.errors.contains(word), "\(options) should say \(word): \(finished.errors)") }
                    #expect(finished.errors.split(separator: "\n").count == 1, "\(finished.errors)")
                }
                let still = try await status("localhost:\(server.port)", server, folder, ["--tls-ca", "server.crt"])
                #expect(still.code == 0)
            }
        }

        @Test("a client that wants TLS is refused by a server without it", .timeLimit(.minutes(1)))
        func plainServer() async throws {
            try await withServer { server in
                _ = try await pinyon(["tls-self-signed"], in: server.folder)
                let finished = try await status(server.address, server, server.folder, ["--tls-ca", "server.crt"])
                #expect(finished.code == 1)
                #expect(finished.errors.contains("TLS"), "\(finished.errors)")
            }
        }
    }
}
