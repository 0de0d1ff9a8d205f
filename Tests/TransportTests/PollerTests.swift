import Dispatch
import Foundation
import Synchronization
import Testing
@testable import Transport

extension TransportTests {
    @Suite("A loop's sockets")
    struct PollerTests {
        /// Two ends of one stream, and a poller for them whose queue the test alone gives work.
        private final class Ends: @unchecked Sendable {
            // Touched on the queue alone, which guards it, once it is made.
            let queue = DispatchQueue(label: "ends")
            let poller: Poller
            private var open: Set<Int32> = []

            init() { poller = Poller(queue) }

            func pair() throws -> (near: Int32, far: Int32) {
                var ends: [Int32] = [-1, -1]
                let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
                try #require(unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0)
                open.formUnion(ends)
                return (ends[0], ends[1])
            }

            func end(_ socket: Int32) {
                poller.letGo(socket)
                if open.remove(socket) != nil { close(socket) }
            }

            func say(_ text: String, to socket: Int32) { #expect(unsafe write(socket, text, text.utf8.count) == text.utf8.count) }

            func takeByte(_ socket: Int32) -> UInt8? {
                var byte: UInt8 = 0
                return unsafe read(socket, &byte, 1) == 1 ? byte : nil
            }

            /// Runs on the queue; returns what the body does.
            func run<Value: Sendable>(_ body: @escaping @Sendable (Ends) throws -> Value) async throws -> Value {
                try await withCheckedThrowingContinuation { continuation in
                    queue.async { continuation.resume(with: Result { try body(self) }) }
                }
            }

            /// Returns when everything that is ready now has been told, some times over: what is ready first need not be told first.
            func settle() async throws {
                for _ in 0..<3 {
                    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                        queue.async {
                            do {
                                let (near, far) = try self.pair()
                                self.say("x", to: far)
                                try self.poller.watch(near, for: .reads) { _ in
                                    self.end(near)
                                    self.end(far)
                                    continuation.resume()
                                }
                            } catch {
                                continuation.resume(throwing: error)
                            }
                        }
                    }
                }
            }

            /// What a poller tells of keeps its `Ends`.
            func endAll() { for socket in open { end(socket) } }

            deinit { for socket in open { close(socket) } }
        }

        @Test("what is left to read is told again, room to write for as long as it is waited for, and neither once that is over")
        func again() async throws {
            let ends = Ends()
            let read = Mutex<[UInt8]>([])
            let written = Mutex(0)
            let near = try await ends.run { ends in
                let (near, far) = try ends.pair()
                ends.say("abc", to: far)
                try ends.poller.watch(near, for: [.reads, .writes]) { ready in
                    if ready.contains(.reads), let byte = ends.takeByte(near) { read.withLock { $0.append(byte) } }
                    guard ready.contains(.writes) else { return }
                    if written.withLock({ $0 += 1; return $0 }) == 5 { ends.poller.change(near, to: .reads) }
                }
                return near
            }
            try await ends.settle()
            try await ends.settle()
            #expect(read.withLock { $0 } == Array("abc".utf8))
            #expect(written.withLock { $0 } == 5)
            try await ends.run { $0.poller.letGo(near) }
            #expect(written.withLock { $0 } == 5)
        }

        @Test("who hangs up while nothing is waited for is told of once something is, with what he had sent")
        func hangUp() async throws {
            let ends = Ends()
            let told = Mutex<[UInt8?]>([])
            let near = try await ends.run { ends in
                let (near, far) = try ends.pair()
                try ends.poller.watch(near, for: []) { ready in
                    #expect(ready == .reads)
                    told.withLock { $0.append(ends.takeByte(near)) }
                    if told.withLock({ $0.last }) == .some(nil) { ends.end(near) }
                }
                ends.say("z", to: far)
                ends.end(far)
                return near
            }
            try await ends.settle()
            #expect(told.withLock { $0.isEmpty })
            try await ends.run { $0.poller.change(near, to: .reads) }
            try await ends.settle()
            #expect(told.withLock { $0 } == [UInt8(ascii: "z"), nil])
        }

        @Test("an event of a socket that was let go is not told to the next one of its number")
        func reused() async throws {
            let ends = Ends()
            let told = Mutex<[String]>([])
            try await ends.run { ends in
                let pairs = [try ends.pair(), try ends.pair()]
                for (number, pair) in pairs.enumerated() {
                    let other = pairs[1 - number]
                    // Whichever is told first makes the other one another: both were ready at once.
                    try ends.poller.watch(pair.near, for: .reads) { _ in
                        told.withLock { $0.append("first") }
                        _ = ends.takeByte(pair.near)
                        ends.poller.letGo(other.near)
                        do {
                            let new = try ends.pair()
                            #expect(dup2(new.near, other.near) == other.near)
                            try ends.poller.watch(other.near, for: .reads) { _ in told.withLock { $0.append("another") } }
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
                for pair in pairs { ends.say("x", to: pair.far) }
            }
            try await ends.settle()
            #expect(told.withLock { $0 } == ["first"])
            try await ends.run { $0.endAll() }
        }

        @Test("a loop takes a descriptor when it has a socket, or a listener that may give it one, and leaves none behind")
        func descriptors() async throws {
            func sets() throws -> Int {
                let folder = "/proc/self/fd"
                return try FileManager.default.contentsOfDirectory(atPath: folder)
                    .count { (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == "anon_inode:[eventpoll]" }
            }
            #expect(EventLoopGroup(count: 3).loops.allSatisfy { $0.poller.set < 0 })
            #expect(try Peer(loopCount: 3).loops.loops.allSatisfy { $0.poller.set >= 0 })
            let before = try sets()
            for _ in 0..<300 { try await Ends().settle() }
            // Each goes on its own queue, and others may come meanwhile.
            for _ in 0..<6_000 where try sets() > before + 100 { try await Task.sleep(for: .milliseconds(10)) }
            #expect(try sets() <= before + 100)
        }
    }
}
