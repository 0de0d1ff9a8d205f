#include "CKernelsProduct.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define SUM __m256i
#define PAIRS __m256i
#define COLUMNS_AT_ONCE 8
#define BLOCK_ROWS 4
#define BLOCK_PANELS 1
#define STEP(sum, pair, pairs) _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_set1_epi32(pair), pairs))
#define FINISH(sum, scale, scales, bias, out)                                                                                             \
    _mm256_storeu_ps(out, _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_mul_ps(_mm256_set1_ps(scale), _mm256_loadu_ps(scales)), \
                                          _mm256_loadu_ps(bias)))
#include "product.h"
#pragma clang attribute pop

const ck_product *ck_product_avx2_i16(void) {
    static const ck_product product = {"avx2 i16", CK_I16, NULL, NULL, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &product : NULL;
}

#else
const ck_product *ck_product_avx2_i16(void) { return NULL; }
#endif
