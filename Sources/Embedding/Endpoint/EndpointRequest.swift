internal import Records

/// The body of one request.
struct EndpointRequest {
    let texts: ArraySlice<String>

    func body(_ settings: EndpointSettings) -> [UInt8] {
        var members = [
            JSON.Member("model", .text(settings.model)), JSON.Member("input", .list(texts.map { .text($0) })),
            JSON.Member("encoding_format", .text(settings.encoding.rawValue)),
        ]
        if settings.asksForDimension { members.append(JSON.Member("dimensions", .integer(Int64(settings.dimension)))) }
        return Array(JSON.object(members).description.utf8)
    }

    /// Which texts go together, in their order: as many as fit, and at least one.
    static func split(tokens: [Int], textsMax: Int, tokensMax: Int) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var sum = 0
        for (place, count) in tokens.enumerated() {
            if place > start, place - start >= textsMax || sum + count > tokensMax {
                ranges.append(start..<place)
                start = place
                sum = 0
            }
            sum += count
        }
        if start < tokens.count { ranges.append(start..<tokens.count) }
        return ranges
    }
}
