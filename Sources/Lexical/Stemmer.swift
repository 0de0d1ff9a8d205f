import CStemmer

/// Snowball's algorithm for one language. Not for two threads at once.
@safe final class Stemmer {
    private let handle: OpaquePointer?

    init(_ language: Language) {
        unsafe handle = sb_stemmer_new(language.name, "UTF_8")
    }

    deinit { unsafe sb_stemmer_delete(handle) }

    /// The stem of a word in small letters; the word itself where the library has no such algorithm.
    func stem(_ word: [UInt8]) -> [UInt8] {
        guard let handle = unsafe handle else { return word }
        return unsafe word.withUnsafeBufferPointer { bytes in
            guard let stem = unsafe sb_stemmer_stem(handle, bytes.baseAddress, Int32(bytes.count)) else { return word }
            return unsafe Array(UnsafeBufferPointer(start: stem, count: Int(sb_stemmer_length(handle))))
        }
    }
}
