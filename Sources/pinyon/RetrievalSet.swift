internal import Engine
internal import Records

/// Documents and questions with known answers, each within a scope.
struct RetrievalSet {
    struct Document {
        let id: String
        let text: String
        /// What its metadata says of its place in a conversation.
        var place: RetrievalTrial.Place
        let sequence: Int64?
    }

    struct Query {
        let id: String
        let scope: String
        let text: String
        let relevant: Set<String>
        let category: String
    }

    /// By scope, in the order of the file.
    private(set) var documents: [String: [Document]] = [:]
    private(set) var queries: [Query] = []
    /// Without a word or a sign: they cannot be found.
    private(set) var emptyCount = 0

    init(documents path: String, queries queryPath: String) throws {
        var ids: [String: Set<String>] = [:]
        try RetrievalSet.read(path) { object, place in
            let document = try Document(object, place)
            let scope = try object.name("scope", place) ?? ""
            guard ids[scope, default: []].insert(document.id).inserted else { throw Failure("\(place): there is a document \(document.id) already in its scope") }
            guard !document.text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
                emptyCount += 1
                return
            }
            documents[scope, default: []].append(document)
        }
        var queryIDs: Set<String> = []
        try RetrievalSet.read(queryPath) { object, place in
            guard let relevant = object["relevant"]?.list?.map(\.text), !relevant.contains(nil) else { throw Failure("\(place): relevant is to be a list of documents' ids") }
            let query = Query(
                id: try object.required("id", place), scope: try object.name("scope", place) ?? "", text: try object.required("text", place), relevant: Set(relevant.compactMap(\.self)),
                category: try object.name("category", place) ?? "")
            guard queryIDs.insert(query.id).inserted else { throw Failure("\(place): there is a question \(query.id) already") }
            guard !query.relevant.isEmpty else { return }
            guard let known = ids[query.scope] else { throw Failure("\(place): no document is of the scope \"\(query.scope)\"") }
            if let unknown = query.relevant.sorted().first(where: { !known.contains($0) }) { throw Failure("\(place): there is no document \(unknown) in its scope") }
            queries.append(query)
        }
        orderConversations()
        guard !queries.isEmpty else { throw Failure("\(queryPath) has no question with a relevant document") }
    }

    /// Has the documents of each conversation follow one another by their sequence, at times that do the same.
    private mutating func orderConversations() {
        for (scope, all) in documents {
            var (ordered, conversations) = (all, [String: [Int]]())
            for (place, document) in all.enumerated() { if let name = document.place.conversation { conversations[name, default: []].append(place) } }
            for places in conversations.values {
                var last = Timestamp(microseconds: 0)
                // Where not all have a sequence, by their times, and as they stand in the file.
                let isCounted = places.allSatisfy { all[$0].sequence != nil }
                let keys = places.map { place in (isCounted ? all[place].sequence ?? 0 : all[place].place.time?.microseconds ?? 0, place) }
                for (_, place) in keys.sorted(by: <) {
                    last = max(Timestamp(microseconds: last.microseconds + 1), all[place].place.time ?? last)
                    ordered[place].place.time = last
                }
            }
            documents[scope] = ordered
        }
    }

    static func read(_ path: String, _ body: (JSON, String) throws -> Void) throws {
        let reader = try LineReader(path)
        while let line = try reader.next() {
            let place = "\(path), line \(line.number)"
            guard !line.isTooLong else { throw Failure("\(place) is longer than \(LineReader.lineBytesMax) bytes") }
            guard !line.bytes.isEmpty else { continue }
            let object: JSON
            do { object = try JSON(parsing: Array(line.bytes)) } catch { throw Failure("\(place): \(error)") }
            try body(object, place)
        }
    }
}

extension RetrievalSet.Document {
    fileprivate init(_ object: JSON, _ line: String) throws {
        let metadata = object["metadata"].flatMap { $0 == .null ? nil : $0 } ?? .emptyObject
        guard case .object = metadata else { throw Failure("\(line): metadata is to be an object") }
        id = try object.required("id", line)
        text = try object.required("text", line)
        sequence = try metadata.count("sequence", line)
        place = RetrievalTrial.Place(conversation: try metadata.name("conversation", line), time: try metadata.moment("time", line), speaker: try metadata.name("speaker", line))
    }
}

extension JSON {
    func required(_ member: String, _ place: String) throws -> String {
        guard let text = self[member]?.text else { throw Failure("\(place): \(member) is to be a text") }
        return text
    }

    /// A text, or a number as one; nil where there is none.
    fileprivate func name(_ member: String, _ place: String) throws -> String? {
        switch self[member] {
        case nil, .null?: nil
        case .text(let text)?: text
        case .integer(let number)?: String(number)
        default: throw Failure("\(place): \(member) is to be a text or a whole number")
        }
    }

    fileprivate func count(_ member: String, _ place: String) throws -> Int64? {
        guard let value = self[member], value != .null else { return nil }
        if let number = value.integer ?? value.text.flatMap({ Int64($0) }) ?? value.number.flatMap({ Int64(exactly: $0) }) { return number }
        throw Failure("\(place): \(member) is to be a whole number")
    }

    fileprivate func moment(_ member: String, _ place: String) throws -> Timestamp? {
        guard let value = self[member], value != .null else { return nil }
        if let seconds = value.number ?? value.integer.map({ Double($0) }), abs(seconds) < 1e11 { return Timestamp(microseconds: Int64(seconds * 1e6)) }
        if let found = value.text.flatMap(WrittenTime.read) { return found }
        throw Failure("\(place): \(member) is to be a time as 2026-03-01T12:30:00Z, 2026-03-01 12:30, 2026/03/01 (Sun) 12:30, 12:30 pm on 1 March, 2026, or seconds since 1970")
    }
}
