internal import COpenSSL

/// One TLS connection over two queues of bytes: what came from the socket, and what is to go there. No I/O of its own.
@safe final class TLSSession {
    /// The most that one record holds, and so the most that one read gives.
    static let recordBytesMax = 16_384
    /// What is handed to OpenSSL's queues at once.
    static let pieceBytesMax = 65_536

    private let session: OpaquePointer
    private let incoming: OpaquePointer
    private let leaving: OpaquePointer
    /// Whom a client expects; for its errors.
    private let peer: String?
    /// The peer has said that nothing more comes.
    private(set) var endedInOrder = false

    /// Takes over the session.
    init(_ session: OpaquePointer, isServer: Bool, peer: String?) throws(TransportError) {
        guard let incoming = unsafe BIO_new(BIO_s_mem()), let leaving = unsafe BIO_new(BIO_s_mem()) else { throw .tls("no memory") }
        unsafe self.session = session
        unsafe self.incoming = incoming
        unsafe self.leaving = leaving
        self.peer = peer
        unsafe SSL_set_bio(session, incoming, leaving)
        if isServer { unsafe SSL_set_accept_state(session) } else { unsafe SSL_set_connect_state(session) }
    }

    deinit { unsafe SSL_free(session) }

    func feed(_ bytes: Span<UInt8>) throws(TransportError) {
        let count = unsafe bytes.withUnsafeBufferPointer { unsafe BIO_write(incoming, $0.baseAddress, Int32($0.count)) }
        guard Int(count) == bytes.count else { throw .tls("no memory") }
    }

    /// True once the handshake is done.
    func shakeHands() throws(TransportError) -> Bool {
        ERR_clear_error()
        let result = unsafe SSL_do_handshake(session)
        if result == 1 { return true }
        let code = unsafe SSL_get_error(session, result)
        if code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE { return false }
        throw failure()
    }

    /// What was decrypted, at most one record; nil when more must come first.
    func open(into buffer: inout [UInt8]) throws(TransportError) -> Int? {
        ERR_clear_error()
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe SSL_read(session, $0.baseAddress, Int32($0.count)) }
        if count > 0 { return Int(count) }
        switch unsafe SSL_get_error(session, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return nil
        case SSL_ERROR_ZERO_RETURN:
            endedInOrder = true
            return nil
        default: throw failure()
        }
    }

    /// Encrypts all of it, in as few records as it needs.
    func seal(_ bytes: [UInt8], into outgoing: inout [UInt8]) throws(TransportError) {
        ERR_clear_error()
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { raw in
                unsafe SSL_write(session, raw.baseAddress.map { unsafe $0 + written }, Int32(min(raw.count - written, TLSSession.pieceBytesMax)))
            }
            guard count > 0 else { throw failure() }
            written += Int(count)
            drain(into: &outgoing)
        }
    }

    /// Moves what OpenSSL wants to send.
    func drain(into outgoing: inout [UInt8]) {
        let waiting = unsafe Int(BIO_ctrl_pending(leaving))
        guard waiting > 0 else { return }
        let start = outgoing.count
        outgoing.append(contentsOf: repeatElement(0, count: waiting))
        let count = unsafe outgoing.withUnsafeMutableBytes { raw in
            unsafe BIO_read(leaving, raw.baseAddress.map { unsafe $0 + start }, Int32(clamping: waiting))
        }
        outgoing.removeLast(waiting - max(0, Int(count)))
    }

    func sayGoodbye(into outgoing: inout [UInt8]) {
        ERR_clear_error()
        _ = unsafe SSL_shutdown(session)
        drain(into: &outgoing)
    }

    private func failure() -> TransportError {
        let verified = unsafe SSL_get_verify_result(session)
        if verified != X509_V_OK {
            let why = unsafe String(cString: X509_verify_cert_error_string(verified))
            return .tls("the certificate of \(peer ?? "the other side") is not accepted: \(why)")
        }
        return .tls(TLSContext.lastReason)
    }
}
