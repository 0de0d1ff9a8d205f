internal import Synchronization
internal import Records

/// Durations in buckets that grow by an eighth of a power of two: percentiles within 9 % of the truth, in 2 KB, and two of them add up.
public struct Histogram: Sendable {
    private static let stepsPerDoubling = 8
    private static let bucketCount = 8 * 40

    private var buckets = [UInt32](repeating: 0, count: bucketCount)
    public private(set) var count: UInt64 = 0
    public private(set) var nanosecondsMax: UInt64 = 0

    public init() {}

    public mutating func add(nanoseconds: UInt64) {
        let bucket = Histogram.bucket(of: nanoseconds)
        if buckets[bucket] < .max { buckets[bucket] += 1 }
        count += 1
        nanosecondsMax = max(nanosecondsMax, nanoseconds)
    }

    /// The upper edge of the bucket in which the given share of all durations is reached; 0 when there are none.
    public func nanoseconds(atShare share: Double) -> UInt64 {
        let wanted = UInt64((Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (bucket, number) in buckets.enumerated() where number > 0 {
            seen += UInt64(number)
            if seen >= wanted { return min(Histogram.upperEdge(of: bucket), nanosecondsMax) }
        }
        return nanosecondsMax
    }

    /// Below 8 ns each nanosecond has its bucket; above, the three bits after the leading one choose among eight.
    private static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= 8 else { return Int(nanoseconds) }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        let step = Int(nanoseconds >> UInt64(exponent - 3)) & 7
        return min((exponent - 2) * stepsPerDoubling + step, bucketCount - 1)
    }

    private static func upperEdge(of bucket: Int) -> UInt64 {
        guard bucket >= stepsPerDoubling else { return UInt64(bucket) }
        let exponent = UInt64(bucket / stepsPerDoubling + 2)
        let step = UInt64(bucket % stepsPerDoubling)
        return (8 + step + 1) << (exponent - 3) - 1
    }
}

/// How often each operation was asked for, how it ended, and how long it took.
final class Meter: Sendable {
    struct Reading: Sendable {
        var durations = Histogram()
        var failures: UInt64 = 0
    }

    private let readings: [Operation.Name: Mutex<Reading>.Box]

    init() {
        readings = Dictionary(uniqueKeysWithValues: Operation.Name.allCases.map { ($0, Mutex<Reading>.Box(Reading())) })
    }

    func add(_ name: Operation.Name, nanoseconds: UInt64, failed: Bool) {
        readings[name]?.mutex.withLock { reading in
            reading.durations.add(nanoseconds: nanoseconds)
            if failed { reading.failures += 1 }
        }
    }

    /// Only of operations that were asked for.
    var json: JSON {
        var members: [JSON.Member] = []
        for name in Operation.Name.allCases {
            guard let reading = readings[name]?.mutex.withLock({ $0 }), reading.durations.count > 0 else { continue }
            func microseconds(_ share: Double) -> JSON { .number(Double(reading.durations.nanoseconds(atShare: share) / 100) / 10) }
            members.append(
                JSON.Member(
                    name.description,
                    [
                        "count": .integer(Int64(clamping: reading.durations.count)), "failures": .integer(Int64(clamping: reading.failures)),
                        "p50_us": microseconds(0.5), "p99_us": microseconds(0.99), "p999_us": microseconds(0.999), "max_us": microseconds(1),
                    ]))
        }
        return .object(members)
    }
}

extension Mutex where Value: Sendable {
    /// A mutex that can stand in a collection.
    fileprivate final class Box: Sendable {
        let mutex: Mutex<Value>

        init(_ value: Value) { mutex = Mutex(value) }
    }
}
