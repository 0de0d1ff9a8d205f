#include "codes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi,avx512vnni"))), apply_to = function)

enum { GROUPS = CK_SPAN / 6, LINE = 64 };

static void prepare(const float *query, ck_lookup *lookup) {
    __m512 most = _mm512_setzero_ps(), total = most;
    for (size_t span = 0; span < lookup->spans; span++) {
        const float *values = query + span * CK_SPAN;
        const __m512 sum = _mm512_add_ps(_mm512_abs_ps(_mm512_loadu_ps(values)),
                                         _mm512_add_ps(_mm512_abs_ps(_mm512_loadu_ps(values + 16)), _mm512_abs_ps(_mm512_loadu_ps(values + 32))));
        const float whole = _mm512_reduce_add_ps(sum);
        most = _mm512_max_ps(most, _mm512_set1_ps(whole));
        total = _mm512_add_ps(total, sum);
    }
    const float greatest = _mm512_cvtss_f32(most);
    lookup->step = greatest > 0 ? 2 * greatest / 247 : 1;
    lookup->offset = -_mm512_reduce_add_ps(total);

    const float inverse = 1 / lookup->step;
    const __m512 zero = _mm512_setzero_ps();
    for (size_t g = 0; g < lookup->spans * GROUPS; g++) {
        const float *values = query + g * 6;
        // A dimension adds its positive part where its bit is set, and the size of its negative part where it is not.
        __m512 sums = _mm512_set1_ps(0.5f);
        const __mmask16 bits[4] = {0xaaaa, 0xcccc, 0xf0f0, 0xff00};
        for (int i = 0; i < 4; i++) {
            const __m512 twice = _mm512_set1_ps(2 * inverse * values[i]);
            const __m512 high = _mm512_max_ps(twice, zero), low = _mm512_sub_ps(high, twice);
            sums = _mm512_add_ps(sums, _mm512_mask_blend_ps(bits[i], low, high));
        }
        for (unsigned rest = 0; rest < 4; rest++) {
            __m512 whole = sums;
            for (int i = 0; i < 2; i++) {
                const float twice = 2 * inverse * values[4 + i];
                const float part = rest >> i & 1 ? (twice > 0 ? twice : 0) : (twice < 0 ? -twice : 0);
                whole = _mm512_add_ps(whole, _mm512_set1_ps(part));
            }
            _mm_store_si128((__m128i *)(lookup->sums + g * 64 + rest * 16), _mm512_cvtepi32_epi8(_mm512_cvttps_epi32(whole)));
        }
    }
}

/// Keeps the entries under `mask` of sixteen estimates.
static inline __attribute__((always_inline)) void keep_some(__mmask16 mask, __m512 scores, const uint32_t *rows, ck_found *found) {
    if (!mask) return;
    const __m512i numbers = _mm512_loadu_si512(rows);
    mask &= _mm512_cmplt_epu32_mask(numbers, _mm512_set1_epi32((int)found->admitted_rows));
    if (found->admitted) {
        const __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), mask, _mm512_srli_epi32(numbers, 5), found->admitted, 4);
        const __m512i bit = _mm512_sllv_epi32(_mm512_set1_epi32(1), _mm512_and_si512(numbers, _mm512_set1_epi32(31)));
        mask = _mm512_mask_test_epi32_mask(mask, words, bit);
    }
    _mm512_storeu_ps(found->scores + found->count, _mm512_maskz_compress_ps(mask, scores));
    _mm512_storeu_si512(found->rows + found->count, _mm512_maskz_compress_epi32(mask, numbers));
    found->count += (size_t)__builtin_popcount(mask);
}

static inline __attribute__((always_inline)) __m512 estimate(__m256i sums, const uint16_t *scales, const uint16_t *shifts, __m512 step, __m512 offset,
                                                             __m512 base) {
    const __m512 sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(_mm512_cvtepu16_epi32(sums)), step, offset);
    const __m512 scale = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)scales)), shift = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)shifts));
    return _mm512_fmadd_ps(scale, sum, _mm512_add_ps(shift, base));
}

