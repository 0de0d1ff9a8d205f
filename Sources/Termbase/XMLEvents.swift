import CExpat
import Glibc

/// A document of XML as elements and texts, by expat. No entity but the five of XML itself is ever expanded, and nothing beside the document is read.
@safe final class XMLEvents {
    enum Event {
        /// Names are without their prefix, but for those of attributes.
        case start(String, [String: String])
        case text(String)
        case end(String)
    }

    struct Failure: Error {
        let line: Int
        let why: String
    }

    private let take: (Event, Int) -> String?
    private var parser: XML_Parser?
    private var depth = 0
    private var refusal: Failure?
    private static let depthMax = 64

    private init(_ take: @escaping (Event, Int) -> String?) {
        self.take = take
    }

    /// `take` gets each event and its line, and says what is wrong where the document is not to be read on.
    static func read(_ bytes: [UInt8], _ take: @escaping (Event, Int) -> String?) throws(Failure) {
        let events = XMLEvents(take)
        try events.read(bytes)
    }

    private func read(_ bytes: [UInt8]) throws(Failure) {
        guard let parser = unsafe XML_ParserCreate(nil) else { throw Failure(line: 1, why: "there is no memory to read it") }
        unsafe self.parser = parser
        defer { unsafe XML_ParserFree(parser) }
        unsafe XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
        unsafe XML_SetElementHandler(
            parser,
            { events, name, attributes in
                guard let events = unsafe XMLEvents.from(events), let name = unsafe name else { return }
                unsafe events.start(String(cString: name), XMLEvents.pairs(attributes))
            },
            { events, name in
                guard let events = unsafe XMLEvents.from(events), let name = unsafe name else { return }
                unsafe events.end(String(cString: name))
            })
        unsafe XML_SetCharacterDataHandler(parser) { events, text, count in
            guard let events = unsafe XMLEvents.from(events), let text = unsafe text else { return }
            let bytes = unsafe UnsafeRawBufferPointer(start: text, count: Int(count))
            events.tell(.text(unsafe String(decoding: bytes, as: UTF8.self)))
        }
        unsafe XML_SetEntityDeclHandler(parser) { events, _, _, _, _, _, _, _, _ in
            unsafe XMLEvents.from(events)?.refuse("it declares an entity, which is never expanded here")
        }
        // Where a document type has an external part, that may declare it, and the reference would be left out in silence.
        unsafe XML_SetSkippedEntityHandler(parser) { events, name, _ in
            unsafe XMLEvents.from(events)?.refuse("it has the entity \(unsafe name.map { unsafe String(cString: $0) } ?? ""), which only a file beside it could say")
        }
        // An external part of a document type is neither looked for nor missed.
        unsafe XML_SetParamEntityParsing(parser, XML_PARAM_ENTITY_PARSING_NEVER)
        let status = unsafe bytes.withUnsafeBytes { unsafe XML_Parse(parser, $0.baseAddress?.assumingMemoryBound(to: CChar.self), Int32($0.count), 1) }
        if let refusal { throw refusal }
        guard status == XML_STATUS_OK else {
            let why = unsafe XML_ErrorString(XML_GetErrorCode(parser)).map { unsafe String(cString: $0) } ?? "it is no XML"
            throw Failure(line: line, why: "it is no XML: \(why)")
        }
    }

    private var line: Int { unsafe parser.map { unsafe Int(XML_GetCurrentLineNumber($0)) } ?? 1 }

    private static func from(_ pointer: UnsafeMutableRawPointer?) -> XMLEvents? {
        unsafe pointer.map { unsafe Unmanaged<XMLEvents>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Names and values by turns, with nothing behind the last.
    private static func pairs(_ attributes: UnsafeMutablePointer<UnsafePointer<XML_Char>?>?) -> [String: String] {
        guard let attributes = unsafe attributes else { return [:] }
        var (pairs, place): ([String: String], Int) = ([:], 0)
        while let name = unsafe attributes[place], let value = unsafe attributes[place + 1] {
            unsafe pairs[String(cString: name)] = String(cString: value)
            place += 2
        }
        return pairs
    }

    private func start(_ name: String, _ attributes: [String: String]) {
        depth += 1
        guard depth <= XMLEvents.depthMax else { return refuse("its elements lie more than \(XMLEvents.depthMax) deep") }
        tell(.start(XMLEvents.local(name), attributes))
    }

    private func end(_ name: String) {
        depth -= 1
        tell(.end(XMLEvents.local(name)))
    }

    private static func local(_ name: String) -> String { name.split(separator: ":").last.map(String.init) ?? name }

    private func tell(_ event: Event) {
        guard refusal == nil else { return }
        if let why = take(event, line) { refuse(why) }
    }

    private func refuse(_ why: String) {
        guard refusal == nil else { return }
        refusal = Failure(line: line, why: why)
        _ = unsafe parser.map { unsafe XML_StopParser($0, XML_Bool(XML_FALSE)) }
    }
}
