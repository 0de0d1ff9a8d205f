#pragma once
// Inner products over rows of floats, one set of functions per instruction set, chosen once at run time.
//
// Within one set the products of a row are added in an order that depends on the dimension alone: a row's score does not change
// with its place, its neighbours or the function that computed it, so equal vectors get equal scores to the last bit.
#include <stddef.h>
#include <stdint.h>

typedef struct ck_kernels {
    const char *_Nonnull name;
    /// Sum of a[i] * b[i] for i < n. Nothing needs to be aligned or padded.
    float (*_Nonnull dot)(const float *_Nonnull a, const float *_Nonnull b, size_t n);
    /// out[r] = dot(query, rows + r * row_stride, dim) for r < n_rows.
    void (*_Nonnull dot_rows)(const float *_Nonnull query, const float *_Nonnull rows, size_t row_stride, size_t n_rows, size_t dim,
                              float *_Nonnull out);
    /// out[i] = dot(query, rows + selected[i] * row_stride, dim) for i < n_selected.
    void (*_Nonnull dot_selected)(const float *_Nonnull query, const float *_Nonnull rows, size_t row_stride,
                                  const uint32_t *_Nonnull selected, size_t n_selected, size_t dim, float *_Nonnull out);
    /// out[i] = dot(query, rows[i], dim) for i < n_rows.
    void (*_Nonnull dot_each)(const float *_Nonnull query, const float *_Nonnull const *_Nonnull rows, size_t n_rows, size_t dim, float *_Nonnull out);
    /// Bit i % 64 of bits[i / 64] says whether values[i] >= least, for i < n; the bits that are left over are 0.
    void (*_Nonnull at_least)(const float *_Nonnull values, size_t n, float least, uint64_t *_Nonnull bits);
} ck_kernels;

/// Plain C, on every machine.
const ck_kernels *_Nonnull ck_portable(void);

// Each NULL where the processor, or the system that must save its registers, lacks the instructions.
const ck_kernels *_Nullable ck_avx2(void);
const ck_kernels *_Nullable ck_avx512(void);
const ck_kernels *_Nullable ck_neon(void);

/// The fastest of the above that this machine has.
const ck_kernels *_Nonnull ck_best(void);

/// Gives n values the length one, into out: the sum of their squares and each quotient are computed in double, the same way on every machine. 0 when they
/// have no direction, being zero or not finite.
int ck_normalize(const float *_Nonnull values, size_t n, float *_Nonnull out);
