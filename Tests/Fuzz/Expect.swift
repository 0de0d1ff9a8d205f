/// Ends the process with a sentence, in every build, so that the fuzzer keeps the input that broke the promise.
func expect(_ holds: Bool, _ promise: @autoclosure () -> String) {
    guard !holds else { return }
    fatalError("broken promise: \(promise())")
}

/// A copy of the fuzzer's input, of exactly its size, so that a read beyond it is seen.
func copied(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: start, count: count))
}
