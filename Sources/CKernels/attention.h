// Attention in floats, for encoder.h.

enum { ROWS_AT_ONCE = 4, PADDED = 16 };

/// scores[r][j] = sum over d of q[r][d] * keys[d][j], for ROWS_AT_ONCE rows and `width` columns, a multiple of 2 * LANES or a last LANES.
INLINE void score_rows(const float *q, size_t q_stride, size_t size, float scale, const float *keys, size_t width, float *scores) {
    size_t j = 0;
    for (; j + 2 * LANES <= width; j += 2 * LANES) {
        lanes s[ROWS_AT_ONCE][2] = {};
        for (size_t d = 0; d < size; d++) {
            const lanes k0 = load(keys + d * width + j), k1 = load(keys + d * width + j + LANES);
            for (int r = 0; r < ROWS_AT_ONCE; r++) {
                const lanes x = all(q[(size_t)r * q_stride + d]);
                s[r][0] += x * k0;
                s[r][1] += x * k1;
            }
        }
        for (int r = 0; r < ROWS_AT_ONCE; r++) {
            store(scores + (size_t)r * width + j, s[r][0] * scale);
            store(scores + (size_t)r * width + j + LANES, s[r][1] * scale);
        }
    }
    for (; j < width; j += LANES) {
        lanes s[ROWS_AT_ONCE] = {};
        for (size_t d = 0; d < size; d++) {
            const lanes k = load(keys + d * width + j);
            for (int r = 0; r < ROWS_AT_ONCE; r++) s[r] += all(q[(size_t)r * q_stride + d]) * k;
        }
        for (int r = 0; r < ROWS_AT_ONCE; r++) store(scores + (size_t)r * width + j, s[r] * scale);
    }
}

/// scores[j] = e^(scores[j] - greatest) for j < length; returns 1 over their sum.
INLINE float soften(float *scores, size_t length, size_t width) {
    for (size_t j = length; j < width; j++) scores[j] = -INFINITY;  // becomes next to nothing
    lanes top = load(scores);
    for (size_t j = LANES; j < width; j += LANES) top = most(top, load(scores + j));
    const float peak = greatest(top);
    lanes total = {};
    for (size_t j = 0; j < width; j += LANES) {
        const lanes e = power(load(scores + j) - peak);
        store(scores + j, e);
        total += e;
    }
    return 1 / sum(total);
}

/// out[r][d] = sum over j of scores[r][j] * values[j][d] * shares[r], for ROWS_AT_ONCE rows; only the first `rows` of them are written.
INLINE void mix_rows(const float *scores, size_t width, size_t length, const float *values, size_t padded, const float *shares, size_t rows,
                     size_t size, float *out, size_t out_stride) {
    for (size_t d = 0; d < padded; d += LANES) {
        lanes s[ROWS_AT_ONCE] = {};
        for (size_t j = 0; j < length; j++) {
            const lanes v = load(values + j * padded + d);
            for (int r = 0; r < ROWS_AT_ONCE; r++) s[r] += all(scores[(size_t)r * width + j]) * v;
        }
        const size_t wanted = size > d ? (size - d < LANES ? size - d : LANES) : 0;
        for (size_t r = 0; r < rows; r++) store_some(out + r * out_stride + d, s[r] * shares[r], wanted);
    }
}

static void attend(const float *qkv, size_t qkv_stride, size_t length, size_t heads, size_t size, float *out, size_t out_stride,
                   float *scratch) {
    const size_t width = (length + PADDED - 1) / PADDED * PADDED, padded = (size + PADDED - 1) / PADDED * PADDED;
    float *keys = scratch, *values = keys + size * width, *scores = values + length * padded, *last = scores + ROWS_AT_ONCE * width;
    const float scale = 1 / sqrtf((float)size);
    for (size_t h = 0; h < heads; h++) {
        const float *q = qkv + h * size, *k = q + heads * size, *v = k + heads * size;
        for (size_t j = 0; j < length; j++) {
            for (size_t d = 0; d < size; d++) keys[d * width + j] = k[j * qkv_stride + d];
            memcpy(values + j * padded, v + j * qkv_stride, size * sizeof *v);
            memset(values + j * padded + size, 0, (padded - size) * sizeof *v);
        }
        for (size_t d = 0; d < size; d++) memset(keys + d * width + length, 0, (width - length) * sizeof *k);
        for (size_t i = 0; i < length; i += ROWS_AT_ONCE) {
            const size_t rows = length - i < ROWS_AT_ONCE ? length - i : ROWS_AT_ONCE;
            const float *queries = q + i * qkv_stride;
            size_t stride = qkv_stride;
            if (rows < ROWS_AT_ONCE) {
                memset(last, 0, ROWS_AT_ONCE * size * sizeof *last);
                for (size_t r = 0; r < rows; r++) memcpy(last + r * size, queries + r * qkv_stride, size * sizeof *last);
                queries = last;
                stride = size;
            }
            float shares[ROWS_AT_ONCE];
            score_rows(queries, stride, size, scale, keys, width, scores);
            for (size_t r = 0; r < ROWS_AT_ONCE; r++) shares[r] = soften(scores + r * width, length, width);
            mix_rows(scores, width, length, values, padded, shares, rows, size, out + i * out_stride + h * size, out_stride);
        }
    }
}

