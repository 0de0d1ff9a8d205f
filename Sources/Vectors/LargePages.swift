import Glibc

/// Memory in one piece, all zeros, in large pages where it is large and the system has them: what is read here and there then costs one look-up of an address
/// less.
///
/// `@unchecked Sendable`: it only owns the memory; whoever has a part of it guards that.
@safe final class LargePages: @unchecked Sendable {
    private static let pageBytes = 2 << 20

    private let mapped: UnsafeMutableRawPointer
    private let mappedBytes: Int
    let start: UnsafeMutableRawPointer

    init(bytes: Int) {
        mappedBytes = bytes + 2 * LargePages.pageBytes
        let address = unsafe mmap(nil, mappedBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else { fatalError("no memory for \(mappedBytes) bytes of vectors") }
        unsafe mapped = unsafe address
        unsafe start = unsafe address.alignedUp(toMultipleOf: LargePages.pageBytes)
        // Where it is refused, small pages serve.
        if bytes >= LargePages.pageBytes { _ = unsafe madvise(address, mappedBytes, Int32(MADV_HUGEPAGE)) }
    }

    deinit { unsafe munmap(mapped, mappedBytes) }
}
