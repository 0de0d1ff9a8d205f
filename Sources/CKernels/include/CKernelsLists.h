#pragma once
// Which list a row belongs to, from its products with all centres; one set of functions per instruction set.
#include <stddef.h>
#include <stdint.h>

typedef struct ck_lists {
    const char *_Nonnull name;
    /// The place of the largest products[i] - halves[i], the first of equal ones, and its value; halves are half of the centres' squares, so that it is that
    /// of the nearest centre. n > 0.
    size_t (*_Nonnull nearest)(const float *_Nonnull products, const float *_Nonnull halves, size_t n, float *_Nonnull value);
    /// The place, other than `nearest`, with the least |x - c|^2 + (r . (x - c))^2 / |r|^2, where r = x - nearest centre and centres[i] = nearest centre . c:
    /// a list that is near where the first one errs (Sun and others, SOAR, 2023). own = r . x, squares = |r|^2. n > 1.
    size_t (*_Nonnull second)(const float *_Nonnull products, const float *_Nonnull halves, const float *_Nonnull centres, size_t n, size_t nearest, float own,
                              float squares);
} ck_lists;

const ck_lists *_Nonnull ck_lists_portable(void);

// Each NULL where the processor lacks the instructions.
const ck_lists *_Nullable ck_lists_avx2(void);
const ck_lists *_Nullable ck_lists_avx512(void);

const ck_lists *_Nonnull ck_lists_best(void);
