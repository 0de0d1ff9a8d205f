internal import Records

/// A header names the fields, in any order; several values of one stand behind each other with `|` between, which `\|` stands for itself, as `\\` does.
extension TermFile {
    static func readCSV(_ bytes: [UInt8]) throws(Refusal) -> TermFile {
        var (reader, file) = (CSVReader(bytes), TermFile())
        guard let first = reader.next() else { throw Refusal(1, "the file is empty; its first line is to name the fields") }
        let header: [String]
        switch first.content {
        case .broken(let why): throw Refusal(first.line, why)
        case .cells(let cells): header = cells.map { trimmed($0).lowercased() }
        }
        if header.count == 1, let separator = [(";", "semicolons"), ("\t", "tabs")].first(where: { header[0].contains($0.0) }) {
            throw Refusal(first.line, "its cells seem to be separated by \(separator.1), and not by commas")
        }
        var columns: [FieldRule] = []
        for name in header {
            guard let field = fields.first(where: { $0.name == name }), let rule = Schema.of(.term)[field] else {
                throw Refusal(first.line, "the header has \(name.isEmpty ? "a column without a name" : "the column \(name)"); there are \(fields.map(\.name).joined(separator: ", "))")
            }
            guard !columns.contains(where: { $0.field == field }) else { throw Refusal(first.line, "the header has the column \(name) twice") }
            columns.append(rule)
        }
        for needed in [RecordField.term, .definition] where !columns.contains(where: { $0.field == needed }) {
            throw Refusal(first.line, "the header lacks the column \(needed.name)")
        }
        while let row = reader.next() {
            switch row.content {
            case .broken(let why): file.refusals.append(Refusal(row.line, why))
            case .cells(let cells) where cells == [""]: break
            case .cells(let cells):
                guard cells.count == columns.count else {
                    file.refusals.append(Refusal(row.line, "it has \(cells.count) cells where the header has \(columns.count)"))
                    continue
                }
                do throws(FieldError) {
                    var values: [RecordField: Value] = [:]
                    for (rule, cell) in zip(columns, cells) where !trimmed(cell).isEmpty { values[rule.field] = try value(rule.field == .definition ? cell : trimmed(cell), rule) }
                    file.take(row.line, values)
                } catch { file.refusals.append(Refusal(row.line, "\(error)")) }
            }
        }
        return file
    }

    private static func trimmed(_ cell: String) -> String {
        var cell = cell[...]
        while cell.first?.isWhitespace ?? false { cell.removeFirst() }
        while cell.last?.isWhitespace ?? false { cell.removeLast() }
        return String(cell)
    }

    private static func value(_ cell: String, _ rule: FieldRule) throws(FieldError) -> Value {
        switch rule.type {
        case .texts: return .texts(parts(of: cell))
        case .integer:
            guard let number = Int64(cell) else { throw FieldError(rule.field.name, .malformed("it must be a whole number, not \"\(cell)\"")) }
            return .integer(number)
        case .time:
            guard let time = Timestamp(cell) else { throw FieldError(rule.field.name, .malformed("it must be an ISO 8601 time, not \"\(cell)\"")) }
            return .time(time)
        case .flag:
            guard let flag = ["yes": true, "true": true, "1": true, "no": false, "false": false, "0": false][cell.lowercased()] else {
                throw FieldError(rule.field.name, .malformed("it must be yes or no, not \"\(cell)\""))
            }
            return .flag(flag)
        case .text, .choice, .number, .identifier, .object, .list, .bytes, .vector: return .text(cell)
        }
    }

    private static func parts(of cell: String) -> [String] {
        var (parts, isEscaped): ([String], Bool) = ([""], false)
        for scalar in cell.unicodeScalars {
            if isEscaped {
                if scalar != "|", scalar != "\\" { parts[parts.count - 1].unicodeScalars.append("\\") }
                parts[parts.count - 1].unicodeScalars.append(scalar)
                isEscaped = false
            } else if scalar == "\\" {
                isEscaped = true
            } else if scalar == "|" {
                parts.append("")
            } else {
                parts[parts.count - 1].unicodeScalars.append(scalar)
            }
        }
        if isEscaped { parts[parts.count - 1] += "\\" }
        return parts.filter { !$0.isEmpty }
    }

