import CPostgres
import Glibc

/// One statement and what is put into it.
struct PostgresStep {
    let sql: String
    let parameters: PostgresParameters
    /// How many rows it must write; nil for any number.
    var mustWrite: Int?
    /// Its row is one that a constraint may refuse, which is no fault of the store.
    var mayBeRefused = false

    init(_ sql: String, _ fill: (inout PostgresParameters) -> Void = { _ in }) {
        var parameters = PostgresParameters()
        fill(&parameters)
        self.sql = sql
        self.parameters = parameters
    }
}

/// One connection to one database. Belongs to one thread at a time.
///
/// Statements go out together and their answers come back together: one way there and back, however many they are. What was sent before stays prepared, unless
/// the way leads through a pooler that gives each transaction another connection.
@safe final class PostgresConnection {
    private let handle: OpaquePointer
    private let secondsMax: Int
    private let keepsStatements: Bool
    /// The names of what is prepared, by its text.
    private var names: [String: String] = [:]
    private var namesGiven = 0
    /// Beyond them statements are sent whole each time.
    private static let statementsMax = 500
    private static let goneSecondsMax = 45
    /// Nothing comes over it any more.
    private(set) var isLost = false
    /// An answer is to come that nobody has waited for.
    private var isOwed = false

    /// How long one exchange may take before the other end counts as gone.
    init(_ address: PostgresAddress, secondsMax: Int, keepsStatements: Bool = true) throws(StorageError) {
        self.secondsMax = secondsMax
        self.keepsStatements = keepsStatements
        var settings = address.settings
        // Another end that is there may take long for an answer; one that is gone is noticed.
        let goneSeconds = min(secondsMax, PostgresConnection.goneSecondsMax)
        let defaults = [
            ("application_name", "pinyon"), ("connect_timeout", "10"), ("tcp_user_timeout", "\(goneSeconds * 1_000)"), ("keepalives_idle", "\(goneSeconds)"),
            ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ]
        for (keyword, value) in defaults where address.value(of: keyword) == nil { settings.append(PostgresAddress.Setting(keyword: keyword, value: value)) }
        settings.removeAll { $0.keyword == "client_encoding" }
        settings.append(PostgresAddress.Setting(keyword: "client_encoding", value: "UTF8"))
        let opened = unsafe withCStrings(settings.map(\.keyword)) { keywords in
            unsafe withCStrings(settings.map(\.value)) { values in unsafe PQconnectdbParams(keywords, values, 0) }
        }
        guard let opened = unsafe opened else { throw .unavailable("no memory for a connection to \(address)") }
        guard unsafe PQstatus(opened) == CONNECTION_OK else {
            let message = unsafe PostgresConnection.message(opened)
            unsafe PQfinish(opened)
            throw .unavailable("\(address) cannot be reached: \(message)")
        }
        unsafe handle = opened
        _ = unsafe PQsetnonblocking(handle, 1)
        // Notices are for people at a terminal.
        _ = unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
    }

    convenience init(_ configuration: PostgresConfiguration) throws(StorageError) {
        try self.init(configuration.address, secondsMax: configuration.answerSecondsMax, keepsStatements: !configuration.isPooled)
    }

    /// For what may have to look at every row.
    convenience init(migrating configuration: PostgresConfiguration) throws(StorageError) {
        try self.init(configuration.address, secondsMax: PostgresStore.maintenanceSecondsMax, keepsStatements: false)
    }

    deinit { unsafe PQfinish(handle) }

    /// As 160014 for 16.14.
    var serverVersion: Int { Int(unsafe PQserverVersion(handle)) }

