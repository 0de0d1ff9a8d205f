internal import Client
internal import Records
internal import Transport
internal import Wire

/// How a verb reaches the server: the options that all of them share, and the client made of them.
enum Connection {
    static let options: [Option] = [
        Option("server", "HOST:PORT", "where the server listens; 127.0.0.1:7411 if not given", variable: "PINYON_SERVER"),
        Option("key-file", "FILE", "file with the access key; .pinyon/admin.key if not given", variable: "PINYON_KEY_FILE"),
        Option("tls", nil, "speak TLS, trusting the system's certificates"),
        Option("tls-ca", "FILE", "speak TLS, trusting this certificate", variable: "PINYON_TLS_CA"),
        Option("tls-name", "NAME", "the name that the server's certificate must bear; the host if not given"),
        Option("timeout", "SECONDS", "give up after so long; 30 if not given"),
        Option("json", nil, "print one JSON object, for programs"),
    ]

    static let defaultAddress = "127.0.0.1:7411"
    static let defaultKeyFile = ".pinyon/admin.key"
    private static let keyFileBytesMax = 4_096

    static func client(_ arguments: Arguments) throws -> MemoryClient {
        let address: Address
        do { address = try Address(arguments["server"] ?? defaultAddress) } catch { throw UsageError("--server: \(error.description)") }
        let seconds = try arguments.integer("timeout", 30, in: 1...3_600)
        var configuration = ClientConfiguration(address: address, key: try key(arguments), name: "pinyon-cli \(Pinyon.version)")
        configuration.deadlineMilliseconds = UInt32(seconds) * 1_000
        configuration.connectMilliseconds = UInt32(min(seconds, 5)) * 1_000
        if arguments.has("tls") || arguments["tls-ca"] != nil {
            let trust: TLSTrust = arguments["tls-ca"].map { .file($0) } ?? .system
            do {
                configuration.tls = try TLSClient(trust: trust, serverName: arguments["tls-name"] ?? address.host)
            } catch {
                throw Failure(error.description)
            }
        }
        return MemoryClient(configuration)
    }

    private static func key(_ arguments: Arguments) throws -> String {
        if arguments["key-file"] == nil, let key = System.environment("PINYON_KEY"), !key.isEmpty { return key }
        let path = arguments["key-file"] ?? defaultKeyFile
        guard System.exists(path) else {
            throw Failure("there is no key file \(path). A server's first start writes DIR/admin.key: name it with --key-file, or set PINYON_KEY")
        }
        let text = String(decoding: try System.read(file: path, bytesMax: keyFileBytesMax), as: UTF8.self)
        guard let key = text.split(whereSeparator: \.isWhitespace).first else { throw Failure("\(path) is empty") }
        if System.isReadableByOthers(path) { System.printError("pinyon: others can read \(path); chmod 600 it") }
        return String(key)
    }

    /// Runs `body` with a client, and turns its errors into sentences that say what to do next.
    static func run(_ arguments: Arguments, _ body: (MemoryClient) async throws -> Void) async throws {
        let client = try client(arguments)
        defer { client.close() }
        do {
            try await body(client)
        } catch let error as ClientError {
            throw Failure(advice(error))
        }
    }

    private static func advice(_ error: ClientError) -> String {
        switch error {
        case .unreachable: "\(error). Is the server running? Start it with: pinyon serve"
        case .refused(let fault) where fault.code == .unauthenticated: "\(fault). Check --key-file or PINYON_KEY"
        case .refused(let fault) where fault.code == .noEmbedder: "\(fault). Give one with --vector"
        case .connectionLost, .timedOut, .cancelled, .refused, .protocolViolation, .closed, .tooLarge: error.description
        }
    }
}
