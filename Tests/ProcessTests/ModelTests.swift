import Foundation
import Records
import Testing

extension RealBinary {
    @Suite("The server does what a simple model says")
    struct ModelTests {
        @Test("random operations of several organizations and keys are answered as the model says, through restarts", .timeLimit(.minutes(180)))
        func random() async throws {
            let environment = ProcessInfo.processInfo.environment
            let operations = environment["PINYON_MODEL_OPERATIONS"].flatMap { Int($0) } ?? 4_000
            let seed = environment["PINYON_MODEL_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...UInt64.max >> 1)
            print("model test: seed \(seed), \(operations) operations")
            let run = try await ModelRun(seed: seed)
            defer { run.end() }
            let restarts = max(2, operations / 5_000)
            var done = 0
            for round in 1...restarts {
                while done < operations * round / restarts, try run.step() { done += 1 }
                guard run.wrong == nil else { break }
                try await run.restart(killing: round % 2 == 1)
                print("model test: \(done) operations, restarted \(round) times, \(run.scannedBytes) bytes of answers searched for others' rows")
            }
            // A short run need not have met everything by chance: it goes on until it has, and then the restarts are over.
            while run.wrong == nil, done < max(operations * 5, 20_000), run.neverGranted != nil, try run.step() { done += 1 }
            if run.wrong == nil { try run.compare() }
            #expect(run.wrong == nil, "after \(done) operations of seed \(seed): \(run.wrong ?? "")")
            let granted = run.granted.values.reduce(0, +)
            let refused = run.refused.values.reduce(0, +)
            print("model test: \(granted) granted, \(refused) refused, seed \(seed)")
            guard run.wrong == nil else { return }
            // A run that does not reach an operation says nothing of it.
            #expect(run.neverGranted == nil)
            for name in Records.Operation.Name.allCases {
                if name != .ping, operations >= 20_000 { #expect(run.refused[name] ?? 0 > 0, "\(name) was never refused") }
            }
        }

        @Test("the comparison itself notices what is lost, changed or another organization's", .timeLimit(.minutes(2)))
        func comparison() async throws {
            let run = try await ModelRun(seed: 7)
            defer { run.end() }
            for _ in 0..<600 where try run.step() {}
            // There must be something to change of each.
            while run.wrong == nil, run.lacksSomething { _ = try run.step() }
            #expect(try run.wrong == nil && !run.notices { _ in })
            let changes: [(inout HouseModel) -> Void] = [
                // One that has expired is not shown.
                { model in model.memories.first { $0.value.expiresAt == nil }.map { model.memories[$0.key]?.content += "!" } },
                { model in model.memories.first { $0.value.embedding != nil && $0.value.expiresAt == nil }.map { model.memories[$0.key]?.embedding = nil } },
                { model in model.all(.message).first { model.isLive($0) }.map { model.records[.message]?[$0.id] = nil } },
                { model in model.all(.conversation).first.map { model.records[.conversation]?[$0.id]?[.title] = .text("x") } },
                { model in model.all(.term).first.map { model.records[.term]?[$0.id]?.version += 1 } },
                { model in model.all(.user).first.map { model.records[.user]?[$0.id]?.deletedAt = $0.deletedAt == nil ? $0.createdAt : nil } },
                { model in model.all(.pattern).first.map { model.records[.pattern]?[$0.id]?[.occurrences] = .integer(99) } },
                { model in model.all(.job).first.map { model.records[.job]?[$0.id]?[.doneCount] = .integer(-1) } },
            ]
            for (number, change) in changes.enumerated() { #expect(try run.notices(change), "change \(number)") }
            #expect(try run.noticesLeak())
        }
    }
}
