/// What is wrong with one named field of what a caller sent.
public struct FieldError: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case missing
        case empty
        case unknown(known: [String])
        case tooLong(bytes: Int, bytesMax: Int)
        case tooMany(count: Int, countMax: Int)
        case tooDeep(depthMax: Int)
        case outOfRange(String)
        case notText
        case malformed(String)
        case notFinite(position: Int)
        case zeroVector
        case wrongDimension(found: Int, expected: Int)
        case wrongSpace(found: String, expected: String)
        case duplicate(String)
    }

    public let field: String
    public let reason: Reason

    public init(_ field: String, _ reason: Reason) {
        self.field = field
        self.reason = reason
    }

    /// The same error inside an enclosing field, as `memories[3].content` is.
    public func inside(_ outer: String) -> FieldError { FieldError("\(outer).\(field)", reason) }
}

extension FieldError: CustomStringConvertible {
    public var description: String {
        switch reason {
        case .missing: "\(field) is missing"
        case .empty: "\(field) is empty"
        case .unknown(let known): "\(field) is not known; known are \(known.joined(separator: ", "))"
        case .tooLong(let bytes, let bytesMax): "\(field) has \(bytes) bytes; at most \(bytesMax) are allowed"
        case .tooMany(let count, let countMax): "\(field) has \(count) entries; at most \(countMax) are allowed"
        case .tooDeep(let depthMax): "\(field) is nested deeper than \(depthMax)"
        case .outOfRange(let range): "\(field) must be \(range)"
        case .notText: "\(field) is not UTF-8 text, or holds a NUL character"
        case .malformed(let why): "\(field) is malformed: \(why)"
        case .notFinite(let position): "\(field) has a value that is not finite at position \(position)"
        case .zeroVector: "\(field) has length zero, so it has no direction"
        case .wrongDimension(let found, let expected): "\(field) has \(found) dimensions; this organization's embedding space has \(expected)"
        case .wrongSpace(let found, let expected): "\(field) does not fit: the vector is of \(found), and those of this organization are of \(expected)"
        case .duplicate(let value): "\(field) holds \(value) twice"
        }
    }
}
