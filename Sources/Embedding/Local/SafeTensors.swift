internal import Records
internal import Vectors

/// A file of named arrays of floats: eight bytes with the header's length, the header in JSON, the arrays.
///
/// Everything that the header says is compared with the file's length before it is believed. The arrays are mapped, not copied.
struct SafeTensors {
    struct Tensor {
        let shape: [Int]
        let values: Floats
    }

    static let headerBytesMax = 8 << 20
    static let tensorsMax = 10_000
    static let dimensionsMax = 4

    private let path: String
    private let file: MappedFile
    private let header: [String: JSON]
    private let dataStart: Int

    init(path: String) throws(EmbeddingError) {
        self.path = path
        do { file = try MappedFile(path: path) } catch { throw .unusableModel(path: path, why: "\(error)") }
        func broken(_ why: String) -> EmbeddingError { .unusableModel(path: path, why: why) }
        guard file.count >= 8 else { throw broken("it has \(file.count) bytes, too few for a safetensors file") }
        let announced = file.bytes(0..<8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard announced <= UInt64(SafeTensors.headerBytesMax) else { throw broken("its header claims \(announced) bytes, more than the \(SafeTensors.headerBytesMax) allowed: this is no safetensors file") }
        guard announced <= UInt64(file.count - 8) else { throw broken("its header claims \(announced) bytes, but the file ends after \(file.count)") }
        dataStart = 8 + Int(announced)
        let json: JSON
        do {
            json = try JSON(parsing: file.bytes(8..<dataStart), depthMax: 8, valuesMax: SafeTensors.tensorsMax * 16)
        } catch { throw broken("its header is damaged: \(error)") }
        guard case .object(let members) = json, members.count <= SafeTensors.tensorsMax else { throw broken("its header is no list of at most \(SafeTensors.tensorsMax) tensors") }
        header = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }

    func has(_ name: String) -> Bool { header[name] != nil }

    /// The tensor of that name and shape; every number of it is finite.
    func tensor(_ name: String, _ shape: [Int]) throws(EmbeddingError) -> Floats {
        func broken(_ why: String) -> EmbeddingError { .unusableModel(path: path, why: "the tensor \(name) \(why)") }
        guard let entry = header[name] else { throw broken("is missing") }
        guard let kind = entry["dtype"]?.text else { throw broken("has no type") }
        guard kind == "F32" else { throw broken("is of type \(kind); only F32 is supported") }
        guard let sides = entry["shape"]?.list, sides.count <= SafeTensors.dimensionsMax else { throw broken("has no shape") }
        let found = sides.map { $0.integer ?? -1 }
        guard found == shape.map(Int64.init) else { throw broken("has the shape \(found), but the configuration asks for \(shape)") }
        guard let offsets = entry["data_offsets"]?.list, offsets.count == 2, let start = offsets[0].integer, let end = offsets[1].integer, start >= 0, start <= end
        else { throw broken("has no place in the file") }
        guard end <= Int64(file.count - dataStart) else { throw broken("ends at byte \(end) of the data, but the file has only \(file.count - dataStart): it was cut off") }
        let size = shape.reduce(4, *)
        guard end - start == Int64(size) else { throw broken("has \(end - start) bytes; its shape needs \(size)") }
        let range = dataStart + Int(start)..<dataStart + Int(end)
        // The format allows any header length; arrays that are not aligned are copied.
        let values = file.floats(range) ?? Floats(SafeTensors.floats(file.bytes(range)))
        guard values.areFinite else { throw broken("holds numbers that are not finite: it is damaged") }
        return values
    }

    private static func floats(_ bytes: [UInt8]) -> [Float] {
        (0..<bytes.count / 4).map { place in
            Float(bitPattern: (0..<4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32(bytes[place * 4 + $1]) })
        }
    }
}
