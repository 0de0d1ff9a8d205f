internal import Records

extension TermFile {
    /// What an export adds, and a server makes anew.
    private static let passedOver: Set<String> = ["kind", "id", "user", "frecency_at", "created_at", "updated_at", "version", "vector", "space"]

    static func readJSON(_ bytes: [UInt8]) -> TermFile {
        var (file, line) = (TermFile(), 0)
        for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            line += 1
            guard !part.allSatisfy({ $0 <= UInt8(ascii: " ") }) else { continue }
            do throws(FieldError) { file.take(line, try values(of: Array(part))) } catch {
                if case .malformed(let why) = error.reason, error.field.isEmpty { file.refusals.append(Refusal(line, why)) } else { file.refusals.append(Refusal(line, "\(error)")) }
            }
        }
        return file
    }

    private static func values(of line: [UInt8]) throws(FieldError) -> [RecordField: Value] {
        let json: JSON
        do { json = try JSON(parsing: line) } catch { throw FieldError("", .malformed("\(error)")) }
        guard case .object(let members) = json else { throw FieldError("", .malformed("it is no JSON object")) }
        var values: [RecordField: Value] = [:]
        for member in members where !passedOver.contains(member.name) && member.value != .null {
            guard let field = fields.first(where: { $0.name == member.name }), let rule = Schema.of(.term)[field] else {
                throw FieldError(member.name, .unknown(known: fields.map(\.name)))
            }
            values[field] = try Value(member.value, rule.type, field.name)
        }
        return values
    }
}
