internal import Records

/// Reads what the endpoint sent. Without I/O: bytes in, vectors or the reason why there are none out.
struct EndpointAnswer {
    /// How many texts were asked for.
    let count: Int
    let dimension: Int
    let key: EndpointKey?

    /// A decimal number has up to 25 bytes with its sign, exponent and comma; the rest is for white space.
    private static let numberBytesMax = 32
    /// For what stands around the numbers: in each vector's object, and in the whole answer or in what is said of an error.
    private static let vectorBytesMax = 512
    private static let restBytesMax = 64 * 1_024
    private static let vectorValuesMax = 16
    private static let restValuesMax = 1_024

    var bytesMax: Int { count * (dimension * EndpointAnswer.numberBytesMax + EndpointAnswer.vectorBytesMax) + EndpointAnswer.restBytesMax }

    /// `now` is in seconds since 1970.
    func vectors(_ outcome: HTTPOutcome, now: Double) throws(TryFailure) -> [[Float]] {
        switch outcome {
        case .cancelled: throw .cancelled
        case .failed(let failure): throw tryFailure(failure)
        case .answered(let answer):
            guard (200..<300).contains(answer.status) else { throw refusal(answer, now: now) }
            guard answer.isWhole else { throw .badAnswer(why: "it is longer than \(bytesMax) bytes") }
            return try vectors(answer.body)
        }
    }

    private func tryFailure(_ failure: HTTPFailure) -> TryFailure {
        let why = shown(failure.why)
        return switch failure.kind {
        case .connection, .timeout: .unavailable(why: why)
        // Only somebody who changes a certificate can help.
        case .trust: .unavailable(why: why, isWorthRetry: false)
        case .notHTTP: .badAnswer(why: why)
        }
    }
}

// What it refuses.
extension EndpointAnswer {
    private static let messageBytesMax = 300
    /// What is looked at of a message, so that masking it stays cheap.
    private static let messageReadBytesMax = 2_000

    private func refusal(_ answer: HTTPAnswer, now: Double) -> TryFailure {
        let json = try? JSON(parsing: answer.body)
        let message = json.flatMap(EndpointAnswer.message).map { ": " + shown($0) } ?? ""
        let why = "it answers with status \(answer.status)" + message
        // The quota of an account does not come back by itself, though the status is the one of too many requests.
        if json?["error"]?["code"]?.text == "insufficient_quota" { return .refused(why: why) }
        switch answer.status {
        case 300..<400: return .refused(why: why + "; redirects are not followed, so its own address must be set")
        // The ones that OpenAI's own clients try again.
        case 408, 409, 429, 500...: return .unavailable(why: why, retryAfter: answer.retryAfter.flatMap { RetryAfter.seconds($0, now: now) })
        default: return .refused(why: why)
        }
    }

    /// OpenAI's and vLLM's `error.message`, TEI's and Ollama's `error`, and what other servers say instead.
    private static func message(_ json: JSON) -> String? {
        json["error"]?["message"]?.text ?? json["error"]?.text ?? json["message"]?.text ?? json["detail"]?.text
    }

    /// On one line, short, and without the key.
    func shown(_ message: String) -> String {
        var text = ""
        for scalar in String(decoding: message.utf8.prefix(EndpointAnswer.messageReadBytesMax), as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: if scalar.properties.isWhitespace { text += " " }
            default: text.unicodeScalars.append(scalar)
            }
        }
        if let key { text = key.masked(in: text) }
        guard text.utf8.count > EndpointAnswer.messageBytesMax else { return text }
        var left = EndpointAnswer.messageBytesMax
        let end = text.firstIndex { character in
            left -= character.utf8.count
            return left < 0
        }
        return text[..<(end ?? text.endIndex)] + "…"
    }
}

// What it gives.
extension EndpointAnswer {
    func vectors(_ body: [UInt8]) throws(TryFailure) -> [[Float]] {
        let json: JSON
        do throws(JSONError) {
            let valuesMax = count * (dimension + EndpointAnswer.vectorValuesMax) + EndpointAnswer.restValuesMax
            json = try JSON(parsing: body, valuesMax: valuesMax)
        } catch {
            // A name that stands twice is quoted there.
            throw .badAnswer(why: shown(error.description))
        }
        guard let data = json["data"]?.list else {
            throw .badAnswer(why: EndpointAnswer.message(json).map { "it has no list 'data', and says: " + shown($0) } ?? "it has no list 'data'")
        }
        guard data.count == count else { throw .badAnswer(why: "it has \(data.count) vectors for \(count) texts") }
        var vectors = [[Float]?](repeating: nil, count: count)
        for (place, entry) in data.enumerated() {
            let index = try index(entry, place: place)
            guard vectors[index] == nil else { throw .badAnswer(why: "two of its vectors have the index \(index)") }
            vectors[index] = try vector(entry, index: index)
        }
        // As many as there are places, and no place twice: so none is empty.
        return vectors.compactMap(\.self)
    }

    private func index(_ entry: JSON, place: Int) throws(TryFailure) -> Int {
        guard let given = entry["index"], given != .null else { return place }
        guard let index = given.integer, (0..<Int64(count)).contains(index) else {
            throw .badAnswer(why: "vector \(place) has an index that is none from 0 to \(count - 1)")
        }
        return Int(index)
    }

    private func vector(_ entry: JSON, index: Int) throws(TryFailure) -> [Float] {
        let vector: [Float]
        switch entry["embedding"] {
        case .list(let values): vector = try floats(values, index: index)
        case .text(let text): vector = try floats(text, index: index)
        case .null, .bool, .integer, .number, .object, nil: throw .badAnswer(why: "vector \(index) is neither a list of numbers nor base64")
        }
        guard vector.count == dimension else { throw .badAnswer(why: "vector \(index) has \(vector.count) dimensions instead of \(dimension)") }
        guard vector.allSatisfy(\.isFinite) else { throw .badAnswer(why: "vector \(index) has a number that is not finite") }
        guard vector.contains(where: { $0 != 0 }) else { throw .badAnswer(why: "vector \(index) is all zeros") }
        return vector
    }

    private func floats(_ values: [JSON], index: Int) throws(TryFailure) -> [Float] {
        var floats: [Float] = []
        floats.reserveCapacity(values.count)
        for value in values {
            guard let number = value.number else { throw .badAnswer(why: "vector \(index) has something that is no number") }
            floats.append(Float(number))
        }
        return floats
    }

    /// The bytes of little-endian floats.
    private func floats(_ text: String, index: Int) throws(TryFailure) -> [Float] {
        guard let bytes = Base64.decode(text), bytes.count.isMultiple(of: 4) else { throw .badAnswer(why: "vector \(index) is no base64 of floats") }
        return stride(from: 0, to: bytes.count, by: 4).map { start in
            let bits = UInt32(bytes[start]) | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2]) << 16 | UInt32(bytes[start + 3]) << 24
            return Float(bitPattern: bits)
        }
    }
}
