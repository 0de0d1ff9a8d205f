internal import COpenSSL

/// A certificate that vouches for itself, for trying TLS out.
public enum SelfSigned {
    public struct Pair: Sendable {
        public let certificatePEM: [UInt8]
        public let keyPEM: [UInt8]
    }

    /// A P-256 key and an X.509 certificate for these names and IP addresses, valid from an hour ago on.
    public static func make(names: [String], days: Int) throws(TransportError) -> Pair {
        guard let first = names.first else { throw .tls("a certificate needs a name") }
        for name in names where name.isEmpty || name.utf8.count > 253 || name.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F || $0 == 0x2C }) {
            throw .tls("\"\(name)\" is no name for a server")
        }
        ERR_clear_error()
        guard let key = unsafe pinyon_new_p256_key() else { throw .tls(TLSContext.lastReason) }
        defer { unsafe EVP_PKEY_free(key) }
        guard let certificate = unsafe X509_new() else { throw .tls(TLSContext.lastReason) }
        defer { unsafe X509_free(certificate) }
        unsafe X509_set_version(certificate, 2)
        unsafe ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), .random(in: 1 ... .max >> 1))
        unsafe X509_gmtime_adj(X509_getm_notBefore(certificate), -3_600)
        unsafe X509_gmtime_adj(X509_getm_notAfter(certificate), days * 86_400)
        unsafe X509_set_pubkey(certificate, key)
        let subject = unsafe X509_get_subject_name(certificate)
        let common = Array(first.utf8.prefix(64))
        unsafe X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, common, Int32(common.count), -1, 0)
        unsafe X509_set_issuer_name(certificate, subject)
        let alternatives = names.map { (isAddress($0) ? "IP:" : "DNS:") + $0 }.joined(separator: ",")
        for (identifier, value) in [
            (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"), (NID_subject_alt_name, alternatives), (NID_ext_key_usage, "serverAuth"),
        ] {
            guard let extensionOfIt = unsafe X509V3_EXT_conf_nid(nil, nil, identifier, value) else { throw .tls(TLSContext.lastReason) }
            unsafe X509_add_ext(certificate, extensionOfIt, -1)
            unsafe X509_EXTENSION_free(extensionOfIt)
        }
        guard unsafe X509_sign(certificate, key, EVP_sha256()) > 0 else { throw .tls(TLSContext.lastReason) }
        return Pair(
            certificatePEM: try unsafe pem { unsafe PEM_write_bio_X509($0, certificate) },
            keyPEM: try unsafe pem { unsafe PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
    }

    private static func isAddress(_ name: String) -> Bool {
        guard let parsed = unsafe a2i_IPADDRESS(name) else { return false }
        unsafe ASN1_OCTET_STRING_free(parsed)
        return true
    }

    private static func pem(_ write: (OpaquePointer) -> Int32) throws(TransportError) -> [UInt8] {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { throw .tls("no memory") }
        defer { unsafe BIO_free(bio) }
        guard unsafe write(bio) == 1 else { throw .tls(TLSContext.lastReason) }
        var bytes = [UInt8](repeating: 0, count: unsafe Int(BIO_ctrl_pending(bio)))
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe BIO_read(bio, $0.baseAddress, Int32($0.count)) }
        guard Int(count) == bytes.count else { throw .tls("a certificate could not be written") }
        return bytes
    }
}
