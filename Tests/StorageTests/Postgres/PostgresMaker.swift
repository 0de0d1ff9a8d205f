import Foundation
import Records
@testable import Storage
import Synchronization
import Testing

/// Databases on the servers that PINYON_TEST_POSTGRES names, one for each home.
struct PostgresMaker: StoreMaker {
    let address: String?
    let number: Int
    /// Whether the database's main space is another than any that a test makes.
    var isBeside = false
    /// Whether a pooler stands between that gives each transaction another connection.
    var isPooled = false

    /// The last server, behind a pooler.
    static let pooled: PostgresMaker = {
        var maker = all[all.count - 1]
        maker.isBeside = false
        maker.isPooled = true
        return maker
    }()

    static let all: [PostgresMaker] = {
        let named = ProcessInfo.processInfo.environment["PINYON_TEST_POSTGRES"] ?? ""
        let addresses = named.split(whereSeparator: \.isWhitespace).map(String.init)
        guard !addresses.isEmpty else { return [PostgresMaker(address: nil, number: 0)] }
        let makers = addresses.enumerated().map { PostgresMaker(address: $1, number: $0) }
        return makers + makers.suffix(1).map { PostgresMaker(address: $0.address, number: $0.number, isBeside: true) }
    }()

    var testDescription: String { "PostgreSQL \(number + 1)\(isBeside ? ", beside" : "")\(isPooled ? ", pooled" : "")" }

    /// What the names of the columns with a test's vectors begin with.
    var beside: String { isBeside ? "other_" : "" }

    func makeHome() throws -> any StoreHome { try makeDatabase() }

    func makeDatabase() throws -> PostgresHome {
        guard let address else {
            Issue.record("no PostgreSQL to test on: run scripts/test, or set PINYON_TEST_POSTGRES to the address of one with pgvector")
            throw StorageError.unavailable("no PostgreSQL")
        }
        return try PostgresHome(address, isBeside: isBeside, pooler: isPooled ? Pooler.before(address).address : nil)
    }
}

/// A database that is dropped with its last reference.
final class PostgresHome: StoreHome, Sendable {
    let configuration: PostgresConfiguration
    private let server: PostgresAddress
    private let name: String
    private let isBeside: Bool

    init(_ address: String, isBeside: Bool = false, pooler: PostgresAddress? = nil) throws {
        self.isBeside = isBeside
        server = try PostgresAddress(address)
        name = "pinyon_test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        let connection = try PostgresConnection(server, secondsMax: 60)
        try connection.script("CREATE DATABASE \(name) TEMPLATE template0")
        var configuration = PostgresConfiguration((pooler ?? server).with(database: name))
        configuration.readersMax = 1
        configuration.isPooled = pooler != nil
        self.configuration = configuration
    }

    deinit {
        guard let connection = try? PostgresConnection(server, secondsMax: 60) else { return }
        try? connection.script("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    func open() throws -> any Store { try openPostgres() }

    func openPostgres() throws -> PostgresStore {
        let store = try PostgresStore.open(configuration)
        if isBeside { try connect().script("SELECT pinyon.lay_space('\(Identifier.none)', \(World.dimension + 1))") }
        return store
    }

    /// As the one who owns all, without a pooler between.
    func connect() throws -> PostgresConnection { try PostgresConnection(server.with(database: name), secondsMax: 60) }
}
