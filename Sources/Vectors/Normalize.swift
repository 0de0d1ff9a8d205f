/// The vector of length one in the same direction, computed in double and rounded once; nil when it has none (empty, zero, or not finite).
public func normalized(_ vector: [Float]) -> [Float]? {
    var squares = 0.0
    for value in vector { squares += Double(value) * Double(value) }
    guard squares > 0, squares.isFinite else { return nil }
    let scale = 1 / squares.squareRoot()
    return vector.map { Float(Double($0) * scale) }
}
