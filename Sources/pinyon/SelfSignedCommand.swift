internal import Records
internal import Storage
internal import Transport

enum SelfSignedCommand {
    static let verb = Verb(
        name: "tls-self-signed", summary: "Make a certificate and key for trying TLS out", words: "", wordsMax: 0,
        options: [
            Option("out", "DIR", "where to write server.crt and server.key; the present folder if not given"),
            Option("name", "NAME|IP", "whom it stands for; localhost, 127.0.0.1 and ::1 if not given", repeats: true),
            Option("days", "N", "how long it is valid", or: "365"), Option("force", nil, "replace files that are there"),
        ], run: run)

    @Sendable static func run(_ arguments: Arguments) async throws {
        let folder = arguments["out"] ?? "."
        let names = arguments.all("name").isEmpty ? ["localhost", "127.0.0.1", "::1"] : arguments.all("name")
        let days = try arguments.integer("days", in: 1...3_650)
        let certificate = folder + "/server.crt"
        let key = folder + "/server.key"
        for path in [certificate, key] where System.exists(path) && !arguments.has("force") {
            throw Failure("\(path) is there already; give --force to replace it")
        }
        let pair = try SelfSigned.make(names: names, days: days)
        try System.write(pair.keyPEM, file: key, mode: 0o600)
        try System.write(pair.certificatePEM, file: certificate, mode: 0o644)
        print(
            """
            wrote \(certificate) and \(key), for \(names.joined(separator: ", "))
              pinyon serve --tls-cert \(certificate) --tls-key \(key)
              pinyon status --tls-ca \(certificate)
            """)
    }
}
