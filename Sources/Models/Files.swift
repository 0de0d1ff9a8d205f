internal import Glibc
internal import Records
internal import Secrets

/// What an installation needs of the file system.
enum Files {
    /// A file that is open, closed when it is let go.
    final class Handle: Sendable {
        let path: String
        let descriptor: Int32

        fileprivate init(_ path: String, _ descriptor: Int32) {
            self.path = path
            self.descriptor = descriptor
        }

        deinit { _ = close(descriptor) }

        var count: Int64 {
            var facts = stat()
            return unsafe fstat(descriptor, &facts) == 0 ? Int64(facts.st_size) : 0
        }

        /// Empty at the end.
        func read(bytesMax: Int = 1 << 20) throws(ModelError) -> [UInt8] {
            var buffer = [UInt8](repeating: 0, count: bytesMax)
            while true {
                let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else { throw Files.failure(path) }
                buffer.removeLast(bytesMax - count)
                return buffer
            }
        }

        /// False where the disk did not take all of it; `errno` then says why.
        func write(_ bytes: UnsafeRawBufferPointer) -> Bool {
            var done = 0
            while done < bytes.count {
                let count = unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + done }, bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }

        func write(_ bytes: [UInt8]) throws(ModelError) {
            guard unsafe bytes.withUnsafeBytes({ unsafe write($0) }) else { throw Files.failure(path) }
        }

        func sync() throws(ModelError) {
            guard fsync(descriptor) == 0 else { throw Files.failure(path) }
        }

        func cut() throws(ModelError) {
            guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw Files.failure(path) }
        }

        func seekToEnd() -> Int64 { Int64(lseek(descriptor, 0, SEEK_END)) }

        /// Waits until no other process has it.
        func lock() throws(ModelError) {
            while flock(descriptor, LOCK_EX) != 0 { guard errno == EINTR else { throw Files.failure(path) } }
        }
    }

    static func failure(_ path: String) -> ModelError { .unusable(path: path, why: unsafe String(cString: strerror(errno))) }

    static func openToRead(_ path: String) throws(ModelError) -> Handle { try open(path, O_RDONLY) }

    /// Made where there is none; what is in it stays.
    static func openToAppend(_ path: String) throws(ModelError) -> Handle { try open(path, O_RDWR | O_CREAT | O_APPEND) }

    static func create(_ path: String) throws(ModelError) -> Handle { try open(path, O_WRONLY | O_CREAT | O_EXCL) }

    private static func open(_ path: String, _ flags: Int32) throws(ModelError) -> Handle {
        let descriptor = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        return Handle(path, descriptor)
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func makeFolders(_ path: String) throws(ModelError) {
        guard !exists(path) else { return }
        if let slash = path.lastIndex(of: "/"), slash > path.startIndex { try makeFolders(String(path[..<slash])) }
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure(path) }
    }

    /// The names in a folder, sorted; none where there is no such folder.
    static func names(in path: String) -> [String] {
        guard let folder = unsafe opendir(path) else { return [] }
        defer { unsafe closedir(folder) }
        var names: [String] = []
        while let entry = unsafe readdir(folder) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) } }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return unsafe lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// A file, or a folder with all that is in it; links are not followed.
    static func remove(_ path: String) throws(ModelError) {
        if isFolder(path) {
            for name in names(in: path) { try remove(path + "/" + name) }
            guard unsafe rmdir(path) == 0 else { throw failure(path) }
        } else if unsafe unlink(path) != 0, errno != ENOENT {
            throw failure(path)
        }
    }

    static func rename(_ old: String, to new: String) throws(ModelError) {
        guard unsafe Glibc.rename(old, new) == 0 else { throw failure(new) }
    }

    /// What was made, renamed or removed in a folder is there after a power cut.
    static func syncFolder(_ path: String) throws(ModelError) { try openToRead(path).sync() }

    /// In hexadecimal.
    static func sha256(_ path: String) throws(ModelError) -> String {
        let file = try openToRead(path)
        var error: ModelError?
        let digest = Digest.sha256 {
            do throws(ModelError) { return try file.read() } catch let failure {
                error = failure
                return []
            }
        }
        if let error { throw error }
        return hexadecimal(digest)
    }
}
