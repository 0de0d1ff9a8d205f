#include "CKernelsProduct.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vnni"))), apply_to = function)
#define SUM __m512i
#define PAIRS __m512i
#define COLUMNS_AT_ONCE 16
#define BLOCK_ROWS 8
#define BLOCK_PANELS 3
#define STEP(sum, pair, pairs) _mm512_dpwssd_epi32(sum, _mm512_set1_epi32(pair), pairs)
#define FINISH(sum, scale, scales, bias, out)                                                                                             \
    _mm512_storeu_ps(out, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(scales)), \
                                          _mm512_loadu_ps(bias)))
#include "product.h"
#pragma clang attribute pop

const ck_product *ck_product_vnni_i16(void) {
    static const ck_product product = {"avx512 vnni i16", CK_I16, NULL, NULL, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni") ? &product : NULL;
}

#else
const ck_product *ck_product_vnni_i16(void) { return NULL; }
#endif
