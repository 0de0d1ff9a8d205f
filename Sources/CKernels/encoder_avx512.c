#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma"))), apply_to = function)
#define LANES 16
#include "encoder.h"
#pragma clang attribute pop

const ck_encoder *ck_encoder_avx512(void) {
    static const ck_encoder encoder = ENCODER("avx512");
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") ? &encoder : NULL;
}

#else
#include "CKernelsEncoder.h"
const ck_encoder *ck_encoder_avx512(void) { return NULL; }
#endif
