#include "codes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

enum { WIDTH = 8, LINE = 64, BYTES = 6 };

static void prepare(const float *query, ck_lookup *lookup) {
    choose_step(query, lookup);
    const __m256 zero = _mm256_setzero_ps(), inverse = _mm256_set1_ps(1 / lookup->step);
    // A dimension adds its positive part where its bit is set, and the size of its negative part where it is not.
    const __m256 bits[3] = {
        _mm256_castsi256_ps(_mm256_setr_epi32(0, -1, 0, -1, 0, -1, 0, -1)),
        _mm256_castsi256_ps(_mm256_setr_epi32(0, 0, -1, -1, 0, 0, -1, -1)),
        _mm256_castsi256_ps(_mm256_setr_epi32(0, 0, 0, 0, -1, -1, -1, -1)),
    };
    const __m256 rounding = _mm256_set1_ps(0.5f);
    for (size_t g = 0; g < lookup->spans * CK_SPAN / 4; g++) {
        __m256 sums = zero;
        for (int i = 0; i < 3; i++) {
            const __m256 twice = _mm256_set1_ps(2 * query[4 * g + i]);
            const __m256 high = _mm256_max_ps(twice, zero), low = _mm256_sub_ps(high, twice);
            sums = _mm256_add_ps(sums, _mm256_blendv_ps(low, high, bits[i]));
        }
        const __m256 last = _mm256_set1_ps(2 * query[4 * g + 3]), high = _mm256_max_ps(last, zero), low = _mm256_sub_ps(high, last);
        const __m256i first = _mm256_cvttps_epi32(_mm256_fmadd_ps(_mm256_add_ps(sums, low), inverse, rounding));
        const __m256i second = _mm256_cvttps_epi32(_mm256_fmadd_ps(_mm256_add_ps(sums, high), inverse, rounding));
        const __m256i words = _mm256_permute4x64_epi64(_mm256_packus_epi32(first, second), 0xd8);
        _mm_store_si128((__m128i *)(lookup->sums + g * 16), _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1)));
    }
}

static inline __attribute__((always_inline)) __m256i table_of(const uint8_t *sums) {
    return _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)sums));
}

/// Sums of a block's entries in their order, each half of a line on its own. Fetches as many lines from `next` on as it reads.
static inline __attribute__((always_inline)) void sum_block(const ck_lookup *lookup, const uint8_t *codes, const uint8_t *next, uint16_t *sums) {
    const __m256i low_bits = _mm256_set1_epi8(15), low_bytes = _mm256_set1_epi16(0xff);
    __m256i even[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()}, odd[2] = {even[0], even[0]};
    const uint8_t *tables = lookup->sums;
    for (size_t span = 0; span < lookup->spans; span++, codes += BYTES * LINE, tables += BYTES * 32) {
        __m256i sum[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
#pragma clang loop unroll(full)
        for (int byte = 0; byte < BYTES; byte++) {
            _mm_prefetch((const char *)next + (span * BYTES + (size_t)byte) * LINE, _MM_HINT_T0);
            const __m256i low = table_of(tables + byte * 32), high = table_of(tables + byte * 32 + 16);
            for (int half = 0; half < 2; half++) {
                const __m256i code = _mm256_load_si256((const __m256i *)(codes + byte * LINE + half * 32));
                sum[half] = _mm256_add_epi8(sum[half], _mm256_shuffle_epi8(low, _mm256_and_si256(code, low_bits)));
                sum[half] = _mm256_add_epi8(sum[half], _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(code, 4), low_bits)));
            }
        }
        for (int half = 0; half < 2; half++) {
            even[half] = _mm256_add_epi16(even[half], _mm256_and_si256(sum[half], low_bytes));
            odd[half] = _mm256_add_epi16(odd[half], _mm256_srli_epi16(sum[half], 8));
        }
    }
    for (int half = 0; half < 2; half++) {
        _mm256_storeu_si256((__m256i *)(sums + 16 * half), even[half]);
        _mm256_storeu_si256((__m256i *)(sums + 32 + 16 * half), odd[half]);
    }
}

