#pragma once
// Codes of one bit a dimension, row by row, for rows that lie here and there: what they mean is the same as in CKernelsCodes.h.
//
// A row is the signs of its residual, 64 to a word, then its scale, its shift and how many of its signs are set, each a float.
#include <stddef.h>
#include <stdint.h>

enum {
    /// Rows lie in pieces of so many.
    CK_SIGN_ROWS = 1024,
    /// A query's values are kept as whole numbers of so many bits, one bit of all of them after the other.
    CK_SIGN_PLANES = 4,
};

/// A query. `planes` has CK_SIGN_PLANES times as many words as a row.
typedef struct ck_sign_query {
    uint64_t *_Nonnull planes;
    size_t words;
    /// sum over i of query[i] * sign = step * (2 * sum of the levels where a sign is set - centre * set signs) - total.
    float step;
    float centre;
    float total;
} ck_sign_query;

typedef struct ck_signs {
    const char *_Nonnull name;
    /// out[i] = base + the estimate of row rows[i], which lies in pieces[rows[i] / CK_SIGN_ROWS].
    void (*_Nonnull estimate)(const ck_sign_query *_Nonnull query, const uint8_t *_Nullable const *_Nonnull pieces, const uint32_t *_Nonnull rows, size_t n_rows,
                              float base, float *_Nonnull out);
} ck_signs;

/// In lines of the cache, so that a row of up to 416 dimensions is one.
static inline size_t ck_sign_stride(size_t words) { return (words * 8 + 12 + 63) / 64 * 64; }

/// Values of a query, of which n are given, as planes of bits.
void ck_prepare_signs(const float *_Nonnull values, size_t n, ck_sign_query *_Nonnull query);

void ck_put_signs(const float *_Nonnull residual, size_t n, float scale, float shift, uint8_t *_Nonnull row);

const ck_signs *_Nonnull ck_signs_portable(void);

// Each NULL where the processor lacks the instructions.
const ck_signs *_Nullable ck_signs_popcnt(void);
const ck_signs *_Nullable ck_signs_avx512(void);

const ck_signs *_Nonnull ck_signs_best(void);
