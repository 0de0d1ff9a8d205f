import Wire

/// A planted fault, one byte away from the seed: a write just behind a block of memory, which only the sanitizer sees, and only when the fuzzer finds
/// its way. Where this target does not crash, the others prove nothing.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCanary(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe copied(start, count)
    _ = try? FilterReader.read(bytes)
    if bytes == Array("canary".utf8) { writeBehind(byteCount: count) }
    return 0
}

@inline(never) @_optimize(none)
private func writeBehind(byteCount: Int) {
    let block = UnsafeMutablePointer<UInt8>.allocate(capacity: byteCount)
    unsafe block[byteCount] = 1
    unsafe block.deallocate()
}
