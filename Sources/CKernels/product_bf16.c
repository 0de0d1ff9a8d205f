#include "CKernelsProduct.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512bf16"))), apply_to = function)
#define SUM __m512
#define PAIRS __m512bh
#define STEP(sum, pair, pairs) _mm512_dpbf16_ps(sum, (__m512bh)_mm512_set1_epi32(pair), pairs)
#define FINISH(sum, scale, scales, bias, out) _mm512_storeu_ps(out, _mm512_add_ps(sum, _mm512_loadu_ps(bias)))
#include "product_512.h"
#pragma clang attribute pop

const ck_product *ck_product_avx512_bf16(void) {
    static const ck_product product = {"avx512 bf16", CK_BF16, NULL, NULL, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512bf16") ? &product : NULL;
}

#else
const ck_product *ck_product_avx512_bf16(void) { return NULL; }
#endif
