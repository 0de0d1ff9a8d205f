#include "codes.h"

void ck_clear_block(size_t spans, uint8_t *block) {
    const size_t code_bytes = ck_code_bytes(spans);
    memset(block, 0, ck_block_bytes(spans));
    const uint16_t never = ck_half(-INFINITY);
    for (size_t entry = 0; entry < CK_BLOCK; entry++) shifts_of(block, code_bytes)[entry] = never;
}

/// The signs of so many values, the first in the lowest bit.
static unsigned signs_of(const float *values, unsigned n) {
    unsigned signs = 0;
    for (unsigned i = 0; i < n; i++) signs |= (unsigned)(values[i] > 0) << i;
    return signs;
}

/// The six bytes of a span.
static void ck_signs(unsigned group, const float *values, uint8_t *bytes) {
    for (unsigned i = 0; i < 6; i++) {
        const unsigned others = group == 6 ? signs_of(values + 36 + i / 3 * 6, 6) >> (2 * (i % 3)) & 3 : 0;
        bytes[i] = (uint8_t)(group == 6 ? signs_of(values + 6 * i, 6) | others << 6 : signs_of(values + 8 * i, 8));
    }
}

void ck_put_code(unsigned group, size_t spans, uint8_t *block, size_t entry, const float *residual, float scale, float shift, uint32_t row) {
    const size_t code_bytes = ck_code_bytes(spans);
    for (size_t span = 0; span < spans; span++) {
        uint8_t bytes[6];
        ck_signs(group, residual + span * CK_SPAN, bytes);
        for (size_t byte = 0; byte < 6; byte++) block[(span * 6 + byte) * CK_BLOCK + byte_of(entry)] = bytes[byte];
    }
    scales_of(block, code_bytes)[entry] = ck_half(scale);
    rows_of(block, code_bytes)[entry] = row;
    // Until here the entry's estimate was below everything.
    __atomic_store_n(&shifts_of(block, code_bytes)[entry], ck_half(shift), __ATOMIC_RELEASE);
}

void ck_copy_code(size_t spans, const uint8_t *from, size_t entry, uint8_t *to, size_t to_entry) {
    const size_t code_bytes = ck_code_bytes(spans);
    for (size_t byte = 0; byte < code_bytes; byte++) to[byte * CK_BLOCK + byte_of(to_entry)] = from[byte * CK_BLOCK + byte_of(entry)];
    scales_of(to, code_bytes)[to_entry] = scales_of(from, code_bytes)[entry];
    rows_of(to, code_bytes)[to_entry] = rows_of(from, code_bytes)[entry];
    shifts_of(to, code_bytes)[to_entry] = shifts_of(from, code_bytes)[entry];
}

uint32_t ck_code_row(size_t spans, const uint8_t *block, size_t entry) { return rows_of(block, ck_code_bytes(spans))[entry]; }

/// The next greater number.
static float above(float value) { return value + (value < 0 ? -value : value) * 0x1p-23f + 0x1p-126f; }

void ck_make_room(const ck_codes *codes, ck_found *found) {
    if (found->empty) found->empty(found->context);
    if (found->count <= found->room / 2) return;
    float threshold = codes->kth_largest(found->scores, found->count, found->k, found->k / 16) - found->margin;
    while (1) {
        const size_t kept = found->count = codes->pick(found->scores, found->rows, found->count, threshold, found->scores, found->rows);
        if (threshold > found->threshold) found->threshold = threshold;
        while (kept > found->room / 2 && found->room < found->capacity) found->room = 2 * found->room < found->capacity ? 2 * found->room : found->capacity;
        if (kept <= found->room / 2) return;
        // The margin is wider than there is room for, or many are equal: the best of them stay.
        found->crowded = 1;
        threshold = above(codes->kth_largest(found->scores, found->count, found->capacity / 2, 0));
    }
}

void ck_offer(const ck_codes *codes, ck_found *found, const float *scores, const uint32_t *rows, uint32_t first, size_t n) {
    for (size_t i = 0; i < n; i++) {
        const uint32_t row = rows ? rows[i] : first + (uint32_t)i;
        if (!(scores[i] >= found->threshold) || !is_admitted(found, row)) continue;
        found->scores[found->count] = scores[i];
        found->rows[found->count++] = row;
        if (found->count > found->room) ck_make_room(codes, found);
    }
}

enum { SUMS = 16 };

/// In sixteen sums, which a compiler can hold in whatever registers there are.
static float sum_of(size_t n, const float *a, const float *b) {
    float sums[SUMS] = {0}, sum = 0;
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (size_t lane = 0; lane < SUMS; lane++) sums[lane] += a[i + lane] * b[i + lane];
    }
    for (size_t lane = 0; lane < SUMS; lane++) sum += sums[lane];
    for (; i < n; i++) sum += a[i] * b[i];
    return sum;
}

float ck_squares(const float *values, size_t n) {
    return sum_of(n, values, values);
}