/// Sums of a block's entries, those of even and of odd bytes. Fetches as many lines from `next` on as it reads.
static inline __attribute__((always_inline)) void sum_block(const ck_lookup *lookup, const uint8_t *codes, const uint8_t *next, __m512i *even_out,
                                                            __m512i *odd_out) {
    const __m512i low_bytes = _mm512_set1_epi16(0xff), two = _mm512_set1_epi8(0x03), four = _mm512_set1_epi8(0x0f);
    __m512i even = _mm512_setzero_si512(), odd = even;
    const uint8_t *table = lookup->sums;
    for (size_t span = 0; span < lookup->spans; span++, table += GROUPS * LINE, codes += 6 * LINE) {
        __m512i line[6], part[GROUPS];
#pragma clang loop unroll(full)
        for (int i = 0; i < 6; i++) {
            _mm_prefetch(next + (span * 6 + i) * LINE, _MM_HINT_T0);
            line[i] = _mm512_load_si512(codes + i * LINE);
            part[i] = _mm512_permutexvar_epi8(line[i], _mm512_load_si512(table + i * LINE));
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < 2; i++) {
            // The upper two bits of three bytes; what else the shifts bring lies above the six bits that a look-up regards, or is selected away.
            const __m512i a = _mm512_srli_epi16(line[3 * i], 6), b = _mm512_srli_epi16(line[3 * i + 1], 4), c = _mm512_srli_epi16(line[3 * i + 2], 2);
            const __m512i place = _mm512_ternarylogic_epi64(four, _mm512_ternarylogic_epi64(two, a, b, 0xca), c, 0xca);
            part[6 + i] = _mm512_permutexvar_epi8(place, _mm512_load_si512(table + (6 + i) * LINE));
        }
        const __m512i left = _mm512_add_epi8(_mm512_add_epi8(part[0], part[1]), _mm512_add_epi8(part[2], part[3]));
        const __m512i right = _mm512_add_epi8(_mm512_add_epi8(part[4], part[5]), _mm512_add_epi8(part[6], part[7]));
        const __m512i sum = _mm512_add_epi8(left, right);
        even = _mm512_add_epi16(even, _mm512_and_si512(sum, low_bytes));
        odd = _mm512_add_epi16(odd, _mm512_srli_epi16(sum, 8));
    }
    // Scales and shifts; rows are read only where something is kept.
    for (size_t i = 0; i < 4; i++) _mm_prefetch(next + (lookup->spans * 6 + i) * LINE, _MM_HINT_T0);
    *even_out = even;
    *odd_out = odd;
}

static void scan(const ck_lookup *lookup, const void *const *lists, const float *bases, size_t n_lists, ck_found *found) {
    const size_t code_bytes = ck_code_bytes(lookup->spans), block_bytes = ck_block_bytes(lookup->spans);
    const __m512 step = _mm512_set1_ps(lookup->step), offset = _mm512_set1_ps(lookup->offset);
    ahead next = look_ahead(lists, n_lists, block_bytes);
    for (size_t list = 0; list < n_lists; list++) {
        const uint8_t *block = blocks_of(lists[list]);
        const __m512 base = _mm512_set1_ps(bases[list]);
        const size_t n_rows = rows_in(lists[list]), n_blocks = (n_rows + CK_BLOCK - 1) / CK_BLOCK;
        found->scanned += n_rows;
        for (size_t b = 0; b < n_blocks; b++, block += block_bytes) {
            __m512i even, odd;
            sum_block(lookup, block, next.block, &even, &odd);
            step_ahead(&next, block_bytes);
            const uint16_t *scales = scales_of(block, code_bytes), *shifts = shifts_of(block, code_bytes);
            const uint32_t *rows = rows_of(block, code_bytes);
            const __m512 scores[4] = {
                estimate(_mm512_castsi512_si256(even), scales, shifts, step, offset, base),
                estimate(_mm512_extracti64x4_epi64(even, 1), scales + 16, shifts + 16, step, offset, base),
                estimate(_mm512_castsi512_si256(odd), scales + 32, shifts + 32, step, offset, base),
                estimate(_mm512_extracti64x4_epi64(odd, 1), scales + 48, shifts + 48, step, offset, base),
            };
            // Places after the last row have a shift below every threshold.
            const __m512 threshold = _mm512_set1_ps(found->threshold);
            for (int part = 0; part < 4; part++) keep_some(_mm512_cmp_ps_mask(scores[part], threshold, _CMP_GE_OQ), scores[part], rows + 16 * part, found);
            if (found->count > found->room) ck_make_room(ck_codes_vbmi(), found);
        }
    }
}

static size_t at_least(const float *values, size_t n, float least) {
    const __m512 limit = _mm512_set1_ps(least);
    size_t count = 0, i = 0;
    for (; i + 64 <= n; i += 64) {
        const uint64_t a = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + i), limit, _CMP_GE_OQ), b = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + i + 16), limit, _CMP_GE_OQ);
        const uint64_t c = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + i + 32), limit, _CMP_GE_OQ), d = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + i + 48), limit, _CMP_GE_OQ);
        count += (size_t)__builtin_popcountll(a | b << 16 | c << 32 | d << 48);
    }
    for (; i < n; i += 16) {
        const __mmask16 some = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        count += (size_t)__builtin_popcount(_mm512_mask_cmp_ps_mask(some, _mm512_maskz_loadu_ps(some, values + i), limit, _CMP_GE_OQ));
    }
    return count;
}

