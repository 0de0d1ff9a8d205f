internal import COpenSSL
internal import Glibc

/// What the sessions of one end share.
@safe final class TLSContext: @unchecked Sendable {
    // Set up before it is shared; afterwards only SSL_new reads it, and OpenSSL guards that and its count of references itself.
    let handle: OpaquePointer

    init(isServer: Bool) throws(TransportError) {
        // A program that ends while loops still run must not have OpenSSL taken down under them.
        _ = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
        ERR_clear_error()
        guard let handle = unsafe SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else { throw .tls(reason: TLSContext.takeReason()) }
        unsafe self.handle = handle
        guard unsafe pinyon_tls13_only(handle) == 1 else { throw .tls(reason: TLSContext.takeReason()) }
        unsafe SSL_CTX_set_num_tickets(handle, 0)
        unsafe pinyon_no_session_cache(handle)
        unsafe pinyon_release_buffers(handle)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    /// The first error that OpenSSL noted on this thread since its notes were cleared, in its words; clears them.
    static func takeReason() -> String {
        let code = ERR_peek_error()
        ERR_clear_error()
        guard code != 0, let reason = unsafe ERR_reason_error_string(code) else { return "OpenSSL gives no reason" }
        return unsafe String(cString: reason)
    }

    func load(certificateFile: String, keyFile: String) throws(TransportError) {
        try TLSContext.requireReadable(certificateFile)
        try TLSContext.requireReadable(keyFile)
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate_chain_file(handle, certificateFile) == 1 else {
            throw .badCertificate(path: certificateFile, reason: TLSContext.takeReason())
        }
        // Without a callback of ours OpenSSL would ask the terminal for an encrypted key's password.
        unsafe SSL_CTX_set_default_passwd_cb(handle) { _, _, _, _ in -1 }
        guard unsafe SSL_CTX_use_PrivateKey_file(handle, keyFile, SSL_FILETYPE_PEM) == 1 else {
            let code = Int32(truncatingIfNeeded: ERR_peek_error() & 0x7F_FFFF)
            let reason = TLSContext.takeReason()
            if code == X509_R_KEY_VALUES_MISMATCH || code == X509_R_KEY_TYPE_MISMATCH {
                throw .keyMismatch(certificatePath: certificateFile, keyPath: keyFile)
            }
            throw .badKey(path: keyFile, reason: reason)
        }
        guard unsafe SSL_CTX_check_private_key(handle) == 1 else { throw .keyMismatch(certificatePath: certificateFile, keyPath: keyFile) }
    }

    func trust(_ trust: TLSTrust) throws(TransportError) {
        ERR_clear_error()
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        switch trust {
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(handle) == 1 else { throw .tls(reason: "the system's certificates cannot be read") }
        case .file(let path):
            try TLSContext.requireReadable(path)
            guard unsafe SSL_CTX_load_verify_locations(handle, path, nil) == 1 else {
                throw .badCertificate(path: path, reason: TLSContext.takeReason())
            }
        }
    }

    /// OpenSSL's words for a missing file do not say which one.
    private static func requireReadable(_ path: String) throws(TransportError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: Socket.reason(errno)) }
        Socket.close(descriptor)
    }

    static func isAddress(_ name: String) -> Bool {
        guard let parsed = unsafe a2i_IPADDRESS(name) else { return false }
        unsafe ASN1_OCTET_STRING_free(parsed)
        return true
    }
}

/// A server's certificate and key, read once.
public struct TLSServer: Sendable {
    let context: TLSContext

    /// Both in PEM; behind the certificate its chain may follow. A key with a password is refused.
    public init(certificateFile: String, keyFile: String) throws(TransportError) {
        context = try TLSContext(isServer: true)
        try context.load(certificateFile: certificateFile, keyFile: keyFile)
    }
}

/// Which certificates a client believes.
public enum TLSTrust: Hashable, Sendable {
    case system
    /// The certificates of this file, and no others.
    case file(String)
}

/// What a client demands: a chain that it trusts, to the name or IP address that it asked for.
public struct TLSClient: Sendable {
    let context: TLSContext
    let serverName: String

    public init(trust: TLSTrust, serverName: String) throws(TransportError) {
        guard CertificateName.isName(serverName) else { throw .badServerName(name: serverName) }
        context = try TLSContext(isServer: false)
        self.serverName = serverName
        try context.trust(trust)
    }
}

/// Whose side of a connection a channel takes.
enum TLSEnd: Sendable {
    case server(TLSServer)
    case client(TLSClient)
}
