#include "CKernelsRows.h"
#include <math.h>

enum { SUMS = 8 };

// Every processor rounds as the others do: nothing is fused, and the sums have one order.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__) && defined(__linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

FOR_EACH_PROCESSOR int ck_normalize(const float *values, size_t n, float *out) {
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
