#define LANES 4
#include "encoder.h"

size_t ck_attention_scratch(size_t length, size_t size) {
    const size_t width = (length + PADDED - 1) / PADDED * PADDED, padded = (size + PADDED - 1) / PADDED * PADDED;
    return size * width + length * padded + ROWS_AT_ONCE * width + ROWS_AT_ONCE * size;
}

size_t ck_rounded_attention_scratch(size_t length, size_t size) {
    const size_t bytes = parts_of(NULL, length, size).bytes;
    return bytes > GROUP_BYTES ? bytes : GROUP_BYTES;
}

const ck_encoder *ck_encoder_portable(void) {
    static const ck_encoder encoder = ENCODER("portable");
    return &encoder;
}

const ck_encoder *ck_encoder_best(void) {
    const ck_encoder *best = ck_encoder_bf16();
    if (!best) best = ck_encoder_avx512();
    if (!best) best = ck_encoder_avx2();
    return best ? best : ck_encoder_portable();
}
