// Attention whose two products are of rounded numbers, for encoder.h.

static size_t rounded_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/// The parts of the scratch, one after the other, each on a 64-byte boundary.
typedef struct rounded_parts {
    uint16_t *queries, *keys, *values, *shares;
    float *query_scales, *key_scales, *value_scales, *share_scales, *totals, *scores, *mixed, *zeros;
    size_t bytes;
} rounded_parts;

static rounded_parts parts_of(char *start, size_t length, size_t size) {
    const size_t rows = rounded_up(length, CK_ROWS), depth = rounded_up(size, CK_DEPTH), columns = rounded_up(length, CK_COLUMNS),
                 long_depth = rounded_up(length, CK_DEPTH), size_columns = rounded_up(size, CK_COLUMNS);
    rounded_parts p;
    size_t at = 0;
#define PART(NAME, COUNT) p.NAME = (void *)(start + at), at += rounded_up((COUNT) * sizeof *p.NAME, 64)
    PART(queries, rows * depth);
    PART(keys, columns * depth);
    PART(values, size_columns * long_depth);
    PART(shares, rows * long_depth);
    PART(query_scales, rows);
    PART(key_scales, columns);
    PART(value_scales, size_columns);
    PART(share_scales, rows);
    PART(totals, rows);
    PART(scores, rows * columns);
    PART(mixed, rows * size_columns);
    PART(zeros, columns > size_columns ? columns : size_columns);
    p.bytes = at;
    return p;
}

typedef int32_t sixteen __attribute__((ext_vector_type(16)));

/// One stage of a transposition: lanes with bit S of their number clear come from the first of two rows that differ in that bit, the others from the second.
#define LANE(I, S, UPPER) (((I) & (S)) ? ((UPPER) ? (I) + 16 : (I) - (S) + 16) : ((UPPER) ? (I) + (S) : (I)))
#define LANES_OF(S, UPPER)                                                                                                              \
    LANE(0, S, UPPER), LANE(1, S, UPPER), LANE(2, S, UPPER), LANE(3, S, UPPER), LANE(4, S, UPPER), LANE(5, S, UPPER), LANE(6, S, UPPER), \
        LANE(7, S, UPPER), LANE(8, S, UPPER), LANE(9, S, UPPER), LANE(10, S, UPPER), LANE(11, S, UPPER), LANE(12, S, UPPER),             \
        LANE(13, S, UPPER), LANE(14, S, UPPER), LANE(15, S, UPPER)
#define TURN(ROWS, S)                                                                            \
    for (int i = 0; i < 16; i++) {                                                               \
        if (i & (S)) continue;                                                                   \
        const sixteen upper = ROWS[i], lower = ROWS[i + (S)];                                    \
        ROWS[i] = __builtin_shufflevector(upper, lower, LANES_OF(S, 0));                         \
        ROWS[i + (S)] = __builtin_shufflevector(upper, lower, LANES_OF(S, 1));                   \
    }

/// Sixteen rows of rounded numbers as weights: pairs of numbers of the rows beside each other.
INLINE void panel_rows(const uint16_t *numbers, size_t depth, uint16_t *panel) {
    for (size_t k = 0; k < depth; k += 2 * CK_COLUMNS) {
        sixteen rows[16];
        for (int c = 0; c < 16; c++) memcpy(&rows[c], numbers + (size_t)c * depth + k, sizeof rows[c]);
        TURN(rows, 8)
        TURN(rows, 4)
        TURN(rows, 2)
        TURN(rows, 1)
        memcpy(panel + k * CK_COLUMNS, rows, sizeof rows);
    }
}

/// x[j][d] as the weights of output d and input j, for `length` rows; two rows beside each other at a time.
INLINE void panel_columns(ck_format format, const float *x, size_t stride, size_t length, size_t size, size_t depth, uint16_t *values, float *scales) {
    for (size_t d = 0; d < size; d += LANES) {
        const size_t n = size - d < LANES ? size - d : LANES;
        lanes scale = all(1), inverse = all(1);
        if (format == CK_I16) {
            lanes squares = {}, peak = {};
            for (size_t j = 0; j < length; j++) {
                const lanes v = load_up_to(x + j * stride + d, n);
                squares += v * v;
                peak = most(peak, most(v, -v));
            }
            for (int i = 0; i < LANES; i++) {
                scale[i] = scale_for(squares[i], peak[i], length);
                inverse[i] = scale[i] > 0 ? 1 / scale[i] : 0;
            }
        }
        store(scales + d, scale);
        uint16_t *panel = values + d / CK_COLUMNS * CK_COLUMNS * depth + d % CK_COLUMNS * 2;
        for (size_t j = 0; j < depth; j += 2) {
            const lanes even = j < length ? load_up_to(x + j * stride + d, n) : (lanes){};
            const lanes odd = j + 1 < length ? load_up_to(x + (j + 1) * stride + d, n) : (lanes){};
            const whole pairs = format == CK_BF16 ? bf16_pairs(even, odd) : i16_pairs(even * inverse, odd * inverse);
            memcpy(panel + j * CK_COLUMNS, &pairs, sizeof pairs);
        }
    }
}

/// The scores from j on, what is beyond `length` so low that it cannot be the greatest.
INLINE lanes scores_from(const float *scores, size_t j, size_t length) {
    const lanes x = load(scores + j);
    if (j + LANES <= length) return x;
    whole place;
    for (int i = 0; i < LANES; i++) place[i] = i;
    return place < (int32_t)length - (int32_t)j ? x : all(-INFINITY);
}

