internal import CZip

/// A zip archive, read through libzip.
@safe final class ZipArchive {
    private let path: String
    private let archive: OpaquePointer

    init(_ path: String) throws(ModelError) {
        self.path = path
        var code: Int32 = 0
        guard let archive = unsafe zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code) else {
            var error = unsafe zip_error_t()
            unsafe zip_error_init_with_code(&error, code)
            defer { unsafe zip_error_fini(&error) }
            throw .wrongArchive(path: path, why: unsafe String(cString: zip_error_strerror(&error)))
        }
        unsafe self.archive = archive
    }

    deinit { unsafe zip_discard(archive) }

    /// Hands over the bytes of an entry, piece by piece; more than `bytes` of them are an error, and fewer too.
    func extract(_ name: String, bytes: Int64, _ take: ([UInt8]) throws(ModelError) -> Void) throws(ModelError) {
        let place = unsafe zip_name_locate(archive, name, 0)
        guard place >= 0, let entry = unsafe zip_fopen_index(archive, UInt64(place), 0) else { throw .wrongArchive(path: path, why: "it has no file \(name)") }
        defer { unsafe zip_fclose(entry) }
        var left = bytes
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe zip_fread(entry, $0.baseAddress, UInt64($0.count)) }
            guard count >= 0 else { throw .wrongArchive(path: path, why: "its file \(name) is damaged") }
            guard count > 0 else { break }
            left -= Int64(count)
            guard left >= 0 else { throw .wrongArchive(path: path, why: "its file \(name) is longer than the \(bytes) bytes of the recipe") }
            try take(Array(buffer[..<Int(count)]))
        }
        guard left == 0 else { throw .wrongArchive(path: path, why: "its file \(name) is shorter than the \(bytes) bytes of the recipe") }
    }
}
