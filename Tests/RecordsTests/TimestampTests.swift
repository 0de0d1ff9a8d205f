import Foundation
import Records
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "golden values", arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01", 0), ("1969-12-31T23:59:59.999999Z", -1), ("2000-02-29T12:00:00Z", 951_825_600_000_000),
            ("2026-03-01T12:30:00Z", 1_772_368_200_000_000), ("2026-03-01T12:30:00.5+02:00", 1_772_361_000_500_000),
            ("2026-03-01 12:30:00.000001-05:30", 1_772_388_000_000_001), ("0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999), ("2026-03-01t12:30:00.1234567z", 1_772_368_200_123_456),
        ] as [(String, Int64)])
    func golden(text: String, microseconds: Int64) {
        #expect(Timestamp(text)?.microseconds == microseconds)
    }

    @Test("text comes back as it went in, over the whole range, as Foundation writes it")
    func roundTrip() {
        var generator = SeededGenerator(seed: 1)
        let formatter = ISO8601DateFormatter()
        for _ in 0..<2_000 {
            let range = Timestamp.range.lowerBound.microseconds...Timestamp.range.upperBound.microseconds
            let time = Timestamp(microseconds: Int64.random(in: range, using: &generator))
            #expect(Timestamp(time.description) == time)
            // Foundation's calendar is Julian before October 1582.
            let seconds = Timestamp(microseconds: abs(time.microseconds) / 1_000_000 * 1_000_000)
            #expect(seconds.description == formatter.string(from: Date(timeIntervalSince1970: Double(seconds.microseconds / 1_000_000))))
        }
        #expect(Timestamp(microseconds: 1_500_000).description == "1970-01-01T00:00:01.5Z")
        #expect(Timestamp(microseconds: -1).description == "1969-12-31T23:59:59.999999Z")
    }

    @Test("February has 29 days in leap years only", arguments: [(2024, true), (2023, false), (1900, false), (2000, true), (2100, false), (4, true), (400, true)])
    func leapYears(year: Int, isLeap: Bool) {
        let padded = String(repeating: "0", count: 4 - String(year).count) + String(year)
        #expect((Timestamp("\(padded)-02-29") != nil) == isLeap)
        #expect(Timestamp("\(padded)-02-30") == nil)
        #expect(Timestamp("\(padded)-03-01")?.adding(seconds: -86_400).description == "\(padded)-02-\(isLeap ? 29 : 28)T00:00:00Z")
    }

    @Test(
        "what is no time, or beyond the range, is refused",
        arguments: [
            "", "2026", "2026-3-1", "2026-00-01", "2026-13-01", "2026-01-00", "2026-04-31", "2026-01-01T", "2026-01-01T24:00:00Z",
            "2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z", "2026-01-01T00:00:00", "2026-01-01T00:00Z", "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+02:60", "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z ", " 2026-01-01", "-2026-01-01", "+2026-01-01", "0000-01-01", "10000-01-01",
            "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "２026-01-01", "2026-01-01T00:00:00,5Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("adding seconds stops at the ends instead of overflowing")
    func adding() {
        let time = Timestamp(microseconds: 5)
        #expect(time.adding(seconds: 2).microseconds == 2_000_005)
        #expect(time.adding(seconds: -1).microseconds == -999_995)
        #expect(time.adding(seconds: .max).microseconds == .max)
        #expect(time.adding(seconds: .min).microseconds <= .min + 5)
        #expect(Timestamp(microseconds: .max).adding(seconds: 1).microseconds == .max)
        #expect(Timestamp(microseconds: .min).adding(seconds: -1).microseconds == .min)
    }

    @Test("the ends of the range are printed and read", arguments: [Timestamp.range.lowerBound, Timestamp.range.upperBound])
    func ends(time: Timestamp) {
        #expect(Timestamp(time.description) == time)
    }

    @Test("what lies beyond the range is printed without harm, and no filter compares with it", arguments: [Int64.min, Int64.max])
    func beyond(microseconds: Int64) {
        let time = Timestamp(microseconds: microseconds)
        #expect(!time.description.isEmpty)
        #expect(throws: FieldError.self) { try Filter.equals(.createdAt, .time(time)).check() }
        #expect(throws: FieldError.self) { try Filter.range(.expiresAt, .init(lower: .time(time))).check() }
    }
}
