import Testing

/// All tests here start the real binary; they run one after the other, so that each has the machine for itself.
@Suite("The real binary", .serialized)
struct RealBinary {}
