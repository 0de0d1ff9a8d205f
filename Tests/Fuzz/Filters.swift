import Records
import Wire

/// The same bytes are read as a filter on the wire, and as JSON that may stand for a filter.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFilters(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe copied(start, count)
    do throws(BodyError) {
        expectUsable(try FilterReader.read(bytes))
    } catch {
        expectAnswer(to: error)
    }
    guard let json = try? JSON(parsing: bytes) else { return 0 }
    expectPrinted(json)
    do throws(FieldError) {
        expectUsable(try Filter(json))
    } catch {
        expectAnswer(to: .field(error))
    }
    return 0
}

/// A filter that was accepted is within the limits, counted here by other means, and a search carries it unchanged.
private func expectUsable(_ filter: Filter) {
    let size = filter.size
    expect(size.depth <= Limits.filterDepthMax, "a filter is no deeper than the limit")
    expect(size.nodes <= Limits.filterNodesMax, "a filter has no more nodes than the limit")
    expect(size.values <= Limits.filterValuesMax, "no list of values is longer than the limit")
    let search = SearchRequest(query: .text("q"), filter: filter)
    do throws(FieldError) {
        try search.check()
    } catch {
        fatalError("broken promise: a filter that was accepted passes the check of its search: \(error)")
    }
    expectRoundTrip(of: Request(envelope: Envelope(), operation: .search(search)))
}

/// What was read is printed as text that reads as the same value.
private func expectPrinted(_ json: JSON) {
    let text = json.description
    guard let again = try? JSON(parsing: text) else { fatalError("broken promise: printed JSON can be read") }
    expect(again == json, "printed JSON is read as the value that was printed")
    expect(again.description == text, "JSON is printed in one way")
}

extension Filter {
    fileprivate var size: (depth: Int, nodes: Int, values: Int) {
        switch self {
        case .equals, .range, .exists: return (1, 1, 0)
        case .anyOf(_, let values), .allOf(_, let values): return (1, 1, values.count)
        case .not(let part):
            let inner = part.size
            return (inner.depth + 1, inner.nodes + 1, inner.values)
        case .and(let parts), .or(let parts):
            let inner = parts.map(\.size)
            return (
                1 + (inner.map(\.depth).max() ?? 0), 1 + inner.reduce(0) { $0 + $1.nodes }, inner.map(\.values).max() ?? 0
            )
        }
    }
}
