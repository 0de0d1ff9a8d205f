public import Records

/// Why a search has no answer.
public enum IndexError: Error, Hashable, Sendable {
    case wrongDimension(found: Int, expected: Int)
    /// The vector, the filter or k cannot be used.
    case refused(FieldError)
    /// `shouldStop` said so.
    case stopped
}

extension IndexError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .wrongDimension(let found, let expected): "the query has \(found) dimensions, the index \(expected)"
        case .refused(let error): "the query cannot be used: \(error)"
        case .stopped: "the search was stopped before its end"
        }
    }
}
