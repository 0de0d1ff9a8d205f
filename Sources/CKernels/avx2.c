#include "rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))

enum { WIDTH = 8 };

/// Four running sums of eight lanes. What is left after the last whole 32 goes to the first, a partial block under a mask to the second.
AVX2 static inline float dot_avx2(const float *a, const float *b, size_t n) {
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH) {
        s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s0);
        s1 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + WIDTH), _mm256_loadu_ps(b + i + WIDTH), s1);
        s2 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 2 * WIDTH), _mm256_loadu_ps(b + i + 2 * WIDTH), s2);
        s3 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i + 3 * WIDTH), _mm256_loadu_ps(b + i + 3 * WIDTH), s3);
    }
    for (; i + WIDTH <= n; i += WIDTH) s0 = _mm256_fmadd_ps(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i), s0);
    if (i < n) {
        const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const __m256i mask = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n - i)), lanes);
        s1 = _mm256_fmadd_ps(_mm256_maskload_ps(a + i, mask), _mm256_maskload_ps(b + i, mask), s1);
    }
    const __m256 sum = _mm256_add_ps(_mm256_add_ps(s0, s1), _mm256_add_ps(s2, s3));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    four = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

DEFINE_ROW_LOOPS(avx2, AVX2, dot_avx2)

AVX2 static void at_least_avx2(const float *values, size_t n, float least, uint64_t *bits) {
    const __m256 limit = _mm256_set1_ps(least);
    clear_bits(bits, n);
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) {
        const int mask = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + i), limit, _CMP_GE_OQ));
        bits[i / 64] |= (uint64_t)(unsigned)mask << (i % 64);
    }
    at_least_from(values, i, n, least, bits);
}

const ck_kernels *ck_avx2(void) {
    static const ck_kernels kernels = {"avx2", dot_avx2, dot_rows_avx2, dot_selected_avx2, dot_each_avx2, at_least_avx2};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels : NULL;
}

#else

const ck_kernels *ck_avx2(void) { return NULL; }

#endif
