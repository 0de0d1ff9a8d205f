// The blocks of products in registers of 512 bits, for product.h; the including file defines STEP, and FINISH where its sums are floats.
#define COLUMNS_AT_ONCE 16
#define BLOCK_ROWS 8
#define BLOCK_PANELS 3

#ifndef FINISH
#define SUM __m512i
#define PAIRS __m512i
#define FINISH(sum, scale, scales, bias, out)                                                                                     \
    _mm512_storeu_ps(out, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(scales)), \
                                          _mm512_loadu_ps(bias)))
#endif

#include "product.h"
