internal import Client
internal import Records
internal import Transport
internal import Wire

/// How a verb reaches the server: the options that all of them share, and the client made of them.
enum Connection {
    static let options: [Option] = [
        Option("server", "HOST:PORT", "where the server listens", or: defaultAddress, isSetting: true),
        Option("key-file", "FILE", "file with the access key", or: ".pinyon/admin.key", isSetting: true),
        Option("key", "KEY", "the access key itself, by environment or file of settings only", isSetting: true, isSecret: true),
        Option("tls", nil, "speak TLS, trusting the system's certificates", isSetting: true),
        Option("tls-ca", "FILE", "speak TLS, trusting this certificate", isSetting: true),
        Option("tls-name", "NAME", "the name that the server's certificate must bear; the host if not given", isSetting: true),
        Option("timeout", "SECONDS", "give up after so long", or: "30", isSetting: true),
        Option("json", nil, "print one JSON object, for programs"),
    ]

    static let defaultAddress = "127.0.0.1:7411"
    private static let keyFileBytesMax = 4_096

    static func client(_ arguments: Arguments) throws -> MemoryClient {
        let address = try address(arguments, "server")
        let seconds = try arguments.integer("timeout", in: 1...3_600)
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

    static func address(_ arguments: Arguments, _ name: String) throws(UsageError) -> Address {
        let text = try arguments.required(name)
        do throws(TransportError) { return try Address(text) } catch { throw UsageError("\(arguments.label(name)): \(error.description)") }
    }

    private static func key(_ arguments: Arguments) throws -> String {
        let path = try arguments.required("key-file")
        if let key = arguments["key"], let own = arguments.source("key"), let other = arguments.source("key-file"), own.rank <= other.rank { return key }
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

    static func advice(_ error: ClientError) -> String {
        switch error {
        case .unreachable: "\(error). Is the server running? Start it with: pinyon serve"
        case .notTrusted: "\(error). --tls-ca names the certificate to trust, --tls-name the name that it must bear"
        case .refused(let fault) where fault.code == .unauthenticated: "\(fault). Check --key-file or PINYON_KEY"
        case .refused(let fault) where fault.code == .noEmbedder: "\(fault): --vector, or --mode lexical"
        case .refused(let fault) where fault.code == .wrongSpace && fault.field?.hasSuffix("space") == true:
            "\(fault). --space names the space of a vector; pinyon status shows the organization's"
        case .connectionLost, .timedOut, .cancelled, .refused, .protocolViolation, .closed, .tooLarge: error.description
        }
    }
}
