#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#include "encoder.h"
#pragma clang attribute pop

const ck_encoder *ck_encoder_avx2(void) {
    static const ck_encoder encoder = ENCODER("avx2");
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &encoder : NULL;
}

#else
#include "CKernelsEncoder.h"
const ck_encoder *ck_encoder_avx2(void) { return NULL; }
#endif
