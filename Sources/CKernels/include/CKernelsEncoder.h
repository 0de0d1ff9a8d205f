#pragma once
// What an encoder does between its matrix products, one set of functions per instruction set, chosen once at run time.
//
// Rows are floats; row r of x begins at x + r * stride. Sets differ in the last bits, and within one set a row's result does not depend on the others.
#include "CKernelsProduct.h"
#include <stddef.h>

typedef struct ck_encoder {
    const char *_Nonnull name;
    /// out[r] = (in[r] + added[r] - mean) / sqrt(variance + epsilon) * gain + bias, over the n values of a row. `in` may be `out`.
    void (*_Nonnull normalize)(const float *_Nonnull in, const float *_Nonnull added, size_t stride, size_t rows, size_t n,
                               const float *_Nonnull gain, const float *_Nonnull bias, float epsilon, float *_Nonnull out);
    /// x[r][i] += bias[i]
    void (*_Nonnull add)(float *_Nonnull x, size_t stride, size_t rows, size_t n, const float *_Nonnull bias);
    /// x[r][i] = gelu(x[r][i]) = x/2 * (1 + erf(x/sqrt 2)), to 2e-6 and 3e-7 of x; to 1e-4 and 2e-5 of x where `coarse`.
    void (*_Nonnull gelu)(float *_Nonnull x, size_t stride, size_t rows, size_t n, int coarse);
    /// Attention of each of `length` rows to all of them, head by head: a row of qkv holds query, key and value, each of heads * size floats.
    /// `scratch` has ck_attention_scratch(length, size) floats.
    void (*_Nonnull attend)(const float *_Nonnull qkv, size_t qkv_stride, size_t length, size_t heads, size_t size, float *_Nonnull out,
                            size_t out_stride, float *_Nonnull scratch);
    /// out[i] = sum over rows of x[r][i] / rows
    void (*_Nonnull mean)(const float *_Nonnull x, size_t stride, size_t rows, size_t n, float *_Nonnull out);
    /// Rounds `rows` rows of n floats into rows of `depth` numbers, n <= depth, the rest zeros.
    void (*_Nonnull round)(ck_format format, const float *_Nonnull x, size_t stride, size_t rows, size_t n, size_t depth, uint16_t *_Nonnull values,
                           float *_Nonnull scales);
    /// `attend` with both products of rounded numbers; `scratch` has ck_rounded_attention_scratch(length, size) bytes on a 64-byte boundary.
    void (*_Nonnull attend_rounded)(const ck_product *_Nonnull product, const float *_Nonnull qkv, size_t qkv_stride, size_t length, size_t heads,
                                    size_t size, float *_Nonnull out, size_t out_stride, void *_Nonnull scratch);
} ck_encoder;

// What is enough for one length is enough for every shorter one.
size_t ck_attention_scratch(size_t length, size_t size);
size_t ck_rounded_attention_scratch(size_t length, size_t size);

const ck_encoder *_Nonnull ck_encoder_portable(void);

// Each NULL where the processor lacks the instructions.
const ck_encoder *_Nullable ck_encoder_avx2(void);
const ck_encoder *_Nullable ck_encoder_avx512(void);
const ck_encoder *_Nullable ck_encoder_bf16(void);

const ck_encoder *_Nonnull ck_encoder_best(void);