/// Bit i says whether entry i reaches the threshold; the estimates go into `scores`.
static inline __attribute__((always_inline)) uint64_t estimate_block(const ck_lookup *lookup, const uint8_t *block, size_t code_bytes, float base,
                                                                    float least, const uint16_t *sums, float *scores) {
    const __m256 step = _mm256_set1_ps(lookup->step), offset = _mm256_set1_ps(lookup->offset), bases = _mm256_set1_ps(base), threshold = _mm256_set1_ps(least);
    const uint16_t *scales = scales_of(block, code_bytes), *shifts = shifts_of(block, code_bytes);
    uint64_t bits = 0;
    for (size_t i = 0; i < CK_BLOCK; i += WIDTH) {
        const __m256 whole = _mm256_cvtepi32_ps(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(sums + i))));
        const __m256 scale = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(scales + i))), shift = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(shifts + i)));
        const __m256 score = _mm256_fmadd_ps(scale, _mm256_fmadd_ps(whole, step, offset), _mm256_add_ps(shift, bases));
        _mm256_storeu_ps(scores + i, score);
        bits |= (uint64_t)(unsigned)_mm256_movemask_ps(_mm256_cmp_ps(score, threshold, _CMP_GE_OQ)) << i;
    }
    return bits;
}

static void scan(const ck_lookup *lookup, const void *const *lists, const float *bases, size_t n_lists, ck_found *found) {
    const size_t code_bytes = ck_code_bytes(lookup->spans), block_bytes = ck_block_bytes(lookup->spans);
    ahead next = look_ahead(lists, n_lists, block_bytes);
    for (size_t list = 0; list < n_lists; list++) {
        const uint8_t *block = blocks_of(lists[list]);
        const size_t n_rows = rows_in(lists[list]), n_blocks = (n_rows + CK_BLOCK - 1) / CK_BLOCK;
        found->scanned += n_rows;
        for (size_t b = 0; b < n_blocks; b++, block += block_bytes) {
            uint16_t sums[CK_BLOCK];
            float scores[CK_BLOCK];
            sum_block(lookup, block, next.block, sums);
            step_ahead(&next, block_bytes);
            uint64_t bits = estimate_block(lookup, block, code_bytes, bases[list], found->threshold, sums, scores);
            const uint32_t *rows = rows_of(block, code_bytes);
            if (bits == UINT64_MAX && admits_all(found)) {
                memcpy(found->scores + found->count, scores, sizeof scores);
                memcpy(found->rows + found->count, rows, CK_BLOCK * sizeof *rows);
                found->count += CK_BLOCK;
                bits = 0;
            }
            for (; bits; bits &= bits - 1) {
                const int entry = __builtin_ctzll(bits);
                if (!is_admitted(found, rows[entry])) continue;
                found->scores[found->count] = scores[entry];
                found->rows[found->count++] = rows[entry];
            }
            if (found->count > found->room) ck_make_room(ck_codes_avx2(), found);
        }
    }
}

static size_t at_least(const float *values, size_t n, float least) {
    const __m256 limit = _mm256_set1_ps(least);
    __m256i counts[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256()};
    size_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH) {
        for (int j = 0; j < 4; j++) {
            counts[j] = _mm256_sub_epi32(counts[j], _mm256_castps_si256(_mm256_cmp_ps(_mm256_loadu_ps(values + i + j * WIDTH), limit, _CMP_GE_OQ)));
        }
    }
    const __m256i pairs = _mm256_add_epi32(_mm256_add_epi32(counts[0], counts[1]), _mm256_add_epi32(counts[2], counts[3]));
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
    size_t count = (size_t)_mm_cvtsi128_si32(four);
    for (; i < n; i++) count += values[i] >= least;
    return count;
}

