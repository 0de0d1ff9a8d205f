// The functions of CKernelsEncoder.h in vectors of LANES floats, for whatever instructions the including file has turned on.
#include "CKernelsEncoder.h"
#include "lanes.h"
#include "scale.h"

// MARK: Rows

static void normalize(const float *in, const float *added, size_t stride, size_t rows, size_t n, const float *gain, const float *bias,
                      float epsilon, float *out) {
    const size_t whole_n = n / LANES * LANES, rest = n - whole_n;
    for (size_t r = 0; r < rows; r++, in += stride, added += stride, out += stride) {
        lanes total = {}, squares = {};
        for (size_t i = 0; i < whole_n; i += LANES) {
            const lanes x = load(in + i) + load(added + i);
            store(out + i, x);
            total += x;
        }
        if (rest) {
            const lanes x = load_some(in + whole_n, rest) + load_some(added + whole_n, rest);
            store_some(out + whole_n, x, rest);
            total += x;
        }
        const float mean = sum(total) / (float)n;
        for (size_t i = 0; i < whole_n; i += LANES) {
            const lanes x = load(out + i) - mean;
            squares += x * x;
        }
        float variance = sum(squares);
        for (size_t i = whole_n; i < n; i++) variance += (out[i] - mean) * (out[i] - mean);
        const float scale = 1 / sqrtf(variance / (float)n + epsilon);
        for (size_t i = 0; i < whole_n; i += LANES) store(out + i, (load(out + i) - mean) * scale * load(gain + i) + load(bias + i));
        for (size_t i = whole_n; i < n; i++) out[i] = (out[i] - mean) * scale * gain[i] + bias[i];
    }
}

static void add(float *x, size_t stride, size_t rows, size_t n, const float *bias) {
    const size_t whole_n = n / LANES * LANES;
    for (size_t r = 0; r < rows; r++, x += stride) {
        for (size_t i = 0; i < whole_n; i += LANES) store(x + i, load(x + i) + load(bias + i));
        for (size_t i = whole_n; i < n; i++) x[i] += bias[i];
    }
}

static void gelu(float *x, size_t stride, size_t rows, size_t n, int coarse) {
    const size_t whole_n = n / LANES * LANES, rest = n - whole_n;
    for (size_t r = 0; r < rows; r++, x += stride) {
        if (coarse) {
            for (size_t i = 0; i < whole_n; i += LANES) store(x + i, coarse_gelu_of(load(x + i)));
        } else {
            for (size_t i = 0; i < whole_n; i += LANES) store(x + i, gelu_of(load(x + i)));
        }
        if (rest) store_some(x + whole_n, coarse ? coarse_gelu_of(load_some(x + whole_n, rest)) : gelu_of(load_some(x + whole_n, rest)), rest);
    }
}

static void mean(const float *x, size_t stride, size_t rows, size_t n, float *out) {
    const float share = 1 / (float)rows;
    memset(out, 0, n * sizeof *out);
    for (size_t r = 0; r < rows; r++, x += stride) {
        for (size_t i = 0; i < n; i++) out[i] += x[i];
    }
    for (size_t i = 0; i < n; i++) out[i] *= share;
}

INLINE float scale_of(const float *x, size_t n) {
    lanes squares = {}, peak = {};
    for (size_t k = 0; k < n; k += LANES) {
        const lanes v = k + LANES <= n ? load(x + k) : load_some(x + k, n - k);
        squares += v * v;
        peak = most(peak, most(v, -v));
    }
    return scale_for(sum(squares), greatest(peak), n);
}

/// Of gelu(x) where `activates`.
static void round_rows(ck_format format, const float *x, size_t stride, size_t rows, size_t n, size_t depth, uint16_t *values, float *scales) {
    const size_t whole_n = n / LANES * LANES, rest = n - whole_n;
    for (size_t r = 0; r < rows; r++, x += stride, values += depth) {
        const float scale = format == CK_I16 ? scale_of(x, n) : 1, inverse = scale > 0 ? 1 / scale : 0;
        scales[r] = scale;
        for (size_t k = 0; k < whole_n; k += LANES) {
            const half_words v = format == CK_BF16 ? to_bf16(load(x + k)) : to_i16(load(x + k), inverse);
            memcpy(values + k, &v, sizeof v);
        }
        if (rest) {
            const lanes last = load_some(x + whole_n, rest);
            const half_words v = format == CK_BF16 ? to_bf16(last) : to_i16(last, inverse);
            memcpy(values + whole_n, &v, rest * sizeof *values);
        }
        if (depth > n) memset(values + n, 0, (depth - n) * sizeof *values);
    }
}

#include "attention.h"
#include "attention_rounded.h"

#define ENCODER(NAME) {NAME, normalize, add, gelu, attend, mean, round_rows, attend_rounded}
