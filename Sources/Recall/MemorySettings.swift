public import Records

/// How an agent keeps memories: what its organization's settings say, and over that its own, each under the member `memory`:
///
///     {"memory": {"half_lives": {"fact": 30}, "forgetting_threshold": 0.1, "weights": {"relevance": 1, "importance": 0, "recency": 0}}}
///
/// What is not said is as it is by default.
public struct MemorySettings: Hashable, Sendable {
    /// Where it is off nothing is kept, and nothing recalled.
    public var isEnabled = true
    public private(set) var fading = Fading()
    public private(set) var weights = RecallWeights.standard
    /// So many days what was forgotten can be restored; the organization's alone.
    public private(set) var restorableDays = MemorySettings.restorableDaysDefault

    /// So many days it is kept which memories were recalled by whom, and not at all where it is 0; the organization's alone.
    public private(set) var traceDays = MemorySettings.traceDaysDefault

    /// They are those of an agent that is there.
    public private(set) var isOfAgent = false

    public init() {}

    public static let traceDaysDefault: Int64 = 30
    public static let restorableDaysDefault: Int64 = 30
    private static let daysRange: ClosedRange<Int64> = 0...3_650

    public static let member = Organization.memoryMember

    /// The organization's, given the member of its settings.
    public init(organization: JSON?) throws(FieldError) {
        if let organization { try take(organization, MemorySettings.ofOrganization) }
    }

    /// The agent's, over those of its organization.
    public init(_ agent: Record, over organization: MemorySettings) throws(FieldError) {
        self = organization
        isEnabled = agent.flag(.memoryEnabled) ?? true
        if let own = agent.json(.settings)?[MemorySettings.member] { try take(own, MemorySettings.ofAgent) }
    }

    /// As far as they can be followed. They are checked when they are written; what plain SQL wrote, and nobody can follow, is passed over.
    public init(of agent: Record?, in organization: Record?) {
        self.init(of: agent, under: organization?.json(.settings)?[MemorySettings.member])
    }

    /// The same, given the member of the organization's settings.
    public init(of agent: Record?, under organization: JSON?) {
        let base = (try? MemorySettings(organization: organization)) ?? MemorySettings()
        self = agent.flatMap { try? MemorySettings($0, over: base) } ?? base
        isOfAgent = agent != nil
    }

    /// That the settings of an organization or an agent are such that they can be followed.
    public static func check(settings: Value?, of kind: Kind) throws(FieldError) {
        guard case .json(let settings)? = settings, let own = settings[member] else { return }
        var memory = MemorySettings()
        do throws(FieldError) { try memory.take(own, kind == .organization ? ofOrganization : ofAgent) } catch { throw error.inside("settings") }
    }

    private static let ofAgent = ["half_lives", "forgetting_threshold", "weights"]
    private static let ofOrganization = ofAgent + ["restorable_days", "trace_days"]

    private mutating func take(_ json: JSON, _ known: [String]) throws(FieldError) {
        for (name, value) in try MemorySettings.members(json, MemorySettings.member, known) {
            let place = "\(MemorySettings.member).\(name)"
            switch name {
            case "half_lives":
                for (name, days) in try MemorySettings.members(value, place, MemoryType.allCases.map(\.name)) {
                    let days = try MemorySettings.number(days, "\(place).\(name)")
                    guard let type = MemoryType(name: name) else { continue }
                    do throws(FieldError) { try fading.halfLives.set(type, days: days) } catch { throw error.inside(MemorySettings.member) }
                }
            case "weights":
                var numbers = ["relevance": weights.relevance, "importance": weights.importance, "recency": weights.recency]
                for (name, weight) in try MemorySettings.members(value, place, numbers.keys.sorted()) { numbers[name] = try MemorySettings.number(weight, "\(place).\(name)") }
                do throws(FieldError) {
                    weights = try RecallWeights(relevance: numbers["relevance"] ?? 0, importance: numbers["importance"] ?? 0, recency: numbers["recency"] ?? 0)
                } catch {
                    throw error.inside(MemorySettings.member)
                }
            case "restorable_days": restorableDays = try MemorySettings.days(value, place)
            case "trace_days": traceDays = try MemorySettings.days(value, place)
            default:
                let threshold = try MemorySettings.number(value, place)
                do throws(FieldError) { try fading.set(threshold: threshold) } catch { throw FieldError(place, error.reason) }
            }
        }
    }

    private static func members(_ json: JSON, _ place: String, _ known: [String]) throws(FieldError) -> [(name: String, value: JSON)] {
        guard case .object(let members) = json else { throw FieldError(place, .malformed("it is an object")) }
        for member in members where !known.contains(member.name) { throw FieldError("\(place).\(member.name)", .unknown(known: known)) }
        return members.filter { $0.value != .null }.map { ($0.name, $0.value) }
    }

    private static func days(_ json: JSON, _ place: String) throws(FieldError) -> Int64 {
        guard let whole = Int64(exactly: try number(json, place)), daysRange.contains(whole) else {
            throw FieldError(place, .outOfRange("a whole number from \(daysRange.lowerBound) to \(daysRange.upperBound)"))
        }
        return whole
    }

    private static func number(_ json: JSON, _ place: String) throws(FieldError) -> Double {
        guard let number = json.number ?? json.integer.map({ Double($0) }) else { throw FieldError(place, .malformed("it is a number")) }
        return number
    }
}
