import Glibc
public import Records
import Synchronization

/// A directory that one process owns, with the database in it. A second opening is refused, in this process as in any other.
public final class DataDirectory: Sendable {
    private struct Descriptors {
        /// -1 when closed.
        var lock: Int32 = -1
        var acknowledged: Int32 = -1
    }

    /// Absolute, without symbolic links.
    public let path: String
    private let descriptors: Mutex<Descriptors>

    public var databasePath: String { path + "/pinyon.db" }
    var logPath: String { databasePath + "-wal" }
    /// The number of the last acknowledged change, beside the database: a log that lost its end is noticed by it. It is not forced to disk, so
    /// after a power cut it may be older than the database, never newer.
    var acknowledgedPath: String { path + "/pinyon.acknowledged" }

    private init(path: String, lock: Int32, acknowledged: Int32) {
        self.path = path
        descriptors = Mutex(Descriptors(lock: lock, acknowledged: acknowledged))
    }

    deinit { close() }

    /// Makes the directory when there is none, for this user alone; `time` is told to whoever comes second.
    public static func open(_ path: String, at time: Timestamp) throws(StorageError) -> DataDirectory {
        try make(path)
        guard let resolved = unsafe realpath(path, nil) else { throw failure("resolve", path) }
        defer { unsafe free(resolved) }
        let absolute = unsafe String(cString: resolved)
        let lockPath = absolute + "/pinyon.lock"
        let lock = unsafe Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw failure("open", lockPath) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let error = isHeld ? StorageError.locked(path: absolute, holder: holder(lock)) : failure("lock", lockPath)
            _ = Glibc.close(lock)
            throw error
        }
        _ = ftruncate(lock, 0)
        write(Array("\(getpid())\n\(time)\n".utf8), to: lock, at: 0)
        // Made here, because SQLite would let other users read it.
        for name in ["/pinyon.db", "/pinyon.acknowledged"] {
            let made = unsafe Glibc.open(absolute + name, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            guard made >= 0 else {
                let error = failure("open", absolute + name)
                _ = Glibc.close(lock)
                throw error
            }
            if name == "/pinyon.acknowledged" { return DataDirectory(path: absolute, lock: lock, acknowledged: made) }
            _ = Glibc.close(made)
        }
        throw .internalError("no file was made in \(absolute)")
    }

    public var isOpen: Bool { descriptors.withLock { $0.lock >= 0 } }

    /// Lets another process in. The files stay.
    public func close() {
        descriptors.withLock { descriptors in
            for descriptor in [descriptors.acknowledged, descriptors.lock] where descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptors = Descriptors()
        }
    }

    /// Whether a process has the directory open; false also when there is no such directory.
    static func isInUse(_ path: String) -> Bool {
        let lock = unsafe Glibc.open(path + "/pinyon.lock", O_RDONLY | O_CLOEXEC)
        guard lock >= 0 else { return false }
        defer { _ = Glibc.close(lock) }
        return flock(lock, LOCK_SH | LOCK_NB) != 0
    }

    // MARK: The last acknowledged change

    func acknowledge(_ number: Int64) {
        descriptors.withLock { descriptors in
            guard descriptors.acknowledged >= 0 else { return }
            DataDirectory.write(AcknowledgedChange.bytes(number), to: descriptors.acknowledged, at: 0)
        }
    }

    /// Nil when none is known.
    var acknowledged: Int64? {
        descriptors.withLock { $0.acknowledged < 0 ? nil : AcknowledgedChange.number(DataDirectory.read($0.acknowledged, at: 0, count: 12)) }
    }

    /// The same for a directory that is not open.
    static func acknowledged(in path: String) -> Int64? {
        guard let file = try? ReadOnlyFile.open(path + "/pinyon.acknowledged") else { return nil }
        return (try? file.read(at: 0, count: 12)).flatMap(AcknowledgedChange.number)
    }

    func forgetAcknowledged() {
        descriptors.withLock { descriptors in
            if descriptors.acknowledged >= 0 { _ = ftruncate(descriptors.acknowledged, 0) }
        }
    }

    // MARK: System calls

    /// A directory for its owner alone, with those above it, unless it is there.
    public static func make(_ path: String) throws(StorageError) {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            prefix += component
            guard unsafe mkdir(prefix, 0o700) == 0 || errno == EEXIST || errno == EISDIR || errno == EROFS else { throw failure("make", prefix) }
            prefix += "/"
        }
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { throw failure("find", path) }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw .unavailable("\(path) is not a directory") }
    }

    private static func holder(_ lock: Int32) -> String {
        let lines = String(decoding: read(lock, at: 0, count: 128), as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, let process = Int(lines[0]) else { return "another process" }
        return "process \(process) since \(lines[1])"
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, at offset: Int) {
        _ = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    }

    fileprivate static func read(_ descriptor: Int32, at offset: Int, count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = unsafe pread(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled, off_t(offset + filled))
                if got <= 0 { break }
                filled += got
            }
        }
    }

    fileprivate static func failure(_ verb: String, _ path: String) -> StorageError {
        let code = errno
        guard let text = unsafe strerror(code) else { return .unavailable("cannot \(verb) \(path): error \(code)") }
        return .unavailable("cannot \(verb) \(path): \(unsafe String(cString: text))")
    }
}

/// A file that is only read, at given places.
struct ReadOnlyFile: ~Copyable {
    private let descriptor: Int32
    private let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = Glibc.close(descriptor) }

    /// Nil when there is no such file.
    static func open(_ path: String) throws(StorageError) -> ReadOnlyFile? {
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
        if descriptor >= 0 { return ReadOnlyFile(descriptor: descriptor, path: path) }
        guard errno == ENOENT else { throw DataDirectory.failure("open", path) }
        return nil
    }

    func byteCount() throws(StorageError) -> Int {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else { throw DataDirectory.failure("find", path) }
        return Int(facts.st_size)
    }

    /// Fewer than `count` bytes at the end of the file.
    func read(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
        DataDirectory.read(descriptor, at: offset, count: count)
    }
}
