#include "CKernelsRows.h"
#include <math.h>

enum { SUMS = 8 };

// Every processor rounds as the others do: nothing is fused, and the sums have one order.
#pragma STDC FP_CONTRACT OFF

static inline __attribute__((always_inline)) int normalize(const float *values, size_t n, float *out) {
    double sums[SUMS] = {0}, squares = 0;
    size_t i = 0;
    for (; i + SUMS <= n; i += SUMS) {
        for (size_t lane = 0; lane < SUMS; lane++) sums[lane] += (double)values[i + lane] * (double)values[i + lane];
    }
    for (size_t lane = 0; i < n; i++, lane++) sums[lane] += (double)values[i] * (double)values[i];
    for (size_t lane = 0; lane < SUMS; lane++) squares += sums[lane];
    if (!(squares > 0) || !(squares <= 1.7e308)) return 0;
    const double scale = 1 / sqrt(squares);
    for (i = 0; i < n; i++) out[i] = (float)((double)values[i] * scale);
    return 1;
}

#if defined(__x86_64__) && defined(__linux__)

__attribute__((target("avx512f"))) static int normalize_avx512(const float *values, size_t n, float *out) { return normalize(values, n, out); }
__attribute__((target("avx2"))) static int normalize_avx2(const float *values, size_t n, float *out) { return normalize(values, n, out); }

// Chosen at each call, and not by the loader: the choice would run before what a sanitizer needs is there.
int ck_normalize(const float *values, size_t n, float *out) {
    if (__builtin_cpu_supports("avx512f")) return normalize_avx512(values, n, out);
    if (__builtin_cpu_supports("avx2")) return normalize_avx2(values, n, out);
    return normalize(values, n, out);
}

#else

int ck_normalize(const float *values, size_t n, float *out) { return normalize(values, n, out); }

#endif
