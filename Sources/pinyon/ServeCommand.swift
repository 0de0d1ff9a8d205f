internal import Dispatch
internal import Embedding
internal import Engine
internal import Glibc
internal import Records
internal import Secrets
internal import Server
internal import Storage
internal import Synchronization
internal import Transport

enum ServeCommand {
    static let verb = Verb(
        name: "serve", summary: "Start the server", words: "", wordsMax: 0,
        options: [
            Option("config", "FILE", "the file of settings; /etc/pinyon.conf if that is there", isSetting: true),
            Option("listen", "HOST:PORT", "where to listen", or: Connection.defaultAddress, isSetting: true),
            Option("port-file", "FILE", "write the port that was bound into this file", isSetting: true),
            Option("tls-cert", "FILE", "speak TLS with this certificate chain", isSetting: true),
            Option("tls-key", "FILE", "the key of that certificate", isSetting: true),
            Option("allow-plaintext", nil, "listen beyond this machine without TLS; keys and memories are then readable on the way", isSetting: true),
            Option("admin-key", "KEY", "the key of the first start; made at random if not given", isSetting: true, isSecret: true),
            Option("loops", "N", "event loops", or: String(min(2, System.processorCount)), isSetting: true),
            Option("drain-seconds", "N", "how long a stop may take", or: "10", isSetting: true),
            Option("idle-seconds", "N", "close connections that are silent for so long", or: "600", isSetting: true),
            Option("handshake-seconds", "N", "close connections that bring no key for so long", or: "10", isSetting: true),
            Option("connections", "N", "how many at most", or: String(ServerLimits().connectionsMax), isSetting: true),
        ] + StoreChoice.options + EmbedderSettings.options + [
            Option("print-config", nil, "print what is in force and where it came from, and start nothing"),
            Option("json", nil, "with --print-config: one JSON object, for programs"),
        ],
        notes: "Each setting can be given as an option, as an environment variable, or as a line NAME = VALUE of the file of settings, in that order: what is "
            + "said first holds. In the file, names are those of the options without the dashes before them, and an unknown one is an error.",
        run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let address = try Connection.address(arguments, "listen")
        let tls = try tls(arguments)
        guard address.isLoopback || tls != nil || arguments.has("allow-plaintext") else {
            throw UsageError(
                "\(address) can be reached from other machines and there is no TLS. Give --tls-cert and --tls-key (pinyon tls-self-signed makes a pair), "
                    + "or say --allow-plaintext")
        }
        var limits = ServerLimits()
        limits.drainMilliseconds = try arguments.integer("drain-seconds", in: 0...3_600) * 1_000
        limits.idleMilliseconds = UInt32(try arguments.integer("idle-seconds", in: 1...86_400)) * 1_000
        limits.handshakeMilliseconds = UInt32(try arguments.integer("handshake-seconds", in: 1...3_600)) * 1_000
        limits.connectionsMax = try arguments.integer("connections", in: 1...1_000_000)
        let loopCount = try arguments.integer("loops", in: 1...64)
        let adminKey = try adminKey(arguments)
        let choice = try StoreChoice(arguments)
        try EmbedderSettings.check(arguments)
        if arguments.has("print-config") { return SettingsReport(verb, arguments).show(asJSON: arguments.has("json")) }
        for name in SettingsReport.unknownVariables { log.warning("an environment variable names no setting", (.name, name)) }
        Signals.ignoreBrokenPipes()
        let descriptors = System.raiseDescriptorLimit()
        if descriptors < limits.connectionsMax + descriptorsBesides {
            log.warning("fewer connections than allowed are possible: the process may hold too few descriptors", (.count, String(descriptors)))
        }
        let stop = Signals.stopRequests()

        let embedder = try EmbedderSettings.embedder(arguments)
        let store = try choice.open()
        for note in store.notes { log.warning("the store was mended", (.detail, note)) }
        let engine: MemoryEngine
        do {
            try firstStart(store, try arguments.required("data"), adminKey)
            engine = try MemoryEngine(
                store: store, clock: clock, log: log, limits: EngineLimits(searchWorkers: System.processorCount),
                facts: EngineFacts(version: Pinyon.version, store: store.facts, residentBytes: { System.residentBytes }), embedder: embedder)
            if let embedder { log.info("embedder stands", (.name, embedder.model.description), (.detail, embedder.precision)) }
        } catch {
            store.close()
            throw Failure("\(error)")
        }
        let server = MemoryServer(engine: engine, clock: clock, log: log, limits: limits, version: Pinyon.version, loopCount: loopCount)
        let bound: Address
        do {
            bound = try server.listen(on: address, tls: tls)
        } catch {
            store.close()
            throw Failure("cannot listen on \(address): \(error.description)")
        }
        if let path = arguments["port-file"] { try System.write(Array("\(bound.port)\n".utf8), file: path, mode: 0o644) }
        print("pinyon \(Pinyon.version) listens on \(bound)\(tls == nil ? "" : " with TLS"), data in \(choice.name)")
        System.flushOutput()

        await stop.first()
        log.info("stopping")
        stop.onSecond { _exit(1) }
        await withCheckedContinuation { continuation in server.drain { continuation.resume() } }
        store.close()
        log.info("stopped")
        writer.finish(milliseconds: 1_000)
    }

