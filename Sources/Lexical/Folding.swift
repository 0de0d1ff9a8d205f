import CUTF8Proc
import Glibc

/// Letters that mean the same, made the same.
public enum Folding {
    /// Small letters, in compatible forms, composed.
    static func folded(_ text: String) -> String { mapped(text, [UTF8PROC_COMPOSE, UTF8PROC_COMPAT, UTF8PROC_CASEFOLD, UTF8PROC_IGNORE]) }

    /// Small letters without accents, in compatible forms, composed. Vowel signs and sound marks, which make another letter, stay.
    public static func bare(_ text: String) -> [UInt8] {
        let apart = mapped(text, [UTF8PROC_DECOMPOSE, UTF8PROC_COMPAT, UTF8PROC_CASEFOLD, UTF8PROC_IGNORE])
        return Array(mapped(String(String.UnicodeScalarView(apart.unicodeScalars.filter { !isAccent($0) })), [UTF8PROC_COMPOSE]).utf8)
    }

    /// Combining accents, the points of Hebrew and Arabic, and what chooses a variant.
    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0300...0x036f, 0x0591...0x05bd, 0x05bf, 0x05c1...0x05c2, 0x05c4...0x05c5, 0x05c7, 0x064b...0x0652, 0x0670, 0x1ab0...0x1aff, 0x1dc0...0x1dff, 0x20d0...0x20ff,
            0xfe00...0xfe0f, 0xfe20...0xfe2f:
            true
        default: false
        }
    }

    /// Without accents and other marks.
    static func withoutMarks(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        return Array(mapped(String(decoding: bytes, as: UTF8.self), [UTF8PROC_DECOMPOSE, UTF8PROC_COMPAT, UTF8PROC_STRIPMARK]).utf8)
    }

    private static func mapped(_ text: String, _ options: [utf8proc_option_t]) -> String {
        var text = text
        let flags = utf8proc_option_t(rawValue: options.reduce(UTF8PROC_STABLE.rawValue) { $0 | $1.rawValue })
        let bytes: [UInt8]? = text.withUTF8 { text in
            var out: UnsafeMutablePointer<UInt8>?
            let count = unsafe utf8proc_map(text.baseAddress, text.count, &out, flags)
            defer { unsafe free(out) }
            guard count >= 0, let start = unsafe out else { return nil }
            return unsafe Array(UnsafeBufferPointer(start: start, count: count))
        }
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    /// Of scripts that put no space between words: Chinese, Japanese and Korean, Thai, Lao, Khmer and Burmese.
    public static func isOfRun(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0e00...0x0e4e, 0x0e80...0x0ece, 0x1000...0x103f, 0x1780...0x17d3, 0x1100...0x11ff, 0x3005...0x3007, 0x3040...0x30ff, 0x3130...0x318f, 0x31f0...0x31ff,
            0x3400...0x4dbf, 0x4e00...0x9fff, 0xac00...0xd7a3, 0xf900...0xfaff, 0x20000...0x323af:
            // The middle dot and the sound marks alone are no signs.
            scalar.value != 0x30fb
        default: false
        }
    }
}
