#include "CKernelsLists.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq"))), apply_to = function)
#define LANES 16
#include "lists.h"
#pragma clang attribute pop

const ck_lists *ck_lists_avx512(void) {
    static const ck_lists lists = {"avx512", nearest, second};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") ? &lists : NULL;
}

#else

const ck_lists *ck_lists_avx512(void) { return NULL; }

#endif
