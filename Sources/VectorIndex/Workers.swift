import Dispatch
import Glibc

/// Work in parts, on as many cores as it is given.
enum Workers {
    static let all = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// Calls `body` with every range of up to `size` below `count`, on several threads at once; each thread has a worker's number of its own.
    static func forEachRange(below count: Int, size: Int, threads: Int, _ body: @Sendable (Range<Int>, _ worker: Int) -> Void) {
        let parts = (count + size - 1) / size
        let workers = max(1, min(threads, parts))
        guard parts > 0 else { return }
        let next = Counter()
        DispatchQueue.concurrentPerform(iterations: workers) { worker in
            while true {
                let part = next.take()
                guard part < parts else { return }
                body(part * size..<min(count, (part + 1) * size), worker)
            }
        }
    }
}
