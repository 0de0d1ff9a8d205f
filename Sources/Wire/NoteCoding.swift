internal import Records

private enum Tag {
    static let row: UInt16 = 16
    static let fate: UInt16 = 17
    static let superseded: UInt16 = 18
    static let similar: UInt16 = 19
}

/// What became of one row of a receipt.
extension FieldWriter {
    mutating func note(_ note: RememberNote) {
        integer(Tag.row, UInt32(clamping: note.row))
        integer(Tag.fate, note.fate.rawValue)
        if !note.superseded.isEmpty { field(Tag.superseded) { writer in for id in note.superseded { writer.raw(id) } } }
        if !note.similar.isEmpty {
            field(Tag.similar) { writer in
                for similar in note.similar {
                    writer.raw(similar.id)
                    writer.bytes.append(littleEndian: similar.cosine.bitPattern)
                }
            }
        }
    }
}

extension [UInt8] {
    func note(in range: Range<Int>) throws(BodyError) -> RememberNote {
        var (row, fate): (UInt32?, RememberNote.Fate?) = (nil, nil)
        var superseded: [Identifier] = []
        var similar: [RememberNote.Similar] = []
        var reader = FieldReader(self, in: range)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.row: row = try integer(field, "row")
            case Tag.fate: fate = RememberNote.Fate(rawValue: try integer(field, "fate"))
            case Tag.superseded: for start in try starts(field, every: Identifier.byteCount) { superseded.append(identifier(at: start)) }
            case Tag.similar:
                for start in try starts(field, every: Identifier.byteCount + 8) {
                    let bits: UInt64 = littleEndian(at: start + Identifier.byteCount)
                    similar.append(RememberNote.Similar(id: identifier(at: start), cosine: Double(bitPattern: bits)))
                }
            default: return false
            }
            return true
        }
        guard let row, let fate else { throw .malformed("a note lacks its row or what became of it") }
        return RememberNote(row: Int(row), fate: fate, superseded: superseded, similar: similar)
    }

    private func starts(_ field: FieldSlice, every bytes: Int) throws(BodyError) -> StrideTo<Int> {
        guard field.range.count % bytes == 0 else { throw .malformed("an entry of a note has \(bytes) bytes") }
        return stride(from: field.range.lowerBound, to: field.range.upperBound, by: bytes)
    }
}
