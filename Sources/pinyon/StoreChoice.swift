internal import Storage

/// Where a command finds the rows: in a data directory, or in a database of PostgreSQL's.
enum StoreChoice {
    case folder(String)
    case database(PostgresConfiguration)

    static let dataOption = Option("data", "DIR", "where everything is kept", or: ".pinyon", isSetting: true)

    static let storeOption = Option(
        "store", "ADDRESS", "keep it in this PostgreSQL database instead, postgres://USER@HOST/DATABASE; only the first key lies in --data then", isSetting: true)
    static let schemaOption = Option("store-schema", "NAME", "the schema that holds its tables", or: PostgresConfiguration.defaultSchema, isSetting: true)

    static let pooledOption = Option("store-pooled", nil, "the address is that of a pooler which gives each transaction another connection", isSetting: true)

    static let options = [
        dataOption, storeOption, schemaOption, pooledOption,
        Option("store-readers", "N", "connections that read; one more writes", or: "4", isSetting: true),
    ]

    init(_ arguments: Arguments) throws {
        guard let text = arguments["store"] else {
            self = .folder(try arguments.required("data"))
            return
        }
        guard !text.isEmpty else { throw UsageError("\(arguments.label("store")) is empty; postgres://USER@HOST/DATABASE is an address") }
        var configuration = try StoreChoice.configuration(text, named: arguments.label("store"), arguments, schema: "store-schema")
        configuration.isPooled = arguments.has("store-pooled")
        if arguments["store-readers"] != nil { configuration.readersMax = try arguments.integer("store-readers", in: 1...64) }
        self = .database(configuration)
    }

    /// A word that is an address of PostgreSQL's, or else a folder; the option tells the schema in the first case.
    init(_ word: String, named name: String, _ arguments: Arguments, schema option: String) throws {
        let isAddress = word.hasPrefix("postgres://") || word.hasPrefix("postgresql://")
        guard isAddress else {
            self = .folder(word)
            return
        }
        var configuration = try StoreChoice.configuration(word, named: name, arguments, schema: option)
        // Nothing stays prepared, so that it makes no difference whether a pooler stands between.
        configuration.isPooled = true
        self = .database(configuration)
    }

    private static func configuration(_ text: String, named name: String, _ arguments: Arguments, schema option: String) throws -> PostgresConfiguration {
        do {
            var configuration = PostgresConfiguration(try PostgresAddress(text))
            configuration.schema = try arguments.required(option)
            do throws(StorageError) { _ = try PostgresStore.schemaSteps(configuration) } catch {
                guard case .unavailable(let detail) = error else { throw error }
                throw UsageError("\(arguments.label(option)): \(detail)")
            }
            return configuration
        } catch StorageError.unavailable(let detail) {
            throw UsageError("\(name): \(detail)")
        }
    }

    /// As sentences name it.
    var name: String {
        switch self {
        case .folder(let folder): folder
        case .database(let configuration): configuration.address.description
        }
    }

    /// One that is there already; where there is none, none is made.
    func openExisting() throws -> any Store {
        do throws(StorageError) {
            switch self {
            case .folder(let folder): _ = try SQLiteStore.schemaVersion(in: folder)
            case .database(let configuration): try PostgresStore.requireLatest(configuration)
            }
        } catch {
            throw Failure(error.reason)
        }
        return try open()
    }

    func open() throws -> any Store {
        do throws(StorageError) {
            switch self {
            case .folder(let folder):
                let directory = try DataDirectory.open(folder, at: System.wallClock)
                do throws(StorageError) { return try SQLiteStore.open(directory) } catch {
                    directory.close()
                    throw error
                }
            case .database(let configuration): return try PostgresStore.open(configuration)
            }
        } catch {
            throw Failure(error.description)
        }
    }
}
