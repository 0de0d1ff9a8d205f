internal import CUTF8Proc

/// What the reference implementation says of characters.
///
/// It knows the categories of Unicode 8.0: what came later has none for it, and what has moved since is where it was.
enum Folding {
    static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .privateUse, .surrogate: true
        case .format: isOld(scalar)
        default: scalar.value == 0xfffd
        }
    }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark: isOld(scalar) && !becameMarks.contains(scalar.value)
        default: scalar.value == 0x1734 || scalar.value == 0x1171e
        }
    }

    /// Marks now, and letters, spacing marks or punctuation in Unicode 8.0.
    private static let becameMarks: Set<UInt32> = [0x1885, 0x1886, 0xa9bd, 0x111c9]

    private static func isOld(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.age.map { $0 <= (8, 0) } ?? false }

    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: return true
        default: break
        }
        return switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation: isOld(scalar)
        default: scalar.value == 0x166d || scalar.value == 0x111c9
        }
    }

    static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x2a6df, 0x2a700...0x2b73f, 0x2b740...0x2b81f, 0x2b920...0x2ceaf, 0xf900...0xfaff, 0x2f800...0x2fa1f:
            true
        default: false
        }
    }

    /// The scalars of the full canonical decomposition. What is left of it keeps its order: marks that could change places are removed.
    static func decompose(_ scalar: Unicode.Scalar, _ body: (Unicode.Scalar) -> Void) {
        var parts: [4 of Int32] = [0, 0, 0, 0]
        var boundary: Int32 = 0
        var span = parts.mutableSpan
        let count = unsafe span.withUnsafeMutableBufferPointer { parts in
            unsafe utf8proc_decompose_char(Int32(scalar.value), parts.baseAddress, parts.count, UTF8PROC_DECOMPOSE, &boundary)
        }
        guard count > 0, count <= parts.count else { return body(scalar) }
        for part in 0..<count { body(Unicode.Scalar(UInt32(parts[part])) ?? scalar) }
    }
}
