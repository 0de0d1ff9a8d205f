#include "rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f")))

enum { WIDTH = 16 };

/// Four running sums of sixteen lanes. What is left after the last whole 64 goes to the first, a partial block under a mask to the second.
AVX512 static inline float dot_avx512(const float *a, const float *b, size_t n) {
    __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH) {
        s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
        s1 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + WIDTH), _mm512_loadu_ps(b + i + WIDTH), s1);
        s2 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 2 * WIDTH), _mm512_loadu_ps(b + i + 2 * WIDTH), s2);
        s3 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i + 3 * WIDTH), _mm512_loadu_ps(b + i + 3 * WIDTH), s3);
    }
    for (; i + WIDTH <= n; i += WIDTH) s0 = _mm512_fmadd_ps(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
    if (i < n) {
        const __mmask16 mask = (__mmask16)((1u << (n - i)) - 1);
        s1 = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i), s1);
    }
    const __m512 sum = _mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3));
    const __m512 eight = _mm512_add_ps(sum, _mm512_shuffle_f32x4(sum, sum, 0x4E));
    __m128 four = _mm512_castps512_ps128(_mm512_add_ps(eight, _mm512_shuffle_f32x4(eight, eight, 0xB1)));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

DEFINE_ROW_LOOPS(avx512, AVX512, dot_avx512)

AVX512 static void at_least_avx512(const float *values, size_t n, float least, uint64_t *bits) {
    const __m512 limit = _mm512_set1_ps(least);
    clear_bits(bits, n);
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        bits[i / 64] |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(values + i), limit, _CMP_GE_OQ) << (i % 64);
    }
    at_least_from(values, i, n, least, bits);
}

const ck_kernels *ck_avx512(void) {
    static const ck_kernels kernels = {"avx512", dot_avx512, dot_rows_avx512, dot_selected_avx512, dot_each_avx512, at_least_avx512};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") ? &kernels : NULL;
}

#else

const ck_kernels *ck_avx512(void) { return NULL; }

#endif
