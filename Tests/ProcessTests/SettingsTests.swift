import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("Settings come from options, environment and one file, in that order")
    struct SettingsTests {
        private static let key = "pny_" + String(repeating: "k", count: 43)

        private func print(_ arguments: [String], in folder: Folder, _ environment: [String: String] = [:]) async throws -> [String: JSON] {
            let finished = try await pinyon(["serve", "--print-config", "--json"] + arguments, in: folder, environment: environment)
            #expect(finished.code == 0, "\(finished.errors)")
            #expect(!finished.output.contains(SettingsTests.key) && !finished.errors.contains(SettingsTests.key))
            let settings = try JSON(parsing: Array(finished.output.utf8))["settings"]?.list ?? []
            return Dictionary(uniqueKeysWithValues: settings.map { ($0["name"]?.text ?? "", $0) })
        }

        @Test("what is in force is shown with its source, and secrets are not", .timeLimit(.minutes(1)))
        func order() async throws {
            let folder = try Folder()
            let file = try folder.write("# all\nlisten = 127.0.0.1:1\n\n  idle-seconds=7\r\nloops = \"3\"\nadmin-key = \(SettingsTests.key)\nserver = a:1\n", to: "f.conf")
            let environment = ["PINYON_CONFIG": file, "PINYON_LISTEN": "127.0.0.1:2", "PINYON_IDLE_SECONDS": "8", "PINYON_ALLOW_PLAINTEXT": "yes"]
            let shown = try await print(["--listen", "127.0.0.1:3"], in: folder, environment)
            for (name, value, source) in [
                ("listen", "127.0.0.1:3", "--listen"), ("idle-seconds", "8", "PINYON_IDLE_SECONDS"), ("loops", "3", "\(file):5"),
                ("drain-seconds", "10", "default"), ("allow-plaintext", "yes", "PINYON_ALLOW_PLAINTEXT"), ("admin-key", "(hidden)", "\(file):6"),
                ("config", file, "PINYON_CONFIG"),
            ] {
                #expect(shown[name]?["value"]?.text == value && shown[name]?["source"]?.text == source, "\(name): \(shown[name]?.description ?? "")")
            }
            #expect(try await print(["--allow-plaintext=no"], in: folder, environment)["allow-plaintext"]?["value"]?.text == "no")
            #expect(try await print([], in: folder, environment)["listen"]?["source"]?.text == "PINYON_LISTEN")
            let other = try folder.write("loops = 4\n", to: "other.conf")
            #expect(try await print(["--config", other], in: folder, environment)["loops"]?["value"]?.text == "4")
        }

        @Test("what a file gets wrong is an error with its line", .timeLimit(.minutes(1)))
        func wrongFiles() async throws {
            let folder = try Folder()
            for (text, words) in [
                ("lisen = 127.0.0.1:1", [":1", "lisen", "is listen meant"]), ("\n\nidle_seconds = 1", [":3", "is idle-seconds meant"]),
                ("loops", [":1", "NAME = VALUE"]), ("loops = 1\nloops = 1", [":2", "twice"]), ("loops =", [":1", "no value"]),
                ("loops = many", [":1: loops", "\"many\""]), ("allow-plaintext = maybe", [":1", "yes or no"]), ("config = x", [":1", "config"]),
            ] {
                let file = try folder.write(text, to: "wrong.conf")
                let finished = try await pinyon(["serve", "--config", file], in: folder)
                #expect(finished.code == 2, "\(text)")
                for word in words { #expect(finished.errors.contains(word), "\(text): \(finished.errors)") }
            }
            #expect(try await pinyon(["serve", "--config", "missing.conf"], in: folder).code == 1)
            #expect(try await pinyon(["status", "--timeout", "x"], in: folder, environment: ["PINYON_TIMEOUT": "3"]).errors.contains("--timeout"))
            #expect(try await pinyon(["status"], in: folder, environment: ["PINYON_TIMEOUT": "x"]).errors.contains("PINYON_TIMEOUT"))
        }

        @Test("a secret is refused on the command line, and an unknown variable is told of", .timeLimit(.minutes(1)))
        func secrets() async throws {
            let folder = try Folder()
            for arguments in [["serve", "--admin-key", "x"], ["status", "--key=x"]] {
                let finished = try await pinyon(arguments, in: folder)
                #expect(finished.code == 2 && finished.errors.contains("would be seen by others"), "\(finished.errors)")
            }
            let told = try await pinyon(["serve", "--print-config"], in: folder, environment: ["PINYON_LISTN": "x"])
            #expect(told.code == 0 && told.errors.contains("PINYON_LISTN"))
            let wrong = try await pinyon(["serve"], in: folder, environment: ["PINYON_ADMIN_KEY": "secret"])
            #expect(wrong.code == 2 && wrong.errors.contains("PINYON_ADMIN_KEY") && !wrong.errors.contains("secret"))
        }

        @Test("a first start takes the key that it was given, and does not print it", .timeLimit(.minutes(1)))
        func givenKey() async throws {
            let folder = try Folder()
            let file = try folder.write("admin-key = \(SettingsTests.key)\n", to: "serve.conf")
            let server = try await RunningServer.start(in: folder, ["--config", file])
            defer { server.child.kill() }
            #expect(!server.child.output.contains(SettingsTests.key))
            #expect(server.child.errors.contains("others can read"))
            let environment = ["PINYON_SERVER": server.address, "PINYON_KEY": SettingsTests.key]
            #expect(try await pinyon(["status"], in: folder, environment: environment).code == 0)
            // What comes from the nearer place holds: a file's key does not stand in for the variable's key file.
            let client = try folder.write("key = \(SettingsTests.key)\n", to: "client.conf")
            let nearer = ["PINYON_SERVER": server.address, "PINYON_CONFIG": client, "PINYON_KEY_FILE": "missing"]
            #expect(try await pinyon(["status"], in: folder, environment: nearer).errors.contains("missing"))
            #expect(try await pinyon(["status"], in: folder, environment: ["PINYON_SERVER": server.address, "PINYON_CONFIG": client]).code == 0)
        }
    }
}
