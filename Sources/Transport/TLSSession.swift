internal import COpenSSL

/// One TLS connection over two queues of bytes: what came from the socket, and what is to go there. It does no I/O of its own.
@safe final class TLSSession {
    enum Opened {
        /// The room was filled; there may be more.
        case more(Int)
        /// All that can be decrypted yet.
        case all(Int)
        /// All there will ever be: the peer has ended its stream in order.
        case end(Int)
    }

    private static let recordBytesMax = 16_384

    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let leaving: OpaquePointer
    /// Whom a client expects; for its errors.
    private let serverName: String?
    private(set) var peerHasEnded = false

    init(_ end: TLSEnd) throws(TransportError) {
        ERR_clear_error()
        let context: TLSContext
        switch end {
        case .server(let server): (context, serverName) = (server.context, nil)
        case .client(let client): (context, serverName) = (client.context, client.serverName)
        }
        guard let session = unsafe SSL_new(context.handle) else { throw .tls(reason: TLSContext.takeReason()) }
        guard let incoming = unsafe BIO_new(BIO_s_mem()) else {
            unsafe SSL_free(session)
            throw .tls(reason: TLSContext.takeReason())
        }
        guard let leaving = unsafe BIO_new(BIO_s_mem()) else {
            unsafe BIO_free(incoming)
            unsafe SSL_free(session)
            throw .tls(reason: TLSContext.takeReason())
        }
        unsafe self.session = session
        unsafe self.incoming = incoming
        unsafe self.leaving = leaving
        unsafe SSL_set_bio(session, incoming, leaving)
        if let serverName {
            unsafe SSL_set_connect_state(session)
            try demand(serverName)
        } else {
            unsafe SSL_set_accept_state(session)
        }
    }

    deinit { unsafe SSL_free(session) }

    /// Makes the session accept nobody but the bearer of that name, or of that IP address.
    private func demand(_ name: String) throws(TransportError) {
        if TLSContext.isAddress(name) {
            guard unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name) == 1 else { throw .badServerName(name: name) }
        } else {
            unsafe SSL_set_hostflags(session, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            guard unsafe SSL_set1_host(session, name) == 1, unsafe pinyon_server_name(session, name) == 1 else { throw .badServerName(name: name) }
        }
    }

    // MARK: From the socket

    func feed(_ buffer: ReadBuffer, _ count: Int) throws(TransportError) {
        let taken = unsafe buffer.fill { unsafe BIO_write(incoming, $0.baseAddress, Int32(clamping: count)) }
        guard Int(taken) == count else { throw .tls(reason: "no memory") }
    }

    /// True once the handshake is done. Whatever comes of it, there may be something to send.
    func shakeHands() throws(TransportError) -> Bool {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(session)
        if result == 1 { return true }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return false
        default: throw handshakeFailure()
        }
    }

    /// Decrypts as many records as have come and as the room holds.
    func open(into buffer: ReadBuffer) throws(TransportError) -> Opened {
        var filled = 0
        while buffer.capacity - filled >= TLSSession.recordBytesMax {
            ERR_clear_error()
            let count = unsafe buffer.fill(from: filled) { unsafe SSL_read(session, $0.baseAddress, Int32(clamping: $0.count)) }
            if count > 0 {
                filled += Int(count)
                continue
            }
            switch unsafe SSL_get_error(session, count) {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .all(filled)
            case SSL_ERROR_ZERO_RETURN:
                peerHasEnded = true
                return .end(filled)
            default: throw .tls(reason: TLSContext.takeReason())
            }
        }
        return .more(filled)
    }

    // MARK: To the socket

    /// Encrypts at most `limit` of what waits, in as few records as it needs.
    func seal(_ plaintext: inout ByteQueue, limit: Int, into outgoing: inout [UInt8]) throws(TransportError) {
        ERR_clear_error()
        let start = plaintext.start
        let count = unsafe plaintext.bytes.withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress, start < bytes.count else { return 0 }
            return unsafe SSL_write(session, base + start, Int32(clamping: min(bytes.count - start, limit)))
        }
        guard count > 0 else { throw .tls(reason: TLSContext.takeReason()) }
        plaintext.removeFirst(Int(count))
        drain(into: &outgoing)
    }

    /// Moves what OpenSSL wants to send.
    func drain(into outgoing: inout [UInt8]) {
        let waiting = unsafe Int(BIO_ctrl_pending(leaving))
        guard waiting > 0 else { return }
        outgoing.append(addingCapacity: waiting) { (room: inout OutputSpan<UInt8>) in
            unsafe room.withUnsafeMutableBufferPointer { bytes, filled in
                let count = unsafe BIO_read(leaving, bytes.baseAddress.map { unsafe $0 + filled }, Int32(clamping: min(waiting, bytes.count - filled)))
                filled += max(0, Int(count))
            }
        }
    }

    /// Says that nothing more will come from here.
    func sayGoodbye(into outgoing: inout [UInt8]) {
        ERR_clear_error()
        _ = unsafe SSL_shutdown(session)
        ERR_clear_error()
        drain(into: &outgoing)
    }

    private func handshakeFailure() -> TransportError {
        let verdict = unsafe SSL_get_verify_result(session)
        guard let serverName, verdict != Int(X509_V_OK) else { return .handshake(reason: TLSContext.takeReason()) }
        ERR_clear_error()
        switch Int32(truncatingIfNeeded: verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: return .nameMismatch(name: serverName)
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return .notTrusted(name: serverName, reason: "self-signed")
        default: return .notTrusted(name: serverName, reason: unsafe String(cString: X509_verify_cert_error_string(verdict)))
        }
    }
}
