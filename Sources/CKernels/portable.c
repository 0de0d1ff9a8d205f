#include "rows.h"

enum { LANES = 16 };

/// Sixteen running sums, element i in sum i % 16, joined pairwise: any compiler can put them into whatever registers there are.
static float dot_portable(const float *a, const float *b, size_t n) {
    float sums[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t lane = 0; lane < LANES; lane++) sums[lane] += a[i + lane] * b[i + lane];
    }
    for (size_t lane = 0; i + lane < n; lane++) sums[lane] += a[i + lane] * b[i + lane];
    for (size_t half = LANES / 2; half > 0; half /= 2) {
        for (size_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
    }
    return sums[0];
}

DEFINE_ROW_LOOPS(portable, , dot_portable)

static void at_least_portable(const float *values, size_t n, float least, uint64_t *bits) {
    clear_bits(bits, n);
    at_least_from(values, 0, n, least, bits);
}

const ck_kernels *ck_portable(void) {
    static const ck_kernels kernels = {"portable", dot_portable, dot_rows_portable, dot_selected_portable, dot_each_portable, at_least_portable};
    return &kernels;
}
