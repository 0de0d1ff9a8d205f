public import Records

/// A filter made ready for one search: texts looked up, bounds turned into closed ranges, any-of into sets; then run over each chunk.
///
/// Where the meaning of `Filter` leaves a choice, this is it, for every index:
/// - Tags are always a list, so `exists(tags)` asks for at least one, and `allOf` of nothing is true of every row. `allOf` on metadata wants a
///   list at the path, and a range a number or a text, never a list.
/// - A metadata value of null counts as absent. A list, even an empty one, exists.
/// - Texts compare by their bytes, names of metadata members too; integers and numbers by their exact value.
/// - A value of a type that the field never has is equal to nothing, and a bound of such a type admits nothing.
///
/// Two expressions are equal only if they select the same rows of any snapshot that they were compiled for.
public struct Expression: Hashable, Sendable {
    let root: Node

    /// `tags` are those of the snapshot that will be searched, whose rows are of that kind.
    public init(_ filter: Filter, on kind: Kind = .memory, tags: TagCodes) {
        root = Node(filter, on: kind, tags: tags)
    }

    indirect enum Node: Hashable, Sendable {
        case always
        case never
        case identifier(IdentifierColumn, Set<Identifier>)
        /// A bit for each wanted type's raw value.
        case type(UInt8)
        case anyTag(Set<UInt32>)
        /// Ascending.
        case allTags([UInt32])
        case tagged
        case importance(DoubleInterval)
        case importanceAny(Set<Double>)
        case integer(IntegerColumn, IntegerInterval)
        case integerAny(IntegerColumn, Set<Int64>)
        case present(UInt8)
        case metadata(path: [ByteText], MetadataTest)
        case and([Node])
        case or([Node])
        case not(Node)
    }

    enum IdentifierColumn: Hashable, Sendable {
        case id
        case agent
        case user
        case session
    }

    enum IntegerColumn: Hashable, Sendable {
        case accessCount
        case createdAt
        case updatedAt
        case lastAccessedAt
        case expiresAt
    }
}

extension Expression.Node {
    /// Whether rows must be tried one by one, which is left to the end of an and: the fewer remain, the better.
    var isCostly: Bool {
        switch self {
        case .metadata: true
        case .and(let parts), .or(let parts): parts.contains(where: \.isCostly)
        case .not(let part): part.isCostly
        case .always, .never, .identifier, .type, .anyTag, .allTags, .tagged, .importance, .importanceAny, .integer, .integerAny, .present: false
        }
    }
}