    /// Files of the store, loops, and what a library may want.
    private static let descriptorsBesides = 64

    private static let clock = Clock(now: { System.wallClock }, ticks: { DispatchTime.now().uptimeNanoseconds })

    private static let log = Log { level, message, facts in
        let line = JSON.object(
            [
                .init("time", .text(System.wallClock.description)), .init("level", .text(level.rawValue)), .init("message", .text(message)),
            ] + facts.map { .init($0.0.rawValue, .text($0.1)) })
        writer.write(line.description)
    }

    private static let writer = LogWriter()

    private static func tls(_ arguments: Arguments) throws -> TLSServer? {
        switch (arguments["tls-cert"], arguments["tls-key"]) {
        case (nil, nil): return nil
        case (let certificate?, let key?):
            do {
                if System.isReadableByOthers(key) { System.printError("pinyon serve: others can read \(key); chmod 600 it") }
                return try TLSServer(certificateFile: certificate, keyFile: key)
            } catch {
                throw Failure(error.description)
            }
        case (nil, _?), (_?, nil): throw UsageError("--tls-cert and --tls-key go together")
        }
    }

    /// The first organization and its key. The key is on disk before the store knows it, and shown once.
    private static func firstStart(_ store: any Store, _ folder: String, _ given: KeyText?) throws {
        guard try store.reads.tenancy().organizations.isEmpty else { return }
        try DataDirectory.make(folder)
        let path = folder + "/admin.key"
        let isKnown = System.exists(path)
        let key: KeyText
        if isKnown {
            let text = String(decoding: try System.read(file: path, bytesMax: 4_096), as: UTF8.self)
            guard let known = text.split(whereSeparator: \.isWhitespace).first.flatMap({ KeyText(String($0)) }) else {
                throw Failure("\(path) holds no key; move it away, and the first start makes one")
            }
            key = known
        } else {
            key = given ?? .random()
            try System.write(Array("\(key.text)\n".utf8), file: path, mode: 0o600)
        }
        do throws(StorageError) {
            try MemoryEngine.makeOrganization(in: store, name: "Default", slug: "default", admin: key, at: System.wallClock)
        } catch {
            guard case .alreadyExists = error else { throw error }
            // Another server on the same database was first.
            if !isKnown { System.remove(path) }
            return
        }
        print(
            given == nil
                ? "A first organization was made. Its admin key, kept in \(path), is shown this once:\n\n  \(key.text)\n"
                : "A first organization was made. Its admin key is the one that was set, kept in \(path).")
        System.flushOutput()
    }

    private static func adminKey(_ arguments: Arguments) throws -> KeyText? {
        guard let text = arguments["admin-key"] else { return nil }
        guard let key = KeyText(text) else { throw UsageError("\(arguments.label("admin-key")) is no access key; \(KeyText.shape)") }
        return key
    }
}
