public import Records

/// After how many days half of a memory that was never used is forgotten, by its type.
public struct HalfLives: Hashable, Sendable {
    public private(set) var conversation = 7.0
    public private(set) var fact = 90.0
    public private(set) var preference = 180.0
    public private(set) var task = 14.0

    /// In days.
    public static let range = 0.01...36_500.0

    public init() {}

    public subscript(type: MemoryType) -> Double {
        switch type {
        case .conversation: conversation
        case .fact: fact
        case .preference: preference
        case .task: task
        }
    }

    public mutating func set(_ type: MemoryType, days: Double) throws(FieldError) {
        guard HalfLives.range.contains(days) else {
            throw FieldError("half_lives.\(type.name)", .outOfRange("\(HalfLives.range.lowerBound) to \(HalfLives.range.upperBound) days"))
        }
        switch type {
        case .conversation: conversation = days
        case .fact: fact = days
        case .preference: preference = days
        case .task: task = days
        }
    }
}
