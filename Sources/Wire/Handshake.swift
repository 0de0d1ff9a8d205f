public import Records

/// What both ends can do beyond the base; a bit each.
public struct Features: OptionSet, Hashable, Sendable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static let streams = Features(rawValue: 1)
    public static let idempotencyKeys = Features(rawValue: 2)
    public static let all: Features = [.streams, .idempotencyKeys]
}

private enum Tag {
    static let version: UInt16 = 16
    static let features: UInt16 = 17
    static let name: UInt16 = 18
    // Of hello.
    static let versionMax: UInt16 = 19
    static let frameBytesMax: UInt16 = 20
    static let inFlightMax: UInt16 = 21
    static let handshakeMilliseconds: UInt16 = 22
    static let idleMilliseconds: UInt16 = 23
    // Of authenticate.
    static let key: UInt16 = 19
    static let streamCredit: UInt16 = 20
    // Of welcome.
    static let organization: UInt16 = 18
    static let scope: UInt16 = 19
    // Of credit.
    static let bytes: UInt16 = 16
}

/// The server's first words.
public struct Hello: Hashable, Sendable {
    public var versionMin: UInt8
    public var versionMax: UInt8
    public var features: Features
    /// Name and version of the server's software.
    public var server: String
    public var frameBytesMax: UInt32
    /// Requests of one connection that may be under way at once: the client's credit, given back by each final answer.
    public var inFlightMax: UInt32
    public var handshakeMilliseconds: UInt32
    /// A connection on which nothing is sent for so long is closed; a ping keeps it.
    public var idleMilliseconds: UInt32

    public init(
        versionMin: UInt8 = 1, versionMax: UInt8 = 1, features: Features = .all, server: String, frameBytesMax: UInt32, inFlightMax: UInt32,
        handshakeMilliseconds: UInt32, idleMilliseconds: UInt32
    ) {
        self.versionMin = versionMin
        self.versionMax = versionMax
        self.features = features
        self.server = server
        self.frameBytesMax = frameBytesMax
        self.inFlightMax = inFlightMax
        self.handshakeMilliseconds = handshakeMilliseconds
        self.idleMilliseconds = idleMilliseconds
    }

    public func append(to buffer: inout [UInt8]) {
        FrameWriter.append(.hello, request: 0, to: &buffer) { writer in
            writer.integer(Tag.version, versionMin)
            writer.integer(Tag.features, features.rawValue)
            writer.text(Tag.name, server)
            writer.integer(Tag.versionMax, versionMax)
            writer.integer(Tag.frameBytesMax, frameBytesMax)
            writer.integer(Tag.inFlightMax, inFlightMax)
            writer.integer(Tag.handshakeMilliseconds, handshakeMilliseconds)
            writer.integer(Tag.idleMilliseconds, idleMilliseconds)
        }
    }

    public static func read(_ body: [UInt8]) throws(BodyError) -> Hello {
        var hello = Hello(server: "", frameBytesMax: 0, inFlightMax: 0, handshakeMilliseconds: 0, idleMilliseconds: 0)
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.version: hello.versionMin = try body.integer(field, "version_min")
            case Tag.features: hello.features = Features(rawValue: try body.integer(field, "features"))
            case Tag.name: hello.server = try body.text(field, "server")
            case Tag.versionMax: hello.versionMax = try body.integer(field, "version_max")
            case Tag.frameBytesMax: hello.frameBytesMax = try body.integer(field, "frame_bytes_max")
            case Tag.inFlightMax: hello.inFlightMax = try body.integer(field, "in_flight_max")
            case Tag.handshakeMilliseconds: hello.handshakeMilliseconds = try body.integer(field, "handshake_milliseconds")
            case Tag.idleMilliseconds: hello.idleMilliseconds = try body.integer(field, "idle_milliseconds")
            default: return false
            }
            return true
        }
        return hello
    }
}

/// The client's answer, with the key.
public struct Authenticate: Hashable, Sendable {
    public var version: UInt8
    public var features: Features
    /// Name and version of the client's software, for the server's log.
    public var client: String
    public var key: String
    /// Bytes of stream items that the server may send before it is given more.
    public var streamCredit: UInt32

