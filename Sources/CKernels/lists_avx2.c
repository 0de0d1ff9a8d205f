#include "CKernelsLists.h"

#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#include "lists.h"
#pragma clang attribute pop

const ck_lists *ck_lists_avx2(void) {
    static const ck_lists lists = {"avx2", nearest, second};
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &lists : NULL;
}

#else

const ck_lists *ck_lists_avx2(void) { return NULL; }

#endif