static float kth_largest(const float *values, size_t n, size_t k, size_t slack) {
    if (n < WIDTH) return kth_largest_by(values, n, k, slack, at_least);
    __m256 least = _mm256_loadu_ps(values), greatest = least;
    for (size_t i = WIDTH; i < n; i += WIDTH) {
        // The last ones are read once more, with those before them.
        const __m256 some = _mm256_loadu_ps(values + (i + WIDTH <= n ? i : n - WIDTH));
        least = _mm256_min_ps(least, some);
        greatest = _mm256_max_ps(greatest, some);
    }
    float lows[WIDTH], highs[WIDTH];
    _mm256_storeu_ps(lows, least);
    _mm256_storeu_ps(highs, greatest);
    for (int i = 1; i < WIDTH; i++) {
        if (lows[i] < lows[0]) lows[0] = lows[i];
        if (highs[i] > highs[0]) highs[0] = highs[i];
    }
    return kth_between(values, n, k, slack, lows[0], highs[0], at_least);
}

static size_t pick(const float *scores, const uint32_t *rows, size_t n, float least, float *out_scores, uint32_t *out_rows) {
    const __m256 limit = _mm256_set1_ps(least);
    size_t count = 0, i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        const __m256 values = _mm256_loadu_ps(scores + i);
        unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(values, limit, _CMP_GE_OQ));
        for (; bits; bits &= bits - 1) {
            const size_t place = i + (size_t)__builtin_ctz(bits);
            out_scores[count] = scores[place];
            out_rows[count++] = rows[place];
        }
    }
    return count + pick_each(scores + i, rows + i, n - i, least, out_scores + count, out_rows + count);
}

static void dot_bytes(const int8_t *query, float scale, const uint8_t *bytes, const float *scales, const uint32_t *rows, size_t n_rows, size_t n, float *out) {
    const __m256i middle = _mm256_set1_epi16(128);
    for (size_t r = 0; r < n_rows; r++) {
        const uint8_t *row = bytes + rows[r] * n;
        __m256i sum = _mm256_setzero_si256();
        for (size_t k = 0; k < n; k += 16) {
            const __m256i a = _mm256_sub_epi16(_mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(row + k))), middle);
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(a, _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(query + k)))));
        }
        __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
        four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
        out[r] = (float)_mm_cvtsi128_si32(four) * (scale * scales[rows[r]]);
    }
}

/// Up to four rows by sixteen columns in registers.
#define TILE(R)                                                                                                               \
    for (; i + R <= m; i += R) {                                                                                              \
        __m256 sums[R][2];                                                                                                    \
        for (int r = 0; r < R; r++) sums[r][0] = sums[r][1] = _mm256_setzero_ps();                                            \
        for (size_t l = 0; l < k; l++) {                                                                                      \
            const __m256 left = _mm256_loadu_ps(w + l * n + j), right = _mm256_loadu_ps(w + l * n + j + WIDTH);               \
            for (int r = 0; r < R; r++) {                                                                                     \
                const __m256 value = _mm256_set1_ps(x[(i + r) * k + l]);                                                      \
                sums[r][0] = _mm256_fmadd_ps(value, left, sums[r][0]);                                                        \
                sums[r][1] = _mm256_fmadd_ps(value, right, sums[r][1]);                                                       \
            }                                                                                                                 \
        }                                                                                                                     \
        for (int r = 0; r < R; r++) {                                                                                         \
            _mm256_storeu_ps(out + (i + r) * n + j, sums[r][0]);                                                              \
            _mm256_storeu_ps(out + (i + r) * n + j + WIDTH, sums[r][1]);                                                      \
        }                                                                                                                     \
    }

static void multiply(const float *x, const float *w, size_t m, size_t n, size_t k, float *out) {
    for (size_t j = 0; j < n; j += 2 * WIDTH) {
        size_t i = 0;
        TILE(4)
        TILE(1)
    }
}

#pragma clang attribute pop

const ck_codes *ck_codes_avx2(void) {
    static const ck_codes codes = {"avx2", 4, prepare, scan, kth_largest, pick, dot_bytes, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") ? &codes : NULL;
}

#else

const ck_codes *ck_codes_avx2(void) { return NULL; }

#endif
