internal import COpenSSL

/// What sessions of one kind share. OpenSSL counts references to it, and locks it itself.
@safe final class TLSContext: @unchecked Sendable {
    // Set up before it is shared; afterwards only SSL_new reads it, which OpenSSL guards.
    let handle: OpaquePointer

    init(isServer: Bool) throws(TransportError) {
        ERR_clear_error()
        guard let handle = unsafe SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else { throw .tls(TLSContext.lastReason) }
        unsafe self.handle = handle
        guard unsafe pinyon_tls13_only(handle) == 1 else { throw .tls(TLSContext.lastReason) }
        unsafe SSL_CTX_set_num_tickets(handle, 0)
        unsafe pinyon_small_buffers(handle)
    }

    deinit { unsafe SSL_CTX_free(handle) }

    func newSession() throws(TransportError) -> OpaquePointer {
        guard let session = unsafe SSL_new(handle) else { throw .tls(TLSContext.lastReason) }
        return unsafe session
    }

    /// The newest of OpenSSL's errors on this thread, as it says it.
    static var lastReason: String {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = unsafe ERR_reason_error_string(code) else { return "the connection failed" }
        let text = unsafe String(cString: reason)
        return text == "wrong version number" ? "the other side does not speak TLS" : text
    }

    /// Certificates and keys of a server, checked against each other.
    func load(certificateFile: String, keyFile: String) throws(TransportError) {
        ERR_clear_error()
        guard unsafe SSL_CTX_use_certificate_chain_file(handle, certificateFile) == 1 else {
            throw .certificate(path: certificateFile, reason: TLSContext.lastReason)
        }
        guard unsafe SSL_CTX_use_PrivateKey_file(handle, keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .certificate(path: keyFile, reason: TLSContext.lastReason)
        }
        guard unsafe SSL_CTX_check_private_key(handle) == 1 else { throw .certificate(path: keyFile, reason: "it is not the key of \(certificateFile)") }
    }

    func trust(_ trust: TLSTrust) throws(TransportError) {
        ERR_clear_error()
        unsafe SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nil)
        switch trust {
        case .system:
            guard unsafe SSL_CTX_set_default_verify_paths(handle) == 1 else { throw .tls("the system's certificates cannot be read") }
        case .file(let path):
            guard unsafe SSL_CTX_load_verify_locations(handle, path, nil) == 1 else { throw .certificate(path: path, reason: TLSContext.lastReason) }
        }
    }

    /// Makes the session accept nobody but the bearer of that name, or of that IP address.
    static func expect(_ name: String, of session: OpaquePointer) throws(TransportError) {
        let parameters = unsafe SSL_get0_param(session)
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
        ERR_clear_error()
        guard unsafe SSL_set1_host(session, name) == 1, unsafe pinyon_server_name(session, name) == 1 else {
            throw .tls("\"\(name)\" is no name for a server")
        }
    }
}

/// A server's certificate and key.
public struct TLSServer: Sendable {
    private let context: TLSContext

    public init(certificateFile: String, keyFile: String) throws(TransportError) {
        context = try TLSContext(isServer: true)
        try context.load(certificateFile: certificateFile, keyFile: keyFile)
    }

    func session() throws(TransportError) -> TLSSession { unsafe try TLSSession(context.newSession(), isServer: true, peer: nil) }
}

/// Which certificates a client believes.
public enum TLSTrust: Hashable, Sendable {
    case system
    /// The certificates of this file, and no others.
    case file(String)
}

/// What a client demands: a chain that it trusts, to the name that it asked for.
public struct TLSClient: Sendable {
    private let context: TLSContext
    private let serverName: String

    public init(trust: TLSTrust, serverName: String) throws(TransportError) {
        context = try TLSContext(isServer: false)
        self.serverName = serverName
        try context.trust(trust)
    }

    func session() throws(TransportError) -> TLSSession {
        let session = unsafe try context.newSession()
        do throws(TransportError) {
            unsafe try TLSContext.expect(serverName, of: session)
        } catch {
            unsafe SSL_free(session)
            throw error
        }
        return unsafe try TLSSession(session, isServer: false, peer: serverName)
    }
}