/// e^((score - greatest) * scale) of a row, rounded; returns the sum. Lanes beyond `length` become next to nothing, and meet weights that are 0.
INLINE float soften_and_round(ck_format format, float *scores, size_t length, float scale, size_t depth, uint16_t *shares, float *share_scale) {
    lanes top = scores_from(scores, 0, length), total = {};
    for (size_t j = LANES; j < length; j += LANES) top = most(top, scores_from(scores, j, length));
    const float peak = greatest(top);
    size_t j = 0;
    for (; j < length; j += LANES) {
        const lanes e = power((scores_from(scores, j, length) - peak) * scale);
        total += e;
        if (format == CK_BF16) {
            const half_words numbers = to_bf16(e);
            memcpy(shares + j, &numbers, sizeof numbers);
        } else {
            store(scores + j, e);
        }
    }
    if (format == CK_BF16) {
        const half_words nothing = {};
        for (; j < depth; j += LANES) memcpy(shares + j, &nothing, sizeof nothing);
    } else {
        round_rows(format, scores, 0, 1, length, depth, shares, share_scale);
    }
    return sum(total);
}

/// As many heads at a time as this holds, but one at least, so that what is between the steps stays in the cache.
enum { GROUP_BYTES = 512 * 1024 };

static size_t heads_at_once(size_t bytes, size_t heads) {
    const size_t room = GROUP_BYTES / bytes;
    return room < 1 ? 1 : room < heads ? room : heads;
}

/// One head's queries as rows, keys and values as weights.
INLINE void round_head(rounded_parts p, ck_format format, const float *q, const float *k, const float *v, size_t stride, size_t length, size_t size) {
    const size_t depth = rounded_up(size, CK_DEPTH), columns = rounded_up(length, CK_COLUMNS);
    // The keys are first rounded where the queries will be.
    round_rows(format, k, stride, length, size, depth, p.queries, p.key_scales);
    memset(p.queries + length * depth, 0, (columns - length) * depth * sizeof *p.queries);
    for (size_t c = 0; c < columns; c += CK_COLUMNS) panel_rows(p.queries + c * depth, depth, p.keys + c * depth);
    panel_columns(format, v, stride, length, size, rounded_up(length, CK_DEPTH), p.values, p.value_scales);
    round_rows(format, q, stride, length, size, depth, p.queries, p.query_scales);
    memset(p.zeros, 0, (columns > size ? columns : rounded_up(size, CK_COLUMNS)) * sizeof *p.zeros);
}

/// The mixed values of a head, each row divided by the total of its shares.
INLINE void divide_head(rounded_parts p, size_t length, size_t size, float *out, size_t out_stride) {
    const size_t columns = rounded_up(size, CK_COLUMNS);
    for (size_t i = 0; i < length; i++) {
        const float share = 1 / p.totals[i], *from = p.mixed + i * columns;
        float *to = out + i * out_stride;
        for (size_t d = 0; d < size; d += LANES) {
            if (d + LANES <= size) store(to + d, load(from + d) * share);
            else store_some(to + d, load(from + d) * share, size - d);
        }
    }
}

static void attend_rounded(const ck_product *product, const float *qkv, size_t qkv_stride, size_t length, size_t heads, size_t size, float *out,
                           size_t out_stride, void *scratch) {
    const size_t depth = rounded_up(size, CK_DEPTH), columns = rounded_up(length, CK_COLUMNS), long_depth = rounded_up(length, CK_DEPTH),
                 size_columns = rounded_up(size, CK_COLUMNS), bytes = parts_of(scratch, length, size).bytes, at_once = heads_at_once(bytes, heads);
    const float scale = 1 / sqrtf((float)size);
    for (size_t first = 0; first < heads; first += at_once) {
        const size_t n = heads - first < at_once ? heads - first : at_once;
        // Step by step for all heads, because what was just written is slow to be read by wide instructions.
        for (size_t h = 0; h < n; h++) {
            const float *q = qkv + (first + h) * size, *k = q + heads * size, *v = k + heads * size;
            round_head(parts_of((char *)scratch + h * bytes, length, size), product->format, q, k, v, qkv_stride, length, size);
        }
        for (size_t h = 0; h < n; h++) {
            const rounded_parts p = parts_of((char *)scratch + h * bytes, length, size);
            const ck_numbers queries = {p.queries, p.query_scales}, keys = {p.keys, p.key_scales};
            product->multiply(queries, length, depth, keys, columns, p.zeros, p.scores, columns);
        }
        for (size_t h = 0; h < n; h++) {
            const rounded_parts p = parts_of((char *)scratch + h * bytes, length, size);
            for (size_t i = 0; i < length; i++) {
                p.totals[i] = soften_and_round(product->format, p.scores + i * columns, length, scale, long_depth, p.shares + i * long_depth,
                                               p.share_scales + i);
            }
        }
        for (size_t h = 0; h < n; h++) {
            const rounded_parts p = parts_of((char *)scratch + h * bytes, length, size);
            const ck_numbers shares = {p.shares, p.share_scales}, values = {p.values, p.value_scales};
            product->multiply(shares, length, long_depth, values, size_columns, p.zeros, p.mixed, size_columns);
        }
        for (size_t h = 0; h < n; h++) {
            divide_head(parts_of((char *)scratch + h * bytes, length, size), length, size, out + (first + h) * size, out_stride);
        }
    }
}
