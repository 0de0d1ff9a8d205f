internal import Vectors

/// What a forward pass writes, used again by the next. Behind each stands its shape, with t tokens, n = hidden, m = intermediate.
struct EncoderScratch: Sendable {
    let hidden: Rows  // t × n: what goes from layer to layer
    let queryKeyValue: Rows  // t × 3n
    let context: Rows  // t × n: what attention gathered
    let projected: Rows  // t × n: what is added to hidden
    let inner: Rows  // t × m
    let numbers: NumberBlock  // t × max(n, m), rounded
    let attention: FloatBlock  // of one head of one text
    let tokens: Int

    init(_ configuration: EncoderConfiguration, tokens: Int) {
        let rows = ProductKernels.rows(tokens)
        func block(_ width: Int) -> Rows {
            let stride = Linear.columns(width)
            return Rows(FloatBlock(count: rows * stride), stride: stride)
        }
        hidden = block(configuration.hidden)
        queryKeyValue = block(3 * configuration.hidden)
        context = block(configuration.hidden)
        projected = block(configuration.hidden)
        inner = block(configuration.intermediate)
        numbers = NumberBlock(rows: rows, width: max(configuration.hidden, configuration.intermediate))
        attention = FloatBlock(count: EncoderKernels.attentionScratch(
                length: min(tokens, configuration.positions), headSize: configuration.headSize))
        self.tokens = tokens
    }
}
