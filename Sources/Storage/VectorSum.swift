import Records

/// The direction of many vectors together: the sum of their unit vectors, from which one can be taken again.
///
/// Its cosine is that of their mean. It is kept in single precision, so that a sum from which all were taken is nothing only because they were counted.
enum VectorSum {
    static func unit(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard length > 0, length.isFinite else { return vector }
        return vector.map { Float(Double($0) / length) }
    }

    static func adding(_ vector: [Float], to sum: [Float]?) -> [Float] {
        guard let sum, sum.count == vector.count else { return unit(vector) }
        return zip(sum, unit(vector)).map { $0 + $1 }
    }

    static func taking(_ vector: [Float], from sum: [Float]) -> [Float] {
        guard sum.count == vector.count else { return sum }
        return zip(sum, unit(vector)).map { $0 - $1 }
    }
}

extension Record {
    /// Makes a message's vector, or the title's, a part of this conversation's.
    mutating func join(_ embedding: Embedding?) {
        guard let embedding else { return }
        self.embedding = Embedding(space: embedding.space, vector: VectorSum.adding(embedding.vector, to: self.embedding?.vector))
        self[.vectorCount] = .integer((integer(.vectorCount) ?? 0) + 1)
    }

    mutating func leave(_ vector: [Float]?) {
        guard let vector, let sum = embedding else { return }
        let left = (integer(.vectorCount) ?? 0) - 1
        self[.vectorCount] = .integer(max(0, left))
        let rest = VectorSum.taking(vector, from: sum.vector)
        // Opposite vectors can sum to nothing, which has no direction.
        embedding = left > 0 && rest.contains { $0 != 0 } ? Embedding(space: sum.space, vector: rest) : nil
    }
}