static float kth_largest(const float *values, size_t n, size_t k, size_t slack) {
    __m512 least = _mm512_set1_ps(values[0]), greatest = least;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m512 some = _mm512_loadu_ps(values + i);
        least = _mm512_min_ps(least, some);
        greatest = _mm512_max_ps(greatest, some);
    }
    if (i < n) {
        const __m512 some = _mm512_mask_loadu_ps(least, (__mmask16)((1u << (n - i)) - 1), values + i);
        least = _mm512_min_ps(least, some);
        greatest = _mm512_max_ps(greatest, some);
    }
    return kth_between(values, n, k, slack, _mm512_reduce_min_ps(least), _mm512_reduce_max_ps(greatest), at_least);
}

static size_t pick(const float *scores, const uint32_t *rows, size_t n, float least, float *out_scores, uint32_t *out_rows) {
    const __m512 limit = _mm512_set1_ps(least);
    size_t count = 0;
    for (size_t i = 0; i < n; i += 16) {
        const __mmask16 some = n - i >= 16 ? 0xffff : (__mmask16)((1u << (n - i)) - 1);
        const __m512 values = _mm512_maskz_loadu_ps(some, scores + i);
        const __m512i numbers = _mm512_maskz_loadu_epi32(some, rows + i);
        const __mmask16 mask = _mm512_mask_cmp_ps_mask(some, values, limit, _CMP_GE_OQ);
        _mm512_storeu_ps(out_scores + count, _mm512_maskz_compress_ps(mask, values));
        _mm512_storeu_si512(out_rows + count, _mm512_maskz_compress_epi32(mask, numbers));
        count += (size_t)__builtin_popcount(mask);
    }
    return count;
}

static void dot_bytes(const int8_t *query, float scale, const uint8_t *bytes, const float *scales, const uint32_t *rows, size_t n_rows, size_t n, float *out) {
    enum { AHEAD = 6 };
    // The instruction takes bytes without a sign on one side: each is 128 more than what it stands for.
    __m512i extra = _mm512_setzero_si512();
    for (size_t k = 0; k < n; k += LINE) extra = _mm512_dpbusd_epi32(extra, _mm512_set1_epi8((char)128), _mm512_loadu_si512(query + k));
    for (size_t r = 0; r < n_rows; r++) {
        if (r + AHEAD < n_rows) {
            const uint8_t *later = bytes + rows[r + AHEAD] * n;
            for (size_t line = 0; line < n; line += LINE) _mm_prefetch(later + line, _MM_HINT_T0);
        }
        const uint8_t *row = bytes + rows[r] * n;
        __m512i a = _mm512_setzero_si512(), b = a;
        size_t k = 0;
        for (; k + 2 * LINE <= n; k += 2 * LINE) {
            a = _mm512_dpbusd_epi32(a, _mm512_loadu_si512(row + k), _mm512_loadu_si512(query + k));
            b = _mm512_dpbusd_epi32(b, _mm512_loadu_si512(row + k + LINE), _mm512_loadu_si512(query + k + LINE));
        }
        if (k < n) a = _mm512_dpbusd_epi32(a, _mm512_loadu_si512(row + k), _mm512_loadu_si512(query + k));
        out[r] = (float)_mm512_reduce_add_epi32(_mm512_sub_epi32(_mm512_add_epi32(a, b), extra)) * (scale * scales[rows[r]]);
    }
}

/// R rows by sixteen columns in registers.
#define TILE(R)                                                                                                          \
    for (; i + R <= m; i += R) {                                                                                         \
        __m512 sums[R];                                                                                                  \
        for (int r = 0; r < R; r++) sums[r] = _mm512_setzero_ps();                                                       \
        for (size_t l = 0; l < k; l++) {                                                                                 \
            const __m512 line = _mm512_loadu_ps(w + l * n + j);                                                          \
            for (int r = 0; r < R; r++) sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(x[(i + r) * k + l]), line, sums[r]);    \
        }                                                                                                                \
        for (int r = 0; r < R; r++) _mm512_storeu_ps(out + (i + r) * n + j, sums[r]);                                    \
    }

static void multiply(const float *x, const float *w, size_t m, size_t n, size_t k, float *out) {
    for (size_t j = 0; j < n; j += 16) {
        size_t i = 0;
        TILE(8)
        TILE(1)
    }
}

#pragma clang attribute pop

const ck_codes *ck_codes_vbmi(void) {
    static const ck_codes codes = {"avx512 vbmi", 6, prepare, scan, kth_largest, pick, dot_bytes, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") ? &codes : NULL;
}

#else

const ck_codes *ck_codes_vbmi(void) { return NULL; }

#endif
