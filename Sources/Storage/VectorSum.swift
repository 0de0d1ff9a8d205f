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
        self[.vectorCount] = .integer((integer(.vectorCount) ?? 0) + 1)
        take(VectorSum.adding(embedding.vector, to: self.embedding?.vector), embedding.space)
    }

    mutating func leave(_ embedding: Embedding?) {
        guard let embedding, let count = integer(.vectorCount), count > 0 else { return }
        self[.vectorCount] = .integer(count - 1)
        let nothing = [Float](repeating: 0, count: embedding.vector.count)
        take(count > 1 ? VectorSum.taking(embedding.vector, from: self.embedding?.vector ?? nothing) : nothing, embedding.space)
    }

    /// Opposite vectors can sum to nothing, which has no direction and is kept as none.
    private mutating func take(_ sum: [Float], _ space: Identifier) {
        embedding = sum.contains { $0 != 0 } ? Embedding(space: space, vector: sum) : nil
    }
}
