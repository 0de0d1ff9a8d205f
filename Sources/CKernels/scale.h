#pragma once
#include "CKernelsProduct.h"
#include <math.h>

/// What to divide n numbers by, of which the sum of squares and the greatest size are known, so that they keep to CK_LONGEST and CK_GREATEST.
static inline float scale_for(float squares, float peak, size_t n) {
    // Where the squares left what a float holds, the length is at most that of n numbers of the greatest size.
    const float length = squares > 1e-30f && squares < 1e38f ? sqrtf(squares) : peak * sqrtf((float)n);
    const float by_length = length / (CK_LONGEST - sqrtf((float)n) / 2), by_peak = peak / CK_GREATEST;
    return by_length > by_peak ? by_length : by_peak;
}