    /// Whether a transaction is open, in good order or failed.
    var isInTransaction: Bool {
        // What ends one is on its way.
        guard !isOwed else { return false }
        let status = unsafe PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    // MARK: Statements

    @discardableResult
    func run(_ step: PostgresStep) throws(PostgresFailure) -> PostgresRows {
        let answers = try run([step])
        return answers[answers.count - 1]
    }

    /// What each gave. After one that fails the others are not carried out.
    func run(_ steps: [PostgresStep]) throws(PostgresFailure) -> [PostgresRows] {
        try takeOwed()
        guard !isLost, unsafe PQenterPipelineMode(handle) == 1 else { throw lost("the connection is gone") }
        defer { _ = unsafe PQexitPipelineMode(handle) }
        /// For each answer that is to come, the step, and the text that it prepares.
        var awaited: [(step: Int, prepares: String?)] = []
        for (place, step) in steps.enumerated() {
            if keepsStatements, names[step.sql] == nil, names.count < PostgresConnection.statementsMax {
                namesGiven += 1
                let name = "s\(namesGiven)"
                names[step.sql] = name
                guard unsafe PQsendPrepare(handle, name, step.sql, 0, nil) == 1 else { throw lost() }
                awaited.append((place, step.sql))
            }
            try send(step)
            awaited.append((place, nil))
        }
        guard unsafe PQpipelineSync(handle) == 1 else { throw lost() }
        try flush()
        return try answers(awaited)
    }

    /// Sends a statement whose answer nobody waits for: it is read before the next one is sent, and what is wrong with it then is the connection's loss.
    func runLater(_ step: PostgresStep) throws(PostgresFailure) {
        try takeOwed()
        guard !isLost, unsafe PQenterPipelineMode(handle) == 1 else { throw lost("the connection is gone") }
        isOwed = true
        try send(step)
        guard unsafe PQpipelineSync(handle) == 1 else { throw lost() }
        try flush()
    }

    private func takeOwed() throws(PostgresFailure) {
        guard isOwed else { return }
        isOwed = false
        defer { _ = unsafe PQexitPipelineMode(handle) }
        do throws(PostgresFailure) { _ = try answers([(0, nil)]) } catch { throw lost(error.message) }
    }

    private func send(_ step: PostgresStep) throws(PostgresFailure) {
        let count = step.parameters.places.count
        let isSent = unsafe step.parameters.bytes.withUnsafeBytes { bytes in
            let start = unsafe bytes.assumingMemoryBound(to: CChar.self).baseAddress
            let values = unsafe step.parameters.places.map { place in unsafe place.flatMap { place in unsafe start.map { unsafe $0 + place.lowerBound } } }
            let lengths = step.parameters.places.map { Int32($0?.count ?? 0) }
            let formats = [Int32](repeating: 1, count: count)
            if let name = names[step.sql] { return unsafe PQsendQueryPrepared(handle, name, Int32(count), values, lengths, formats, 1) }
            return unsafe PQsendQueryParams(handle, step.sql, Int32(count), nil, values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw lost() }
    }

    private func answers(_ awaited: [(step: Int, prepares: String?)]) throws(PostgresFailure) -> [PostgresRows] {
        var rows: [PostgresRows] = []
        var failure: PostgresFailure?
        for (step, prepares) in awaited {
            while let answer = unsafe try next() {
                switch unsafe PQresultStatus(answer) {
                case PGRES_COMMAND_OK, PGRES_TUPLES_OK:
                    if prepares == nil { unsafe rows.append(PostgresRows(answer)) } else { unsafe PQclear(answer) }
                case let status:
                    if let prepares { names[prepares] = nil }
                    if failure == nil, status != PGRES_PIPELINE_ABORTED {
                        failure = unsafe PostgresConnection.failure(answer)
                        failure?.statement = step
                    }
                    unsafe PQclear(answer)
                }
            }
        }
        // The end of what went out together.
        while let answer = unsafe try next() {
            let isEnd = unsafe PQresultStatus(answer) == PGRES_PIPELINE_SYNC
            unsafe PQclear(answer)
            if isEnd { break }
        }
        if unsafe PQstatus(handle) != CONNECTION_OK { isLost = true }
        if let failure {
            // What was prepared is not there any more where a pooler stands between.
            if failure.isOfConnection || failure.code == "26000" { isLost = true }
            throw failure
        }
        guard !isLost else { throw lost() }
        return rows
    }

    /// Runs a text of several statements without parameters, and drops what they give. The first that fails ends it.
    func execute(_ script: String) throws(PostgresFailure) {
        try takeOwed()
        guard !isLost else { throw lost("the connection is gone") }
        guard unsafe PQsendQuery(handle, script) == 1 else { throw lost() }
        try flush()
        var failure: PostgresFailure?
        while let answer = unsafe try next() {
            let status = unsafe PQresultStatus(answer)
            if failure == nil, status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK, status != PGRES_EMPTY_QUERY {
                failure = unsafe PostgresConnection.failure(answer)
            }
            unsafe PQclear(answer)
        }
        if let failure { throw failure }
    }

    /// Runs a query, and hands over what it gives as the rows come, some at a time.
    func copy(_ query: String, columns: Int, _ body: (PostgresRows) throws(StorageError) -> Void) throws(StorageError) {
        do throws(PostgresFailure) {
            try takeOwed()
            guard !isLost, unsafe PQsendQuery(handle, "COPY (\(query)) TO STDOUT (FORMAT binary)") == 1 else { throw lost() }
            try flush()
            guard let answer = unsafe try next() else { throw lost() }
            let status = unsafe PQresultStatus(answer)
            let failure = unsafe PostgresConnection.failure(answer)
            unsafe PQclear(answer)
            guard status == PGRES_COPY_OUT else {
                while let more = unsafe try next() { unsafe PQclear(more) }
                throw failure
            }
        } catch {
            throw StorageError(error)
        }
        var (bytes, count, isFirst): ([UInt8], Int, Bool) = ([], 0, true)
        func handOver() throws(StorageError) {
            guard count > 0 else { return }
            guard let rows = PostgresRows(copied: bytes, count: count, columns: columns) else { throw .internalError("what COPY gave are no rows") }
            bytes.removeAll(keepingCapacity: true)
            count = 0
            try body(rows)
        }
        do throws(StorageError) {
            while try unsafe copied({ row in
                // Before the first row stands a header, and behind the last -1.
                let start = isFirst ? PostgresConnection.copyHeaderBytes : 0
                isFirst = false
                guard row.count >= start + 2, unsafe row[start] != 0xFF else { return }
                unsafe bytes.append(contentsOf: row[start...])
                count += 1
            }) {
                if bytes.count >= PostgresConnection.copiedBytesMax || count >= PostgresConnection.copiedRowsMax { try handOver() }
            }
            try handOver()
        } catch {
            // What still comes would have to be read to its end.
            isLost = true
            throw error
        }
    }

    private static let copyHeaderBytes = 19
    private static let copiedBytesMax = 1 << 20
    private static let copiedRowsMax = 1_024

    /// The next piece that COPY gives, or false behind the last.
    private func copied(_ body: (UnsafeRawBufferPointer) -> Void) throws(StorageError) -> Bool {
        do throws(PostgresFailure) {
            while true {
                var piece: UnsafeMutablePointer<CChar>?
                let count = unsafe PQgetCopyData(handle, &piece, 1)
                if count > 0 {
                    unsafe body(UnsafeRawBufferPointer(start: piece, count: Int(count)))
                    unsafe PQfreemem(piece)
                    return true
                }
                guard count == 0 else { break }
                try wait(for: Int16(POLLIN))
                guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            }
            var failure: PostgresFailure?
            while let answer = unsafe try next() {
                if failure == nil, unsafe PQresultStatus(answer) != PGRES_COMMAND_OK { failure = unsafe PostgresConnection.failure(answer) }
                unsafe PQclear(answer)
            }
            if let failure { throw failure }
            return false
        } catch {
            throw StorageError(error)
        }
    }

    /// Undoes what is open.
    func rollBack() throws(PostgresFailure) {
        if isInTransaction { try execute("ROLLBACK") }
    }

    // MARK: The wire

    /// Sends all that waits to be sent, and takes what comes meanwhile, so that neither end waits for the other.
    private func flush() throws(PostgresFailure) {
        while true {
            switch unsafe PQflush(handle) {
            case 0: return
            case 1:
                try wait(for: Int16(POLLIN | POLLOUT))
                guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
            default: throw lost()
            }
        }
    }

    /// The next answer; nil behind the last of a statement's.
    private func next() throws(PostgresFailure) -> OpaquePointer? {
        while unsafe PQisBusy(handle) == 1 {
            try wait(for: Int16(POLLIN))
            guard unsafe PQconsumeInput(handle) == 1 else { throw lost() }
        }
        return unsafe PQgetResult(handle)
    }

    private func wait(for events: Int16) throws(PostgresFailure) {
        var place = pollfd(fd: unsafe PQsocket(handle), events: events, revents: 0)
        while true {
            let ready = unsafe poll(&place, 1, Int32(secondsMax * 1_000))
            if ready > 0 { return }
            if ready == 0 { throw lost("no answer within \(secondsMax) s") }
            guard errno == EINTR else { throw lost("the connection cannot be waited for (\(errno))") }
        }
    }

    private func lost(_ message: String? = nil) -> PostgresFailure {
        isLost = true
        return PostgresFailure(code: "", message: message ?? reason)
    }

    private var reason: String { unsafe PostgresConnection.message(handle) }

    private static func failure(_ answer: OpaquePointer) -> PostgresFailure {
        func field(_ code: Character) -> String? {
            unsafe PQresultErrorField(answer, Int32(code.asciiValue ?? 0)).map { unsafe String(cString: $0) }
        }
        return PostgresFailure(code: field("C") ?? "", message: field("M") ?? "no message")
    }

    private static func message(_ handle: OpaquePointer) -> String {
        let message = unsafe PQerrorMessage(handle).map { unsafe String(cString: $0) } ?? ""
        let lines = message.split(separator: "\n")
        return lines.isEmpty ? "the connection ended" : lines.joined(separator: "; ")
    }
}

/// A list of texts as C has it, ended by NULL, for as long as `body` runs.
private func withCStrings<Value>(_ texts: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Value) -> Value {
    var pointers = unsafe texts.map { unsafe UnsafePointer(strdup($0)) }
    unsafe pointers.append(nil)
    defer { for place in unsafe pointers.indices { unsafe free(UnsafeMutablePointer(mutating: pointers[place])) } }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0.baseAddress) }
}
