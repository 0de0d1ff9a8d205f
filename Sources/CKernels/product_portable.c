#include "scale.h"
#include <math.h>
#include <string.h>

static float of_bf16(uint16_t x) {
    const uint32_t bits = (uint32_t)x << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void multiply_bf16(ck_numbers rows, size_t n_rows, size_t depth, ck_numbers weights, size_t columns, const float *bias, float *out,
                          size_t out_stride) {
    for (size_t r = 0; r < n_rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const uint16_t *row = rows.values + r * depth, *panel = weights.values + c / CK_COLUMNS * CK_COLUMNS * depth + c % CK_COLUMNS * 2;
            float sum = bias[c];
            for (size_t k = 0; k < depth; k++) sum += of_bf16(row[k]) * of_bf16(panel[k / 2 * 2 * CK_COLUMNS + k % 2]);
            out[r * out_stride + c] = sum;
        }
    }
}

static void multiply_i16(ck_numbers rows, size_t n_rows, size_t depth, ck_numbers weights, size_t columns, const float *bias, float *out,
                         size_t out_stride) {
    for (size_t r = 0; r < n_rows; r++) {
        for (size_t c = 0; c < columns; c++) {
            const uint16_t *row = rows.values + r * depth, *panel = weights.values + c / CK_COLUMNS * CK_COLUMNS * depth + c % CK_COLUMNS * 2;
            int32_t sum = 0;
            for (size_t k = 0; k < depth; k++) sum += (int16_t)row[k] * (int16_t)panel[k / 2 * 2 * CK_COLUMNS + k % 2];
            out[r * out_stride + c] = (float)sum * (rows.scales[r] * weights.scales[c]) + bias[c];
        }
    }
}

const ck_product *ck_product_portable(ck_format format) {
    static const ck_product bf16 = {"portable bf16", CK_BF16, NULL, NULL, multiply_bf16}, i16 = {"portable i16", CK_I16, NULL, NULL, multiply_i16};
    return format == CK_BF16 ? &bf16 : &i16;
}

/// The nearest, ties to even. What is not finite stays so.
static inline uint16_t to_bf16(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

static float scale_of(const float *x, size_t n) {
    float squares = 0, peak = 0;
    for (size_t k = 0; k < n; k++) {
        const float size = fabsf(x[k]);
        squares += x[k] * x[k];
        peak = size > peak ? size : peak;
    }
    return scale_for(squares, peak, n);
}

void ck_pack_weights(ck_format format, const float *weights, size_t n_columns, size_t n, size_t depth, size_t columns, uint16_t *values,
                     float *scales) {
    memset(values, 0, columns * depth * sizeof *values);
    memset(scales, 0, columns * sizeof *scales);
    for (size_t c = 0; c < n_columns; c++) {
        const float *row = weights + c * n;
        uint16_t *panel = values + c / CK_COLUMNS * CK_COLUMNS * depth + c % CK_COLUMNS * 2;
        const float scale = scale_of(row, n), inverse = scale > 0 ? 1 / scale : 0;
        scales[c] = scale;
        for (size_t k = 0; k < n; k++) {
            panel[k / 2 * 2 * CK_COLUMNS + k % 2] = format == CK_BF16 ? to_bf16(row[k]) : (uint16_t)(int16_t)(int32_t)rintf(row[k] * inverse);
        }
    }
}
