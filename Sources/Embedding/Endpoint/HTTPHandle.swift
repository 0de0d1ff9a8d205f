internal import CCurl

/// One exchange after the other with an endpoint, over a connection that is kept alive between them.
///
/// The transfer is driven step by step from the calling thread, because curl's own loop looks up only once a second, which is late for who does not want
/// the answer any more.
// It is used by one thread at a time: the pool lends a handle to one call and takes it back when that call ends.
@safe final class HTTPHandle: @unchecked Sendable {
    private let transfer: UnsafeMutableRawPointer
    private let driver: UnsafeMutableRawPointer
    private let message: UnsafeMutablePointer<CChar>
    private var received: [UInt8] = []
    private var receivedMax = 0
    private var isOverfull = false

    /// How long a step may wait for the network before it is asked whether the answer is still wanted.
    private static let stepMilliseconds: Int32 = 25

    private static let ready = curl_global_init(Int(CURL_GLOBAL_SSL))

    /// Nil where there is no memory for it.
    init?() {
        guard HTTPHandle.ready == CURLE_OK, let transfer = unsafe curl_easy_init() else { return nil }
        guard let driver = unsafe curl_multi_init() else {
            unsafe curl_easy_cleanup(transfer)
            return nil
        }
        unsafe self.transfer = transfer
        unsafe self.driver = driver
        unsafe message = .allocate(capacity: Int(CURL_ERROR_SIZE))
        unsafe message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        unsafe curl_easy_cleanup(transfer)
        unsafe curl_multi_cleanup(driver)
        unsafe message.deallocate()
    }

    func post(_ request: HTTPRequest, isWanted: () -> Bool) -> HTTPOutcome {
        unsafe curl_easy_reset(transfer)
        unsafe message[0] = 0
        received = []
        receivedMax = request.answerBytesMax
        isOverfull = false
        defer { received = [] }
        guard let headers = unsafe HTTPHandle.headers(request) else { return .failed(HTTPFailure(kind: .connection, why: "out of memory")) }
        // Reset once more, so that no key and no text stay in it while it waits.
        defer {
            unsafe curl_easy_reset(transfer)
            unsafe curl_slist_free_all(headers)
        }
        for code in unsafe options(request, headers) where code != CURLE_OK { return .failed(failure(code)) }
        guard unsafe curl_multi_add_handle(driver, transfer) == CURLM_OK else {
            return .failed(HTTPFailure(kind: .connection, why: "curl takes no transfer"))
        }
        // Taken away before its end, a transfer ends there, and its connection with it.
        defer { unsafe curl_multi_remove_handle(driver, transfer) }
        guard let code = run(isWanted) else { return .cancelled }
        let status = unsafe pinyon_status(transfer)
        guard code == CURLE_OK || isOverfull, status > 0 else { return .failed(failure(code)) }
        return .answered(HTTPAnswer(status: status, retryAfter: header("Retry-After"), body: received, isWhole: !isOverfull))
    }

    /// Nil where it was not wanted to its end.
    private func run(_ isWanted: () -> Bool) -> CURLcode? {
        var running: Int32 = 1
        while true {
            guard isWanted() else { return nil }
            guard unsafe curl_multi_perform(driver, &running) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
            if running == 0 { break }
            guard unsafe curl_multi_poll(driver, nil, 0, HTTPHandle.stepMilliseconds, nil) == CURLM_OK else { return CURLE_OUT_OF_MEMORY }
        }
        var left: Int32 = 0
        while let event = unsafe curl_multi_info_read(driver, &left) {
            if unsafe event.pointee.msg == CURLMSG_DONE { return unsafe pinyon_result(event) }
        }
        return CURLE_GOT_NOTHING
    }

    private static func headers(_ request: HTTPRequest) -> UnsafeMutablePointer<curl_slist>? {
        // An empty Expect keeps curl from waiting for leave to send a long body.
        var lines = ["Content-Type: application/json", "Accept: application/json", "User-Agent: pinyon", "Expect:"]
        if let key = request.key { lines.append("Authorization: Bearer " + key.text) }
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines {
            guard let longer = unsafe curl_slist_append(list, line) else {
                unsafe curl_slist_free_all(list)
                return nil
            }
            unsafe list = unsafe longer
        }
        return unsafe list
    }

    private func options(_ request: HTTPRequest, _ headers: UnsafeMutablePointer<curl_slist>) -> [CURLcode] {
        var codes = unsafe [
            pinyon_set_message_buffer(transfer, message),
            pinyon_set_text(transfer, CURLOPT_URL, request.url.description),
            pinyon_set_headers(transfer, headers),
            pinyon_set_body(transfer, request.body, curl_off_t(request.body.count)),
            pinyon_set_receiver(transfer, HTTPHandle.receive, Unmanaged.passUnretained(self).toOpaque()),
            pinyon_set_number(transfer, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeoutMilliseconds),
            pinyon_set_number(transfer, CURLOPT_TIMEOUT_MS, request.timeoutMilliseconds),
            pinyon_set_text(transfer, CURLOPT_PROTOCOLS_STR, "http,https"),
            pinyon_set_number(transfer, CURLOPT_FOLLOWLOCATION, 0),
            pinyon_set_number(transfer, CURLOPT_SSL_VERIFYPEER, 1),
            pinyon_set_number(transfer, CURLOPT_SSL_VERIFYHOST, 2),
            pinyon_set_number(transfer, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)),
            pinyon_set_number(transfer, CURLOPT_TCP_KEEPALIVE, 1),
            // Signals belong to the process, and other threads run in it.
            pinyon_set_number(transfer, CURLOPT_NOSIGNAL, 1),
            // A name that is looked up too long is given up without waiting for the end of the look-up.
            pinyon_set_number(transfer, CURLOPT_QUICK_EXIT, 1),
        ]
        // Otherwise the environment says which hosts a proxy leads to; to this machine none does.
        if request.url.isLoopback { codes.append(unsafe pinyon_set_text(transfer, CURLOPT_NOPROXY, "*")) }
        return codes
    }

    /// Curl's callback: takes the bytes, or ends the transfer by taking fewer.
    private static let receive: @convention(c) (UnsafeMutablePointer<CChar>?, Int, Int, UnsafeMutableRawPointer?) -> Int = { bytes, size, count, context in
        guard let context = unsafe context else { return 0 }
        let handle = unsafe Unmanaged<HTTPHandle>.fromOpaque(context).takeUnretainedValue()
        return unsafe handle.take(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        let room = receivedMax - received.count
        guard bytes.count > room else {
            unsafe received.append(contentsOf: bytes)
            return bytes.count
        }
        unsafe received.append(contentsOf: bytes.prefix(room))
        isOverfull = true
        return room
    }

    private func header(_ name: String) -> String? {
        var found: UnsafeMutablePointer<curl_header>?
        guard unsafe curl_easy_header(transfer, name, 0, UInt32(CURLH_HEADER), -1, &found) == CURLHE_OK, let found = unsafe found else { return nil }
        return unsafe String(cString: found.pointee.value)
    }

    private func failure(_ code: CURLcode) -> HTTPFailure {
        let told = unsafe String(cString: message)
        let why = told.isEmpty ? unsafe String(cString: curl_easy_strerror(code)) : told
        let kind: HTTPFailure.Kind =
            switch code {
            case CURLE_OPERATION_TIMEDOUT: .timeout
            case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR: .trust
            case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING: .notHTTP
            default: .connection
            }
        return HTTPFailure(kind: kind, why: why)
    }
}
