internal import CUTF8Proc

/// What the reference implementation says of characters.
enum Folding {
    static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .privateUse, .surrogate: true
        default: scalar.value == 0xfffd
        }
    }

    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: return true
        default: break
        }
        return switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation, .otherPunctuation: true
        default: false
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
