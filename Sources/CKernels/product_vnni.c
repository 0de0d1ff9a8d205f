#include "CKernelsProduct.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vnni"))), apply_to = function)
#define STEP(sum, pair, pairs) _mm512_dpwssd_epi32(sum, _mm512_set1_epi32(pair), pairs)
#include "product_512.h"
#pragma clang attribute pop

const ck_product *ck_product_vnni_i16(void) {
    static const ck_product product = {"avx512 vnni i16", CK_I16, NULL, NULL, multiply};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni") ? &product : NULL;
}

#else
const ck_product *ck_product_vnni_i16(void) { return NULL; }
#endif
