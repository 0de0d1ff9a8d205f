internal import COpenSSL

/// Certificates that vouch for themselves, for trying TLS out and for machines that know each other.
public enum SelfSigned {
    private static let daysMax = 36_500
    private static let commonNameBytesMax = 64
    private static let serialBits: Int32 = 127

    /// A P-256 key and an X.509 certificate for these names and IP addresses, valid from an hour ago on.
    ///
    /// It can sign no other certificate, and is its own trust anchor: a client takes it with `trust: .file`.
    public static func make(names: [String], days: Int) throws(TransportError) -> (certificatePEM: [UInt8], keyPEM: [UInt8]) {
        guard let first = names.first else { throw .badServerName(name: "") }
        for name in names where !CertificateName.isName(name) { throw .badServerName(name: name) }
        guard (1...daysMax).contains(days) else { throw .badLifetime(days: days) }
        ERR_clear_error()
        guard let key = unsafe pinyon_new_p256_key() else { throw .tls(reason: TLSContext.takeReason()) }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { throw .tls(reason: TLSContext.takeReason()) }
        defer { unsafe X509_free(certificate) }
        try unsafe require(X509_set_version(certificate, 2))
        try unsafe setSerial(certificate)
        try unsafe require(X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600) == nil ? 0 : 1)
        try unsafe require(X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400) == nil ? 0 : 1)
        try unsafe require(X509_set_pubkey(certificate, key))
        let common = Array(first.utf8.prefix(commonNameBytesMax))
        let subject = unsafe X509_get_subject_name(certificate)
        try unsafe require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common, Int32(common.count), -1, 0))
        try unsafe require(X509_set_issuer_name(certificate, subject))
        try unsafe addExtensions(certificate, names)
        try unsafe require(X509_sign(certificate, key, EVP_sha256()))
        return (
            certificatePEM: try unsafe pem { unsafe PEM_write_bio_X509($0, certificate) },
            keyPEM: try unsafe pem { unsafe PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        )
    }

    /// OpenSSL answers with 1, or with a length, when it has done what was asked.
    private static func require(_ result: Int32) throws(TransportError) {
        guard result > 0 else { throw .tls(reason: TLSContext.takeReason()) }
    }

    private static func setSerial(_ certificate: OpaquePointer) throws(TransportError) {
        guard let number = unsafe BN_new() else { throw .tls(reason: TLSContext.takeReason()) }
        defer { unsafe BN_free(number) }
        try unsafe require(BN_rand(number, serialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY))
        try unsafe require(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) == nil ? 0 : 1)
    }

    private static func addExtensions(_ certificate: OpaquePointer, _ names: [String]) throws(TransportError) {
        let alternatives = names.map { (TLSContext.isAddress($0) ? "IP:" : "DNS:") + $0 }.joined(separator: ",")
        let wished = [
            (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"), (NID_ext_key_usage, "serverAuth"),
            (NID_subject_alt_name, alternatives),
        ]
        for (kind, value) in wished {
            guard let part = unsafe X509V3_EXT_conf_nid(nil, nil, kind, value) else { throw .tls(reason: TLSContext.takeReason()) }
            defer { unsafe X509_EXTENSION_free(part) }
            try unsafe require(X509_add_ext(certificate, part, -1))
        }
    }

    /// Through memory that OpenSSL wipes.
    private static func pem(_ write: (OpaquePointer) -> Int32) throws(TransportError) -> [UInt8] {
        guard let queue = unsafe BIO_new(BIO_s_secmem()) else { throw .tls(reason: TLSContext.takeReason()) }
        defer { unsafe BIO_free(queue) }
        try unsafe require(write(queue))
        var bytes = [UInt8](repeating: 0, count: unsafe Int(BIO_ctrl_pending(queue)))
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe BIO_read(queue, $0.baseAddress, Int32(clamping: $0.count)) }
        guard Int(count) == bytes.count else { throw .tls(reason: TLSContext.takeReason()) }
        return bytes
    }
}
