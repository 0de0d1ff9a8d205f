internal import CCurl

/// A file from an address into a file of this machine, gone on with where an earlier try broke off.
///
/// Blocks. What came is believed by its hash alone, so any transport will do.
@safe final class Download {
    private let url: String
    private let file: Files.Handle
    private let bytesMax: Int64
    private let progress: (Int64) -> Void
    private var count: Int64 = 0
    private var isTooLong = false
    private var isDiskFull = false

    private static let triesMax = 4
    private static let connectMilliseconds = 15_000
    /// Slower than this for so long is as good as not at all.
    private static let bytesPerSecondMin = 1_024
    private static let slowSecondsMax = 30
    private static let ready = curl_global_init(Int(CURL_GLOBAL_SSL))

    init(_ url: String, into file: Files.Handle, bytesMax: Int64, progress: @escaping (Int64) -> Void) {
        self.url = url
        self.file = file
        self.bytesMax = bytesMax
        self.progress = progress
    }

    func run() throws(ModelError) {
        var why = ""
        for _ in 0..<Download.triesMax {
            count = file.seekToEnd()
            if count >= bytesMax {
                try file.cut()
                count = 0
            }
            let (code, status, told) = attempt()
            if isDiskFull { throw .unusable(path: file.path, why: "it could not be written; is the disk full?") }
            if isTooLong { throw .notDownloaded(url: url, why: "it is longer than the \(bytesMax) bytes of the recipe") }
            if code == CURLE_OK, status == 200 || status == 206 { return }
            why = status >= 400 ? "the answer was \(status)" : told
            // A server that cannot go on where it broke off sends all of it again.
            if status == 416 || code == CURLE_RANGE_ERROR { try file.cut() } else if (400..<500).contains(status) { break }
        }
        throw .notDownloaded(url: url, why: why)
    }

    private func attempt() -> (code: CURLcode, status: Int, told: String) {
        guard Download.ready == CURLE_OK, let transfer = unsafe curl_easy_init() else { return (CURLE_OUT_OF_MEMORY, 0, "out of memory") }
        defer { unsafe curl_easy_cleanup(transfer) }
        let message = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        defer { unsafe message.deallocate() }
        let codes = unsafe [
            pinyon_set_message_buffer(transfer, message),
            pinyon_set_text(transfer, CURLOPT_URL, url),
            pinyon_set_text(transfer, CURLOPT_PROTOCOLS_STR, "http,https"),
            pinyon_set_text(transfer, CURLOPT_REDIR_PROTOCOLS_STR, "http,https"),
            pinyon_set_text(transfer, CURLOPT_USERAGENT, "pinyon"),
            pinyon_set_number(transfer, CURLOPT_FOLLOWLOCATION, 1),
            pinyon_set_number(transfer, CURLOPT_MAXREDIRS, 5),
            pinyon_set_number(transfer, CURLOPT_FAILONERROR, 1),
            pinyon_set_number(transfer, CURLOPT_CONNECTTIMEOUT_MS, Download.connectMilliseconds),
            pinyon_set_number(transfer, CURLOPT_LOW_SPEED_LIMIT, Download.bytesPerSecondMin),
            pinyon_set_number(transfer, CURLOPT_LOW_SPEED_TIME, Download.slowSecondsMax),
            pinyon_set_number(transfer, CURLOPT_NOSIGNAL, 1),
            pinyon_set_receiver(transfer, Download.receive, Unmanaged.passUnretained(self).toOpaque()),
        ]
        if let code = codes.first(where: { $0 != CURLE_OK }) { return (code, 0, unsafe String(cString: curl_easy_strerror(code))) }
        if count > 0 { unsafe _ = pinyon_set_text(transfer, CURLOPT_RANGE, "\(count)-") }
        resumes = count > 0
        unsafe self.transfer = transfer
        let code = unsafe curl_easy_perform(transfer)
        unsafe self.transfer = nil
        let told = unsafe String(cString: message)
        return (code, unsafe pinyon_status(transfer), told.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : told)
    }

    private var transfer: UnsafeMutableRawPointer?
    private var resumes = false

    private static let receive: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = { bytes, size, count, context in
        guard let context = unsafe context else { return 0 }
        let download = unsafe Unmanaged<Download>.fromOpaque(context).takeUnretainedValue()
        return unsafe download.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
        if resumes {
            resumes = false
            if unsafe pinyon_status(transfer) != 206 {
                guard (try? file.cut()) != nil else { return false }
                count = 0
            }
        }
        count += Int64(bytes.count)
        isTooLong = count > bytesMax
        guard !isTooLong else { return false }
        isDiskFull = unsafe !file.write(bytes)
        progress(count)
        return !isDiskFull
    }
}
