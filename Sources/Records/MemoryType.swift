/// What a memory is about; each type fades at its own pace.
public enum MemoryType: UInt8, Hashable, Sendable, CaseIterable {
    case conversation = 1
    case fact = 2
    case preference = 3
    case task = 4

    public init?(name: String) {
        guard let type = MemoryType.allCases.first(where: { $0.name == name }) else { return nil }
        self = type
    }

    public var name: String {
        switch self {
        case .conversation: "conversation"
        case .fact: "fact"
        case .preference: "preference"
        case .task: "task"
        }
    }
}
