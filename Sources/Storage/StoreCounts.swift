/// How much one organization keeps; memories that have expired but are not deleted count.
public struct StoreCounts: Hashable, Sendable {
    public var memories: Int64
    public var memoriesWithVectors: Int64
    public var agents: Int64

    public init(memories: Int64 = 0, memoriesWithVectors: Int64 = 0, agents: Int64 = 0) {
        self.memories = memories
        self.memoriesWithVectors = memoriesWithVectors
        self.agents = agents
    }

    static func + (a: StoreCounts, b: StoreCounts) -> StoreCounts {
        StoreCounts(
            memories: a.memories + b.memories, memoriesWithVectors: a.memoriesWithVectors + b.memoriesWithVectors, agents: a.agents + b.agents)
    }
}
