#pragma once
// Products of rows of floats with fixed weights, both rounded to 16 bits, one function per instruction set and format.
//
// bf16 keeps eight bits of each value. i16 keeps whole numbers, each row scaled so that its length is at most 2^15.5: then by Cauchy and Schwarz no sum
// of products, whole or partial, leaves 32 bits. Rows of numbers are padded with zeros to a multiple of CK_DEPTH, and weights to one of CK_COLUMNS.
#include <stddef.h>
#include <stdint.h>

enum {
    /// Numbers that the widest instruction takes of a row at once.
    CK_DEPTH = 32,
    /// Weights lie in panels of so many output columns: for each pair of inputs (k, k + 1), column by column, the two weights.
    CK_COLUMNS = 16,
    /// There must be room for a multiple of so many rows, in the numbers and in the results.
    CK_ROWS = 32,
    /// The length of a row of whole numbers and the greatest of them; a row is divided by what keeps both. Rounding moves each of n numbers by at most a
    /// half, so the length by at most sqrt(n) / 2, which is kept free.
    CK_LONGEST = 46300,
    CK_GREATEST = 32700,
};

typedef enum ck_format { CK_BF16, CK_I16 } ck_format;

typedef struct ck_numbers {
    /// rows * depth, or the panels.
    const uint16_t *_Nonnull values;
    /// What a row's, or a column's, whole numbers must be multiplied with; not read for bf16.
    const float *_Nonnull scales;
} ck_numbers;

typedef struct ck_product {
    const char *_Nonnull name;
    ck_format format;
    /// What a thread does before its first product and after its last, or NULL.
    void (*_Nullable begin)(void);
    void (*_Nullable end)(void);
    /// out[r][c] = bias[c] + sum over k < depth of rows[r][k] * weights[c][k], for c < columns; both multiples as above, bias too.
    void (*_Nonnull multiply)(ck_numbers rows, size_t n_rows, size_t depth, ck_numbers weights, size_t columns, const float *_Nonnull bias,
                              float *_Nonnull out, size_t out_stride);
} ck_product;

/// Rounds weights[c * n + k] into panels, columns of them; those from n_columns on are zeros.
void ck_pack_weights(ck_format format, const float *_Nonnull weights, size_t n_columns, size_t n, size_t depth, size_t columns,
                     uint16_t *_Nonnull values, float *_Nonnull scales);

/// Plain C, on every machine, exact to the order of the additions.
const ck_product *_Nonnull ck_product_portable(ck_format format);

// Each NULL where the processor, or the system that must save its registers, lacks the instructions.
const ck_product *_Nullable ck_product_avx2_i16(void);
const ck_product *_Nullable ck_product_avx512_i16(void);
const ck_product *_Nullable ck_product_vnni_i16(void);
const ck_product *_Nullable ck_product_avx512_bf16(void);
const ck_product *_Nullable ck_product_amx_bf16(void);
