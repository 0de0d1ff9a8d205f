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
            let scope = object["scope"]?.text ?? ""
            guard ids[scope, default: []].insert(document.id).inserted else { throw Failure("\(place): there is a document \(document.id) already in its scope") }
            guard !document.text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
                emptyCount += 1
                return
            }
            documents[scope, default: []].append(document)
        }
        try RetrievalSet.read(queryPath) { object, place in
            guard let relevant = object["relevant"]?.list?.map(\.text), !relevant.contains(nil) else { throw Failure("\(place): relevant is to be a list of documents' ids") }
            let query = Query(
                id: try object.required("id", place), scope: object["scope"]?.text ?? "", text: try object.required("text", place), relevant: Set(relevant.compactMap(\.self)),
                category: object["category"]?.text ?? "")
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
                for place in places.sorted(by: { (all[$0].sequence ?? Int64($0), $0) < (all[$1].sequence ?? Int64($1), $1) }) {
                    last = max(Timestamp(microseconds: last.microseconds + 1), all[place].place.time ?? last)
                    ordered[place].place.time = last
                }
            }
            documents[scope] = ordered
        }
    }

    private static func read(_ path: String, _ body: (JSON, String) throws -> Void) throws {
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
        let metadata = object["metadata"] ?? .emptyObject
        id = try object.required("id", line)
        text = try object.required("text", line)
        sequence = metadata["sequence"]?.integer
        place = RetrievalTrial.Place(conversation: metadata["conversation"]?.text, time: metadata["time"]?.text.flatMap(Timestamp.init), speaker: metadata["speaker"]?.text)
    }
}

extension JSON {
    fileprivate func required(_ member: String, _ place: String) throws -> String {
        guard let text = self[member]?.text else { throw Failure("\(place): \(member) is to be a text") }
        return text
    }
}
