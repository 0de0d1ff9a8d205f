#if defined(__x86_64__)
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), apply_to = function)
#define LANES 16
#define HAS_BF16
#include "encoder.h"
#pragma clang attribute pop

const ck_encoder *ck_encoder_bf16(void) {
    static const ck_encoder encoder = ENCODER("avx512 bf16");
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512bf16")
               ? &encoder : NULL;
}

#else
#include "CKernelsEncoder.h"
const ck_encoder *ck_encoder_bf16(void) { return NULL; }
#endif
