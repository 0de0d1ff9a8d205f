import Foundation
import Vectors

/// NumPy's file of one array: version 1.0, little-endian, rows after rows.
struct NPYFile {
    let rows: Int
    let columns: Int
    private let file: MappedFile
    private let type: String
    private let start: Int

    init(_ path: String) throws {
        do { file = try MappedFile(path: path) } catch { throw BenchError("\(path): \(error)") }
        func wrong(_ why: String) -> BenchError { BenchError("\(path): \(why)") }
        guard file.count >= 10, file.bytes(0..<6) == [0x93] + Array("NUMPY".utf8) else { throw wrong("it is no .npy file") }
        let version = file.bytes(6..<8)
        guard version[0] == 1 || version[0] == 2 else { throw wrong("version \(version[0]) of the format is not read") }
        let sizeBytes = version[0] == 1 ? 2 : 4
        guard file.count >= 8 + sizeBytes else { throw wrong("its header is cut") }
        let size = file.bytes(8..<8 + sizeBytes).reversed().reduce(0) { $0 << 8 | Int($1) }
        start = 8 + sizeBytes + size
        guard start <= file.count, let header = String(validating: file.bytes(8 + sizeBytes..<start), as: UTF8.self) else { throw wrong("its header is cut") }
        let compact = header.filter { $0 != " " }
        guard compact.contains("'fortran_order':False") else {
            throw wrong(compact.contains("'fortran_order':True") ? "its columns come first (fortran_order), but rows are wanted" : "its header does not say that rows come first: \(header)")
        }
        guard let type = NPYFile.text(after: "'descr':", in: compact) else { throw wrong("its header does not name one type: \(header)") }
        guard let size = NPYFile.sizes[type] else { throw wrong("it holds \(type), but float32 (<f4) or integers of 4 or 8 bytes are wanted") }
        self.type = type
        guard let open = compact.firstIndex(of: "("), let close = compact[open...].firstIndex(of: ")") else { throw wrong("its header has no shape") }
        let text = compact[compact.index(after: open)..<close]
        let shape = text.split(separator: ",").map { Int($0) }
        guard shape.count == 2, let rows = shape[0], let columns = shape[1], rows >= 0, columns > 0 else {
            throw wrong("its shape is (\(text)), but rows and columns are wanted")
        }
        self.rows = rows
        self.columns = columns
        let values = rows.multipliedReportingOverflow(by: columns), bytes = values.partialValue.multipliedReportingOverflow(by: size)
        guard !values.overflow, !bytes.overflow, file.count - start == bytes.partialValue else {
            throw wrong("\(rows) × \(columns) of \(type) need \(values.overflow || bytes.overflow ? "more" : "\(bytes.partialValue)") bytes after the header, but there are \(file.count - start)")
        }
    }

    private static let sizes = ["<f4": 4, "<i4": 4, "<u4": 4, "<i8": 8, "<u8": 8]

    /// Every row of a file of floats.
    static func vectors(_ path: String) throws -> [[Float]] {
        let file = try NPYFile(path)
        let floats = try file.floats(path)
        return (0..<file.rows).map { floats[$0 * file.columns..<($0 + 1) * file.columns].values }
    }

    private static func text(after name: String, in header: String) -> String? {
        guard let place = header.range(of: name) else { return nil }
        let parts = header[place.upperBound...].split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }

    func floats(_ path: String) throws -> Floats {
        guard type == "<f4" else { throw BenchError("\(path): it holds \(type), but float32 (<f4) is wanted") }
        guard let floats = file.floats(start..<file.count) else { throw BenchError("\(path): its floats do not begin on a multiple of four") }
        guard floats.areFinite else {
            let place = (0..<floats.count).first { !floats[$0].isFinite } ?? 0
            throw BenchError("\(path): row \(place / columns), column \(place % columns), is no number")
        }
        return floats
    }

    func integers(_ path: String) throws -> [[Int]] {
        guard type != "<f4", let size = NPYFile.sizes[type] else { throw BenchError("\(path): it holds \(type), but integers of 4 or 8 bytes are wanted") }
        return (0..<rows).map { row in
            let bytes = file.bytes(start + row * columns * size..<start + (row + 1) * columns * size)
            return (0..<columns).map { column in
                let value = bytes[column * size..<(column + 1) * size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
                return size == 4 ? Int(Int32(truncatingIfNeeded: value)) : Int(Int64(bitPattern: value))
            }
        }
    }
}

/// Writes such a file some rows at a time.
struct NPYWriter {
    private let handle: FileHandle

    init(_ path: String, type: String, rows: Int, columns: Int) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let handle = FileHandle(forWritingAtPath: path) else {
            throw BenchError("\(path) cannot be written")
        }
        self.handle = handle
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
        // The data begin on a multiple of 64, after a newline.
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        let size = header.utf8.count
        try handle.write(contentsOf: Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(size & 255), UInt8(size >> 8)] + Array(header.utf8)))
    }

    func write<Element: BitwiseCopyable>(_ values: [Element]) throws {
        try unsafe values.withUnsafeBytes { unsafe try handle.write(contentsOf: Data($0)) }
    }

    func close() throws { try handle.close() }
}