    static func writeCSV(_ records: [Record]) -> String {
        var text = fields.map(\.name).joined(separator: ",") + "\r\n"
        for record in records { text += fields.map { quoted(cell(record, $0)) }.joined(separator: ",") + "\r\n" }
        return text
    }

    private static func cell(_ record: Record, _ field: RecordField) -> String {
        switch record[field] {
        case nil: ""
        case .text(let text): text
        case .integer(let number): String(number)
        case .flag(let flag): flag ? "yes" : "no"
        case .time(let time): time.description
        case .texts(let texts): texts.map { $0.replacing("\\", with: "\\\\").replacing("|", with: "\\|") }.joined(separator: "|")
        case .number, .identifier, .json, .bytes, .vector: record[field]?.json.description ?? ""
        }
    }

    private static func quoted(_ cell: String) -> String {
        let isPlain = cell.utf8.allSatisfy { $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        return isPlain ? cell : "\"\(cell.replacing("\"", with: "\"\""))\""
    }
}

/// Rows as RFC 4180 has them; lines may end without a carriage return. One that is broken ends with its line, and the next is read from there.
struct CSVReader {
    enum Content {
        case cells([String])
        case broken(String)
    }

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1
    private static let quote = UInt8(ascii: "\"")
    private static let comma = UInt8(ascii: ",")
    private static let lineEnd = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Nil after the last.
    mutating func next() -> (line: Int, content: Content)? {
        guard place < bytes.count else { return nil }
        let (start, first) = (place, line)
        var cells: [String] = []
        while true {
            let cell: [UInt8]
            do throws(Broken) { cell = try self.cell() } catch {
                // A quotation mark may be one too many: what it would take in with it is read as lines of their own.
                if error.isOpen || line > first { (place, line) = (start, first) }
                skipLine()
                return (first, .broken(error.why))
            }
            guard let text = String(validating: cell, as: UTF8.self) else {
                skipLine()
                return (first, .broken("it is no UTF-8 text"))
            }
            cells.append(text)
            guard place < bytes.count else { return (first, .cells(cells)) }
            let byte = bytes[place]
            place += 1
            guard byte != CSVReader.comma else { continue }
            if byte == CSVReader.carriageReturn, place < bytes.count, bytes[place] == CSVReader.lineEnd { place += 1 }
            line += 1
            return (first, .cells(cells))
        }
    }

    private struct Broken: Error {
        let why: String
        /// It goes on to the end of the file.
        var isOpen = false
    }

    /// Up to the comma or the end of the line behind it.
    private mutating func cell() throws(Broken) -> [UInt8] {
        var cell: [UInt8] = []
        guard place < bytes.count, bytes[place] == CSVReader.quote else {
            while place < bytes.count, !isEnd(bytes[place]) {
                guard bytes[place] != CSVReader.quote else { throw Broken(why: "a quotation mark stands within a cell that does not begin with one") }
                cell.append(bytes[place])
                place += 1
            }
            return cell
        }
        place += 1
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == CSVReader.lineEnd { line += 1 }
            guard byte == CSVReader.quote else {
                cell.append(byte)
                continue
            }
            guard place < bytes.count else { return cell }
            if bytes[place] == CSVReader.quote {
                cell.append(byte)
                place += 1
            } else {
                guard isEnd(bytes[place]) else { throw Broken(why: "something stands behind the quotation mark that ends a cell") }
                return cell
            }
        }
        throw Broken(why: "a quotation mark is never closed", isOpen: true)
    }

    private func isEnd(_ byte: UInt8) -> Bool { byte == CSVReader.comma || byte == CSVReader.lineEnd || byte == CSVReader.carriageReturn }

    private mutating func skipLine() {
        while place < bytes.count, bytes[place] != CSVReader.lineEnd { place += 1 }
        if place < bytes.count { (place, line) = (place + 1, line + 1) }
    }
}
