#pragma once
// What every instruction set shares: where things lie in a block, and what becomes of estimates.
#include "CKernelsCodes.h"
#include <math.h>
#include <string.h>

static inline uint16_t *scales_of(const uint8_t *block, size_t code_bytes) { return (uint16_t *)(block + CK_BLOCK * code_bytes); }
static inline uint16_t *shifts_of(const uint8_t *block, size_t code_bytes) { return scales_of(block, code_bytes) + CK_BLOCK; }
static inline uint32_t *rows_of(const uint8_t *block, size_t code_bytes) { return (uint32_t *)(shifts_of(block, code_bytes) + CK_BLOCK); }

/// The byte, of the 64 of a group, in which an entry's signs lie: sums of even and of odd bytes are widened to 16 bits apart, and come out in this order.
static inline size_t byte_of(size_t entry) { return entry < CK_BLOCK / 2 ? 2 * entry : 2 * (entry - CK_BLOCK / 2) + 1; }

/// Sums are kept as whole numbers of `step`, from 0 up: those of a span together stay below 256, whatever their rounding adds.
static inline void choose_step(const float *query, ck_lookup *lookup) {
    float most = 0, total = 0;
    for (size_t span = 0; span < lookup->spans; span++) {
        float sum = 0;
        for (size_t i = 0; i < CK_SPAN; i++) sum += fabsf(query[span * CK_SPAN + i]);
        if (sum > most) most = sum;
        total += sum;
    }
    lookup->step = most > 0 ? 2 * most / 247 : 1;
    lookup->offset = -total;
}

/// The table of a group: for each of its sign patterns the sum of the query's values under these signs, less the least such sum, in steps.
static inline void fill_table(const float *query, unsigned group, float inverse, uint8_t *table) {
    float sums[64] = {0};
    for (unsigned i = 0; i < group; i++) {
        const float twice = 2 * query[i];
        const size_t half = (size_t)1 << i;
        // The pattern without bit i has -query[i], which is the least when that is negative.
        const float low = twice < 0 ? -twice : 0, high = twice > 0 ? twice : 0;
        for (size_t pattern = 0; pattern < half; pattern++) {
            sums[half + pattern] = sums[pattern] + high;
            sums[pattern] += low;
        }
    }
    for (size_t pattern = 0; pattern < (size_t)1 << group; pattern++) table[pattern] = (uint8_t)(sums[pattern] * inverse + 0.5f);
}

static inline int is_admitted(const ck_found *found, uint32_t row) {
    return row < found->admitted_rows && (!found->admitted || (found->admitted[row / 64] >> (row % 64) & 1));
}

static inline int admits_all(const ck_found *found) { return !found->admitted && found->admitted_rows > UINT32_MAX; }

/// Sums of a block, an entry after the other, become estimates, and those that reach the threshold are kept.
static inline void keep(const ck_lookup *lookup, const uint8_t *block, size_t code_bytes, size_t n, float base, const uint16_t *sums, ck_found *found) {
    const uint16_t *scales = scales_of(block, code_bytes), *shifts = shifts_of(block, code_bytes);
    const uint32_t *rows = rows_of(block, code_bytes);
    for (size_t entry = 0; entry < n; entry++) {
        const float sum = (float)sums[entry] * lookup->step + lookup->offset;
        const float score = ck_single(scales[entry]) * sum + (ck_single(shifts[entry]) + base);
        if (!(score >= found->threshold) || !is_admitted(found, rows[entry])) continue;
        found->scores[found->count] = score;
        found->rows[found->count++] = rows[entry];
    }
}

/// Between the least and the greatest value, of which the first is reached by at least k: halves until hardly more reach it.
static inline float kth_between(const float *values, size_t n, size_t k, size_t slack, float low, float high, size_t (*at_least)(const float *, size_t, float)) {
    if (k >= n) return low;
    for (int round = 0; round < 24; round++) {
        const float middle = low + (high - low) / 2;
        if (!(middle > low && middle < high)) break;
        const size_t count = at_least(values, n, middle);
        if (count < k) {
            high = middle;
        } else {
            low = middle;
            if (count <= k + slack) break;
        }
    }
    return low;
}

static inline float kth_largest_by(const float *values, size_t n, size_t k, size_t slack, size_t (*at_least)(const float *, size_t, float)) {
    float low = values[0], high = values[0];
    for (size_t i = 1; i < n; i++) {
        if (values[i] < low) low = values[i];
        if (values[i] > high) high = values[i];
    }
    return kth_between(values, n, k, slack, low, high, at_least);
}

static inline size_t pick_each(const float *scores, const uint32_t *rows, size_t n, float least, float *out_scores, uint32_t *out_rows) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(scores[i] >= least)) continue;
        out_scores[count] = scores[i];
        out_rows[count++] = rows[i];
    }
    return count;
}

/// A list's rows and its first block.
static inline size_t rows_in(const void *list) { return ck_list_count(list); }
static inline const uint8_t *blocks_of(const void *list) { return (const uint8_t *)list + CK_LIST_HEADER; }

/// Where the next blocks lie, some blocks ahead of the scan.
typedef struct ahead {
    const void *const *lists;
    size_t n_lists;
    size_t list;
    const uint8_t *block;
    const uint8_t *end;
} ahead;

static inline void step_ahead(ahead *a, size_t block_bytes) {
    a->block += block_bytes;
    if (a->block < a->end) return;
    if (++a->list >= a->n_lists) {
        a->list = a->n_lists;
        return;
    }
    a->block = blocks_of(a->lists[a->list]);
    const size_t blocks = (rows_in(a->lists[a->list]) + CK_BLOCK - 1) / CK_BLOCK;
    a->end = a->block + (blocks ? blocks : 1) * block_bytes;
}

static inline ahead look_ahead(const void *const *lists, size_t n_lists, size_t block_bytes) {
    enum { BLOCKS_AHEAD = 2 };
    ahead next = {lists, n_lists, (size_t)-1, NULL, NULL};
    for (int i = 0; i <= BLOCKS_AHEAD; i++) step_ahead(&next, block_bytes);
    return next;
}