float ck_signed_sum(const float *residual, const float *values, size_t n) {
    float sums[SUMS] = {0}, sum = 0;
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (size_t lane = 0; lane < SUMS; lane++) sums[lane] += residual[i + lane] > 0 ? values[i + lane] : -values[i + lane];
    }
    for (size_t lane = 0; lane < SUMS; lane++) sum += sums[lane];
    for (; i < n; i++) sum += residual[i] > 0 ? values[i] : -values[i];
    return sum;
}

uint16_t ck_half(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    const uint32_t size = bits & 0x7fffffff;
    if (size >= 0x7f800000) return (uint16_t)(sign | 0x7c00 | (size > 0x7f800000 ? 0x200 : 0));
    // Above the greatest number there is only the infinite one, which would be found by everyone or by no one.
    if (size >= 0x47800000 - 0x1000) return (uint16_t)(sign | 0x7bff);
    if (size < 0x38800000) {
        // Below the least normal number the step is 2^-24; adding 1/2 brings its multiples to the last bits.
        float magnitude;
        memcpy(&magnitude, &size, sizeof magnitude);
        magnitude += 0.5f;
        memcpy(&bits, &magnitude, sizeof bits);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    return (uint16_t)(sign | ((size - 0x38000000 + 0xfff + (size >> 13 & 1)) >> 13));
}

float ck_single(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, size = half & 0x7fff;
    uint32_t bits = size >= 0x7c00 ? (size << 13) + 0x70000000 : (size << 13) + 0x38000000;
    float value;
    if (size < 0x400) {
        bits = 0x3f000000 | size;
        memcpy(&value, &bits, sizeof value);
        value -= 0.5f;
        memcpy(&bits, &value, sizeof bits);
    }
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

const ck_codes *ck_codes_best(void) {
    const ck_codes *candidates[] = {ck_codes_vbmi(), ck_codes_avx2(), ck_codes_neon()};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (candidates[i]) return candidates[i];
    }
    return ck_codes_portable(4);
}

float ck_to_bytes(const float *values, size_t n, int8_t *out) {
    float most = 0;
    for (size_t i = 0; i < n; i++) {
        const float size = values[i] < 0 ? -values[i] : values[i];
        most = size > most ? size : most;
    }
    const float inverse = most > 0 ? 127 / most : 0;
    for (size_t i = 0; i < n; i++) {
        const float scaled = values[i] * inverse;
        out[i] = (int8_t)(scaled + (scaled < 0 ? -0.5f : 0.5f));
    }
    return most / 127;
}

void ck_order(float *scores, uint32_t *rows, size_t n) {
    enum { BUCKETS = 64, AT_ONCE = 1024 };
    if (n < 2) return;
    // First roughly, by 64 steps between the least and the greatest, where there is room; then by insertion, which then moves little.
    if (n <= AT_ONCE) {
        float low = scores[0], high = scores[0], moved_scores[AT_ONCE];
        uint32_t moved_rows[AT_ONCE];
        uint16_t next[BUCKETS + 1] = {0};
        uint8_t buckets[AT_ONCE];
        for (size_t i = 1; i < n; i++) {
            low = scores[i] < low ? scores[i] : low;
            high = scores[i] > high ? scores[i] : high;
        }
        const float scale = high > low ? (BUCKETS - 1) / (high - low) : 0;
        for (size_t i = 0; i < n; i++) next[(buckets[i] = (uint8_t)((high - scores[i]) * scale)) + 1]++;
        for (size_t b = 0; b < BUCKETS; b++) next[b + 1] = (uint16_t)(next[b + 1] + next[b]);
        for (size_t i = 0; i < n; i++) {
            const size_t place = next[buckets[i]]++;
            moved_scores[place] = scores[i];
            moved_rows[place] = rows[i];
        }
        memcpy(scores, moved_scores, n * sizeof *scores);
        memcpy(rows, moved_rows, n * sizeof *rows);
    }
    size_t gap = 1;
    while (n > AT_ONCE && gap < n / 9) gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (size_t i = gap; i < n; i++) {
            const float score = scores[i];
            const uint32_t row = rows[i];
            size_t j = i;
            for (; j >= gap && (scores[j - gap] < score || (scores[j - gap] == score && rows[j - gap] > row)); j -= gap) {
                scores[j] = scores[j - gap];
                rows[j] = rows[j - gap];
            }
            scores[j] = score;
            rows[j] = row;
        }
    }
}

ck_plan ck_plan_visits(const float *scores, const float *weights, const float *nearness, size_t n, const float *kths, size_t n_kths, const float *rates,
                       size_t n_rates, float first, float per_unit, float budget) {
    const float last = (float)(n_rates - 1), share = 1 / (float)n_kths;
    float sum = 0;
    for (size_t i = n; i > 0; i--) {
        float rate = 0;
        for (size_t k = 0; k < n_kths; k++) {
            float place = ((kths[k] - scores[i - 1]) * nearness[i - 1] - first) * per_unit;
            place = place > 0 ? place : 0;
            place = place < last ? place : last;
            rate += rates[(size_t)place];
        }
        const float more = sum + weights[i - 1] * share * rate;
        if (more > budget) return (ck_plan){i, sum};
        sum = more;
    }
    return (ck_plan){0, sum};
}
