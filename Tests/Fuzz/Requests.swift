import Records
import Wire

/// The first byte chooses the operation, the rest is the body: envelope and operation.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var body = unsafe copied(start, count)
    guard let choice = body.first else { return 0 }
    body.removeFirst()
    while body.count % 8 != 0 { body.append(0) }
    let name = Operation.Name.allCases[Int(choice) % Operation.Name.allCases.count]
    let header = FrameHeader(type: .request, request: 7, operation: name.rawValue, bodyBytes: UInt32(body.count))
    let request: Request
    do throws(BodyError) {
        let (read, operationStart) = try Request.read(Frame(header: header, body: body))
        expect(operationStart <= body.count && operationStart % 8 == 0, "the operation's fields begin at a field of the body")
        request = read
    } catch {
        expectAnswer(to: error)
        return 0
    }
    expect(request.operation.name == name, "a request is for the operation that its header names")
    do throws(FieldError) {
        try request.operation.check()
    } catch {
        expectAnswer(to: .field(error))
        return 0
    }
    expectRoundTrip(of: request)
    return 0
}
