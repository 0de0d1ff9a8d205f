/// What SQLite would make of a write-ahead log that a crash left behind.
///
/// SQLite stops at the first frame that does not verify and drops the rest without a word. That is right for the last commit, torn by a power
/// cut before it was acknowledged. Damage before it would silently undo commits that were acknowledged, so the two are told apart here: every
/// commit is forced to disk before the next one begins, so behind a torn commit nothing follows.
/// The layout is that of "The Write-Ahead Log (WAL) format" in SQLite's documentation.
enum WriteAheadLog {
    enum Finding: Equatable {
        case sound
        /// So many frames of the last commit are there, but not all, or not as they were written.
        case torn(frames: Int)
        case damaged(String)
    }

    private static let headerBytes = 32
    private static let frameHeaderBytes = 24

    /// Only while no process has the database open.
    static func examine(_ path: String) throws(StorageError) -> Finding {
        guard let file = try ReadOnlyFile.open(path) else { return .sound }
        let header = try file.read(at: 0, count: headerBytes)
        guard header.count == headerBytes, header.contains(where: { $0 != 0 }), try file.byteCount() > headerBytes else { return .sound }
        guard let checker = FrameChecker(header: header) else { return .damaged("its header does not verify") }
        return try examine(file, checker)
    }

    private static func examine(_ file: borrowing ReadOnlyFile, _ first: FrameChecker) throws(StorageError) -> Finding {
        var checker = first
        let frameBytes = frameHeaderBytes + checker.pageBytes
        let frameCount = (try file.byteCount() - headerBytes) / frameBytes
        var isChainBroken = false
        /// Frames behind the last commit that verifies.
        var looseFrames = 0
        var hasCommitBehindBreak = false
        for index in 0..<frameCount {
            let frame = try file.read(at: headerBytes + index * frameBytes, count: frameBytes)
            guard frame.count == frameBytes else { break }
            if !isChainBroken, checker.verify(frame) {
                looseFrames = FrameChecker.isCommit(frame) ? 0 : looseFrames + 1
                continue
            }
            isChainBroken = true
            guard checker.isOfSameGeneration(frame) else { continue }
            if hasCommitBehindBreak { return .damaged("frame \(index) follows a commit that does not verify") }
            looseFrames += 1
            hasCommitBehindBreak = FrameChecker.isCommit(frame)
        }
        return looseFrames == 0 ? .sound : .torn(frames: looseFrames)
    }

    /// The running checksum of a log, from its header on.
    private struct FrameChecker {
        let pageBytes: Int
        private let isBigEndian: Bool
        private let salts: ArraySlice<UInt8>
        private var sums: (UInt32, UInt32) = (0, 0)

        init?(header: [UInt8]) {
            let magic = WriteAheadLog.bigEndian(header, at: 0)
            guard magic & ~1 == 0x377F_0682 else { return nil }
            isBigEndian = magic & 1 == 1
            let size = Int(WriteAheadLog.bigEndian(header, at: 8))
            guard (512...65_536).contains(size), size.nonzeroBitCount == 1 else { return nil }
            pageBytes = size
            salts = header[16..<24]
            add(header[0..<24])
            guard sums == (WriteAheadLog.bigEndian(header, at: 24), WriteAheadLog.bigEndian(header, at: 28)) else { return nil }
        }

        mutating func verify(_ frame: [UInt8]) -> Bool {
            guard frame[8..<16].elementsEqual(salts) else { return false }
            let before = sums
            add(frame[0..<8])
            add(frame[frameHeaderBytes...])
            if sums == (WriteAheadLog.bigEndian(frame, at: 16), WriteAheadLog.bigEndian(frame, at: 20)) { return true }
            sums = before
            return false
        }

        /// Frames of an earlier generation have other salts throughout; a damaged byte or two do not make a frame one of them.
        func isOfSameGeneration(_ frame: [UInt8]) -> Bool {
            zip(frame[8..<16], salts).count { $0 == $1 } >= 6
        }

        /// A commit's last frame says how many pages the database then has.
        static func isCommit(_ frame: [UInt8]) -> Bool { WriteAheadLog.bigEndian(frame, at: 4) != 0 }

        private mutating func add(_ bytes: ArraySlice<UInt8>) {
            var (first, second) = sums
            for start in stride(from: bytes.startIndex, to: bytes.endIndex - 7, by: 8) {
                first = first &+ word(bytes, at: start) &+ second
                second = second &+ word(bytes, at: start + 4) &+ first
            }
            sums = (first, second)
        }

        private func word(_ bytes: ArraySlice<UInt8>, at start: Int) -> UInt32 {
            let value = UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24
            return isBigEndian ? value.byteSwapped : value
        }
    }

    private static func bigEndian(_ bytes: [UInt8], at start: Int) -> UInt32 {
        bytes[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }
}
