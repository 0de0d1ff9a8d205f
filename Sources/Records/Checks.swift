/// The constraints on single fields, each an error with the field's name.
public enum Checks {
    public static func text(_ value: String, _ field: String, bytesMax: Int) throws(FieldError) {
        let count = value.utf8.count
        guard count > 0 else { throw FieldError(field, .empty) }
        guard count <= bytesMax else { throw FieldError(field, .tooLong(bytes: count, bytesMax: bytesMax)) }
        // By bytes, as it may be a long text.
        let bytes = value.utf8.span
        for place in 0..<count where bytes[place] == 0 { throw FieldError(field, .notText) }
    }

    public static func importance(_ value: Double) throws(FieldError) {
        guard (0...1).contains(value) else { throw FieldError("importance", .outOfRange("from 0 to 1")) }
    }

    public static func tags(_ values: [String]) throws(FieldError) {
        try texts(values, "tags", countMax: Limits.tagsMax, bytesMax: Limits.tagBytesMax)
    }

    public static func texts(_ values: [String], _ field: String, countMax: Int, bytesMax: Int) throws(FieldError) {
        guard values.count <= countMax else { throw FieldError(field, .tooMany(count: values.count, countMax: countMax)) }
        var seen: Set<String> = []
        for value in values {
            try text(value, field, bytesMax: bytesMax)
            guard seen.insert(value).inserted else { throw FieldError(field, .duplicate(value)) }
        }
    }

    public static func metadata(_ value: JSON) throws(FieldError) {
        guard case .object = value else { throw FieldError("metadata", .malformed("it must be a JSON object")) }
        try json(value, "metadata", bytesMax: Limits.metadataBytesMax)
    }

    public static func json(_ value: JSON, _ field: String, bytesMax: Int) throws(FieldError) {
        guard value != .emptyObject else { return }
        let count = value.description.utf8.count
        guard count <= bytesMax else { throw FieldError(field, .tooLong(bytes: count, bytesMax: bytesMax)) }
        guard !containsNUL(value) else { throw FieldError(field, .notText) }
    }

    /// One @ with something on both sides, and no blanks: what a person would call an address.
    public static func email(_ value: String) throws(FieldError) {
        let parts = value.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !value.contains(where: \.isWhitespace) else {
            throw FieldError("email", .malformed("it is no address, as in maya@example.com"))
        }
    }

    public static func time(_ value: Timestamp?, _ field: String) throws(FieldError) {
        guard let value else { return }
        guard Timestamp.range.contains(value) else { throw FieldError(field, .outOfRange("between the years 1 and 9999")) }
    }

    /// A space says where a vector comes from; without one it would be passed over in silence.
    public static func space(_ space: Identifier?, ofVector isGiven: Bool) throws(FieldError) {
        guard space == nil || isGiven else { throw FieldError("space", .malformed("it is that of a vector, and there is none")) }
    }

    /// Finite, not of length zero, and within the limit of dimensions; the space's own dimension is checked where it is known.
    public static func vector(_ values: [Float], _ field: String) throws(FieldError) {
        guard !values.isEmpty else { throw FieldError(field, .empty) }
        guard values.count <= Limits.dimensionMax else {
            throw FieldError(field, .tooMany(count: values.count, countMax: Limits.dimensionMax))
        }
        var squares = 0.0
        for value in values { squares += Double(value) * Double(value) }
        if !squares.isFinite, let position = values.firstIndex(where: { !$0.isFinite }) { throw FieldError(field, .notFinite(position: position)) }
        guard squares > 0 else { throw FieldError(field, .zeroVector) }
    }

    public static func recall(_ value: Double) throws(FieldError) {
        guard value > 0, value <= 1 else { throw FieldError("recall", .outOfRange("above 0, and at most 1")) }
    }

    public static func probes(_ value: Int) throws(FieldError) {
        guard (1...Limits.probesMax).contains(value) else { throw FieldError("probes", .outOfRange("from 1 to \(Limits.probesMax)")) }
    }

    public static func k(_ value: Int) throws(FieldError) {
        guard (1...Limits.kMax).contains(value) else { throw FieldError("k", .outOfRange("from 1 to \(Limits.kMax)")) }
    }

    public static func page(_ limit: Int) throws(FieldError) {
        guard (1...Limits.pageMax).contains(limit) else { throw FieldError("limit", .outOfRange("from 1 to \(Limits.pageMax)")) }
    }

    public static func batch(_ count: Int, _ field: String) throws(FieldError) {
        guard count > 0 else { throw FieldError(field, .empty) }
        guard count <= Limits.batchMax else { throw FieldError(field, .tooMany(count: count, countMax: Limits.batchMax)) }
    }

    /// Lower-case letters, digits, and `-`, `_`, `.` between them: what is safe in a path, a URL and a shell.
    public static func slug(_ value: String) throws(FieldError) {
        try text(value, "slug", bytesMax: Limits.slugBytesMax)
        let allowed = value.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || byte == 0x2D || byte == 0x5F || byte == 0x2E
        }
        guard allowed else { throw FieldError("slug", .malformed("only a-z, 0-9, '-', '_' and '.' are allowed")) }
    }

    /// What a person could type and see: no characters that control what stands beside them, no mark without anything that it belongs to, and not white space alone.
    public static func term(_ value: String, _ field: String) throws(FieldError) {
        var (hasBase, isSeen) = (false, false)
        for scalar in value.unicodeScalars {
            let name = "U+\(String(scalar.value, radix: 16, uppercase: true))"
            switch scalar.properties.generalCategory {
            case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: throw FieldError(field, .malformed("it has the control character \(name)"))
            // What joins signs, and tells flags apart, is seen in them.
            case .format where scalar.value == 0x200c || scalar.value == 0x200d || (0xe0020...0xe007f).contains(scalar.value): break
            case .format: throw FieldError(field, .malformed("it has the invisible character \(name)"))
            case .nonspacingMark, .spacingMark, .enclosingMark: guard hasBase else { throw FieldError(field, .malformed("it has a mark, \(name), on no letter")) }
            case .spaceSeparator: hasBase = false
            default:
                guard !scalar.properties.isDefaultIgnorableCodePoint else { throw FieldError(field, .malformed("it has the invisible character \(name)")) }
                (hasBase, isSeen) = (true, true)
            }
        }
        guard isSeen else { throw FieldError(field, .empty) }
    }

    /// Parts of letters and digits between hyphens, of which the first is the language itself.
    public static func language(_ value: String) throws(FieldError) {
        let parts = value.split(separator: "-", omittingEmptySubsequences: false)
        let isTag = parts.enumerated().allSatisfy { place, part in
            (1...8).contains(part.utf8.count) && part.unicodeScalars.allSatisfy { $0.isASCII && ($0.properties.isAlphabetic || place > 0 && $0.properties.numericType != nil) }
        }
        guard isTag, (2...8).contains(parts[0].utf8.count) else { throw FieldError("language", .malformed("it is no tag of a language, as en or pt-BR")) }
    }

    private static func containsNUL(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool, .integer, .number: false
        case .text(let text): text.utf8.contains(0)
        case .list(let values): values.contains(where: containsNUL)
        case .object(let members): members.contains { $0.name.utf8.contains(0) || containsNUL($0.value) }
        }
    }
}