    public init(version: UInt8 = 1, features: Features = .all, client: String, key: String, streamCredit: UInt32 = 1_048_576) {
        self.version = version
        self.features = features
        self.client = client
        self.key = key
        self.streamCredit = streamCredit
    }

    /// A key longer than this is none of ours.
    static let keyBytesMax = 256

    public func append(to buffer: inout [UInt8]) {
        FrameWriter.append(.authenticate, request: 0, to: &buffer) { writer in
            writer.integer(Tag.version, version)
            writer.integer(Tag.features, features.rawValue)
            writer.text(Tag.name, client)
            writer.text(Tag.key, key)
            writer.integer(Tag.streamCredit, streamCredit)
        }
    }

    public static func read(_ body: [UInt8]) throws(BodyError) -> Authenticate {
        var version: UInt8?
        var key: String?
        var rest = Authenticate(features: [], client: "", key: "")
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            switch field.tag {
            case Tag.version: version = try body.integer(field, "version")
            case Tag.features: rest.features = Features(rawValue: try body.integer(field, "features"))
            case Tag.name: rest.client = try body.text(field, "client")
            case Tag.key:
                guard field.range.count <= keyBytesMax else {
                    throw .field(FieldError("key", .tooLong(bytes: field.range.count, bytesMax: keyBytesMax)))
                }
                key = try body.text(field, "key")
            case Tag.streamCredit: rest.streamCredit = try body.integer(field, "stream_credit")
            default: return false
            }
            return true
        }
        guard let version else { throw .field(FieldError("version", .missing)) }
        guard let key else { throw .field(FieldError("key", .missing)) }
        return Authenticate(version: version, features: rest.features, client: rest.client, key: key, streamCredit: rest.streamCredit)
    }
}

extension Authenticate: CustomStringConvertible {
    /// Without the key.
    public var description: String { "authenticate version \(version) as \(client)" }
}

/// The key was accepted.
public struct Welcome: Hashable, Sendable {
    public var version: UInt8
    /// Those in force: what both ends have.
    public var features: Features
    public var organization: Identifier
    public var scopes: [String]

    public init(version: UInt8 = 1, features: Features, organization: Identifier, scopes: [String]) {
        self.version = version
        self.features = features
        self.organization = organization
        self.scopes = scopes
    }

    public func append(to buffer: inout [UInt8]) {
        FrameWriter.append(.welcome, request: 0, to: &buffer) { writer in
            writer.integer(Tag.version, version)
            writer.integer(Tag.features, features.rawValue)
            writer.identifier(Tag.organization, organization)
            for scope in scopes { writer.text(Tag.scope, scope) }
        }
    }

    public static func read(_ body: [UInt8]) throws(BodyError) -> Welcome {
        var version: UInt8 = 1
        var features: Features = []
        var organization: Identifier?
        var scopes: [String] = []
        var reader = FieldReader(body)
        try reader.each(lists: TagSet(Tag.scope)) { (field) throws(BodyError) in
            switch field.tag {
            case Tag.version: version = try body.integer(field, "version")
            case Tag.features: features = Features(rawValue: try body.integer(field, "features"))
            case Tag.organization: organization = try body.identifier(field, "organization")
            case Tag.scope: scopes.append(try body.text(field, "scope"))
            default: return false
            }
            return true
        }
        guard let organization else { throw .field(FieldError("organization", .missing)) }
        return Welcome(version: version, features: features, organization: organization, scopes: scopes)
    }
}

/// More bytes of stream items that the client is ready to take.
public struct Credit: Hashable, Sendable {
    public var bytes: UInt32

    public init(bytes: UInt32) {
        self.bytes = bytes
    }

    public func append(to buffer: inout [UInt8]) {
        FrameWriter.append(.credit, request: 0, to: &buffer) { $0.integer(Tag.bytes, bytes) }
    }

    public static func read(_ body: [UInt8]) throws(BodyError) -> Credit {
        var bytes: UInt32?
        var reader = FieldReader(body)
        try reader.each { (field) throws(BodyError) in
            guard field.tag == Tag.bytes else { return false }
            bytes = try body.integer(field, "bytes")
            return true
        }
        guard let bytes else { throw .field(FieldError("bytes", .missing)) }
        return Credit(bytes: bytes)
    }
}
