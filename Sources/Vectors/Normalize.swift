import CKernels

/// The vector of length one in the same direction, computed in double and rounded once; nil when it has none (empty, zero, or not finite).
public func normalized(_ vector: [Float]) -> [Float]? {
    var hasDirection = false
    let unit = unsafe [Float](unsafeUninitializedCapacity: vector.count) { out, count in
        guard let to = out.baseAddress else { return }
        unsafe vector.withUnsafeBufferPointer { values in
            if let from = values.baseAddress { hasDirection = unsafe ck_normalize(from, vector.count, to) != 0 }
        }
        count = vector.count
    }
    return hasDirection ? unit : nil
}
