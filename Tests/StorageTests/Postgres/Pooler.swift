import Foundation
@testable import Storage
import Synchronization
import Testing

/// PgBouncer before one server, which gives each transaction another connection. It runs as long as the tests do.
final class Pooler: @unchecked Sendable {
    let address: PostgresAddress
    private let held: Pipe

    private static let made = Mutex<[String: Result<Pooler, PoolerError>]>([:])

    struct PoolerError: Error, CustomStringConvertible { let description: String }

    static func before(_ address: String) throws -> Pooler {
        try made.withLock { made in
            if let known = made[address] { return try known.get() }
            let result = Result { () throws(PoolerError) in try Pooler(address) }
            made[address] = result
            return try result.get()
        }
    }

    private init(_ server: String) throws(PoolerError) {
        let file = FileManager.default
        let folder = file.temporaryDirectory.appendingPathComponent("pinyon-pooler-\(UUID().uuidString)").path
        let port = Int.random(in: 20_000..<30_000)
        do {
            let known = try PostgresAddress(server)
            try file.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
            let password = known.value(of: "password").map { " password='\($0)'" } ?? ""
            let settings = """
                [databases]
                * = host=\(known.value(of: "host") ?? "127.0.0.1") port=\(known.value(of: "port") ?? "5432") user=\(known.value(of: "user") ?? "postgres")\(password)
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = \(port)
                unix_socket_dir =
                auth_type = any
                pool_mode = transaction
                default_pool_size = 4
                max_client_conn = 500
                logfile = \(folder)/log
                pidfile = \(folder)/pid
                """
            try settings.write(toFile: folder + "/pgbouncer.ini", atomically: false, encoding: .utf8)
            address = try PostgresAddress("postgres://postgres@127.0.0.1:\(port)/postgres")
            held = try Pooler.start(folder)
        } catch {
            throw PoolerError(description: "\(error)")
        }
        let wanted = DispatchTime.now() + .seconds(60)
        while DispatchTime.now() < wanted {
            if (try? PostgresConnection(address, secondsMax: 10, keepsStatements: false)) != nil { return }
            usleep(50_000)
        }
        let log = (try? String(contentsOfFile: folder + "/log", encoding: .utf8)) ?? "it left no log; scripts/install test installs it"
        throw PoolerError(description: "PgBouncer was not to be reached: \(log)")
    }

    /// Root it refuses to serve as. It ends when nobody holds the other end of what its guard reads.
    private static func start(_ folder: String) throws -> Pipe {
        let other = getuid() == 0 ? "setpriv --reuid nobody --regid nogroup --clear-groups " : ""
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "\(other)/usr/sbin/pgbouncer -q \(folder)/pgbouncer.ini </dev/null & cat; kill -9 $!; rm -rf \(folder)"]
        process.standardInput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return pipe
    }
}
