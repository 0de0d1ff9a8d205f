internal import CSystem
internal import Glibc
internal import Records

/// What the command needs of the operating system: environment, files, clocks, standard error.
enum System {
    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    static var environmentNames: [String] {
        var names: [String] = []
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            unsafe names.append(String(String(cString: text).prefix { $0 != "=" }))
            unsafe entry += 1
        }
        return names
    }

    static func printError(_ text: String) {
        writeAll(Array((text + "\n").utf8), to: STDERR_FILENO)
    }

    /// The same without a line end.
    static func writeError(_ text: String) { writeAll(Array(text.utf8), to: STDERR_FILENO) }

    static var isErrorTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    static func remove(_ path: String) { _ = unsafe unlink(path) }

    static func flushOutput() { _ = pinyon_flush_output() }

    /// Ends the process, and makes a success a failure where what was printed could not be written. Libraries are not taken down: threads of the clients,
    /// of OpenSSL's and of BLAS's may be in them still.
    static func end(_ code: Int32) -> Never {
        guard pinyon_flush_output() == 0 else {
            printError("pinyon: not all of the output could be written")
            _exit(max(code, 1))
        }
        _exit(code)
    }

    static var wallClock: Timestamp {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// What the process holds in memory now, from the second number of /proc/self/statm, in pages.
    static var residentBytes: Int {
        guard let text = try? String(decoding: read(file: "/proc/self/statm", bytesMax: 256), as: UTF8.self) else { return 0 }
        let numbers = text.split(separator: " ").compactMap { Int($0) }
        return numbers.count > 1 ? numbers[1] * Int(getpagesize()) : 0
    }

    /// Lets the process hold as many descriptors as it may, and returns how many that is.
    static func raiseDescriptorLimit() -> Int {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        limit.rlim_cur = limit.rlim_max
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether all of it was taken.
    @discardableResult
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    static func reason(_ path: String) -> Failure {
        unsafe Failure("\(path): \(String(cString: strerror(errno)))")
    }

    /// Opens a file to read it; `-` is standard input. A pipe whose other end nobody has opened yet is waited for, or not.
    static func open(_ path: String, isWaitedFor: Bool = true) throws(Failure) -> Int32 {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | (isWaitedFor ? 0 : O_NONBLOCK))
        guard descriptor >= 0 else { throw reason(path) }
        return descriptor
    }

    /// Opens a file to write it, a new one that its owner alone may read, or one that is there; `-` is standard output.
    static func open(_ path: String, isNew: Bool) throws(Failure) -> Int32 {
        let flags = isNew ? O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC : O_WRONLY | O_CLOEXEC
        let descriptor = path == "-" ? dup(STDOUT_FILENO) : unsafe Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else { throw reason(path) }
        return descriptor
    }

    /// Whether something can be read, or the end has come; waits for it for a moment.
    static func hasInput(_ descriptor: Int32) -> Bool {
        var wish = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&wish, 1, 100) > 0
    }

    /// Whether every word of the command line is UTF-8, as it was given.
    static var argumentsAreText: Bool {
        for index in 0..<Int(CommandLine.argc) {
            if let argument = unsafe CommandLine.unsafeArgv[index], unsafe String(validatingCString: argument) == nil { return false }
        }
        return true
    }

    /// What comes next; empty at the end.
    static func read(_ descriptor: Int32, _ path: String, bytesMax: Int) throws(Failure) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: bytesMax)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count >= 0 else { throw reason(path) }
            return buffer[..<count]
        }
    }

    /// Nil for what is no regular file, as a pipe or a terminal.
    static func byteCount(_ descriptor: Int32) -> Int64? {
        var facts = stat()
        return unsafe fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG ? Int64(facts.st_size) : nil
    }

    /// The whole file, or standard input for `-`. A file larger than `bytesMax` is an error.
    static func read(file path: String, bytesMax: Int) throws(Failure) -> [UInt8] {
        let descriptor = try open(path)
        defer { close(descriptor) }
        var content: [UInt8] = []
        while true {
            let more = try read(descriptor, path, bytesMax: 65_536)
            guard !more.isEmpty else { return content }
            content += more
            guard content.count <= bytesMax else { throw Failure("\(path): larger than \(bytesMax) bytes") }
        }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    /// Refuses a name that is taken, before anything is done whose only trace would be that file.
    static func requireAbsent(_ path: String?) throws(Failure) {
        if let path, exists(path) { throw Failure("\(path) is there already; name another file") }
    }

    /// Writes a file that is complete or not there: a new name, synced, then renamed, and the folder synced.
    static func write(_ bytes: [UInt8], file path: String, mode: UInt32) throws(Failure) {
        let passing = path + ".new"
        let descriptor = unsafe Glibc.open(passing, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw reason(passing) }
        fchmod(descriptor, mode)
        let synced = writeAll(bytes, to: descriptor) && fsync(descriptor) == 0
        close(descriptor)
        guard synced, unsafe rename(passing, path) == 0 else { throw reason(path) }
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let folderDescriptor = unsafe Glibc.open(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folderDescriptor >= 0 else { throw reason(path) }
        fsync(folderDescriptor)
        close(folderDescriptor)
    }

    /// Whether others than the owner may read the file.
    static func isReadableByOthers(_ path: String) -> Bool {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return false }
        return facts.st_mode & 0o077 != 0
    }
}
