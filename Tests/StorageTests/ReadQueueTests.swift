import Dispatch
import Records
import Storage
import Synchronization
import Testing

@Suite struct ReadQueueTests {
    /// What became of the reads that were asked, in the order of the answers.
    final class Answers: Sendable {
        let answers = Mutex<[(read: Int, error: StorageError?)]>([])
        let come = DispatchSemaphore(value: 0)

        func ask(_ read: Int, _ store: any Store, _ organization: Identifier, then wait: (@Sendable () -> Void)? = nil) {
            store.reads.counts(of: organization) { [self] result in
                let error: StorageError? = if case .failure(let error) = result { error } else { nil }
                answers.withLock { $0.append((read, error)) }
                come.signal()
                wait?()
            }
        }

        func haveCome(_ count: Int) -> Bool {
            for _ in 0..<count where come.wait(timeout: .now() + 60) == .timedOut { return false }
            return true
        }
    }

    @Test("a connection that is held up holds up no read while another is free, and they are answered in their order")
    func heldUp() async throws {
        let home = try TemporaryDirectory()
        let store = try home.openSQLite()
        let world = World(seed: 43)
        try await world.create(in: store)
        let (answers, gate) = (Answers(), DispatchSemaphore(value: 0))
        answers.ask(0, store, world.organization.id) { gate.wait() }
        #expect(answers.haveCome(1))
        for read in 1...40 { answers.ask(read, store, world.organization.id) }
        let others = answers.haveCome(40)
        gate.signal()
        #expect(others)
        #expect(answers.answers.withLock { $0.map(\.read) } == Array(0...40))
        #expect(answers.answers.withLock { $0.allSatisfy { $0.error == nil } })
        store.close()
    }

    @Test("beyond the bound of waiting reads the answer is busy; what was accepted is answered before the store closes, and nothing after")
    func busy() async throws {
        let home = try TemporaryDirectory()
        var configuration = SQLiteConfiguration()
        configuration.waitingReadsMax = 4
        let store = try home.openSQLite(configuration)
        let world = World(seed: 44)
        try await world.create(in: store)
        let (answers, gate) = (Answers(), DispatchSemaphore(value: 0))
        // Both connections.
        for read in 0..<2 { answers.ask(read, store, world.organization.id) { gate.wait() } }
        #expect(answers.haveCome(2))
        for read in 2..<12 { answers.ask(read, store, world.organization.id) }
        for _ in 0..<2 { gate.signal() }
        store.close()
        answers.ask(12, store, world.organization.id)
        #expect(answers.haveCome(11))
        let answered = answers.answers.withLock { $0 }
        #expect(Set(answered.filter { $0.error == nil }.map(\.read)) == Set(0..<6))
        #expect(Set(answered.filter { $0.error == .busy }.map(\.read)) == Set(6..<12))
        #expect(answered.filter { $0.error == .closed }.map(\.read) == [12])
    }
}
