#include "signs.h"

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("popcnt"))) static void estimate_popcnt(const ck_sign_query *query, const uint8_t *const *pieces, const uint32_t *rows, size_t n_rows,
                                                              float base, float *out) {
    estimate_words(query, pieces, rows, n_rows, base, out);
}

const ck_signs *ck_signs_popcnt(void) {
    static const ck_signs signs = {"popcnt", estimate_popcnt};
    __builtin_cpu_init();
    return __builtin_cpu_supports("popcnt") ? &signs : NULL;
}

/// Two words of signs with their four planes each at once, as the planes lie.
__attribute__((target("avx512f,avx512vpopcntdq"))) static void estimate_avx512(const ck_sign_query *query, const uint8_t *const *pieces, const uint32_t *rows,
                                                                             size_t n_rows, float base, float *out) {
    const size_t words = query->words, stride = ck_sign_stride(words);
    const __m512i shifts = _mm512_setr_epi64(0, 1, 2, 3, 0, 1, 2, 3), places = _mm512_setr_epi64(0, 0, 0, 0, 1, 1, 1, 1);
    for (size_t i = 0; i < n_rows; i++) {
        fetch_signs(pieces, rows, i, n_rows, stride);
        const uint8_t *row = sign_row(pieces, rows[i], stride);
        __m512i counts = _mm512_setzero_si512();
        for (size_t w = 0; w < words; w += 2) {
            const __mmask8 some = w + 1 < words ? 0xff : 0x0f, pair = w + 1 < words ? 3 : 1;
            const __m512i signs = _mm512_permutexvar_epi64(places, _mm512_maskz_loadu_epi64(pair, row + 8 * w));
            const __m512i planes = _mm512_maskz_loadu_epi64(some, query->planes + w * CK_SIGN_PLANES);
            counts = _mm512_add_epi64(counts, _mm512_popcnt_epi64(_mm512_and_si512(signs, planes)));
        }
        out[i] = finish_signs(query, row, (uint64_t)_mm512_reduce_add_epi64(_mm512_sllv_epi64(counts, shifts)), base);
    }
}

const ck_signs *ck_signs_avx512(void) {
    static const ck_signs signs = {"avx512 vpopcntdq", estimate_avx512};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vpopcntdq") ? &signs : NULL;
}

#else

const ck_signs *ck_signs_popcnt(void) { return NULL; }
const ck_signs *ck_signs_avx512(void) { return NULL; }

#endif
