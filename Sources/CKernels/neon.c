#include "rows.h"

#if defined(__aarch64__)
#include <arm_neon.h>

enum { WIDTH = 4 };

/// Four running sums of four lanes. What is left after the last whole 16 goes to the first, the last elements are added one by one at the end.
static inline float dot_neon(const float *a, const float *b, size_t n) {
    float32x4_t s0 = vdupq_n_f32(0), s1 = s0, s2 = s0, s3 = s0;
    size_t i = 0;
    for (; i + 4 * WIDTH <= n; i += 4 * WIDTH) {
        s0 = vfmaq_f32(s0, vld1q_f32(a + i), vld1q_f32(b + i));
        s1 = vfmaq_f32(s1, vld1q_f32(a + i + WIDTH), vld1q_f32(b + i + WIDTH));
        s2 = vfmaq_f32(s2, vld1q_f32(a + i + 2 * WIDTH), vld1q_f32(b + i + 2 * WIDTH));
        s3 = vfmaq_f32(s3, vld1q_f32(a + i + 3 * WIDTH), vld1q_f32(b + i + 3 * WIDTH));
    }
    for (; i + WIDTH <= n; i += WIDTH) s0 = vfmaq_f32(s0, vld1q_f32(a + i), vld1q_f32(b + i));
    const float32x4_t sum = vaddq_f32(vaddq_f32(s0, s1), vaddq_f32(s2, s3));
    const float32x2_t two = vadd_f32(vget_low_f32(sum), vget_high_f32(sum));
    float total = vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
    for (; i < n; i++) total += a[i] * b[i];
    return total;
}

DEFINE_ROW_LOOPS(neon, , dot_neon)

static void at_least_neon(const float *values, size_t n, float least, uint64_t *bits) {
    clear_bits(bits, n);
    at_least_from(values, 0, n, least, bits);
}

const ck_kernels *ck_neon(void) {
    static const ck_kernels kernels = {"neon", dot_neon, dot_rows_neon, dot_selected_neon, dot_each_neon, at_least_neon};
    return &kernels;
}

#else

const ck_kernels *ck_neon(void) { return NULL; }

#endif
