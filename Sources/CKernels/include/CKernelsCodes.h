#pragma once
// Codes of one bit a dimension, and the search over them by looking sums up in tables of bytes, one set of functions per instruction set.
//
// A row's residual r, turned by the caller so that no dimension stands out, is kept as the signs of its values and two numbers, `scale` and `shift`:
//
//     estimate = base + shift + scale * sum over i of query[i] * sign(r[i])
//
// Rows lie in blocks of CK_BLOCK. A block holds for every 48 dimensions six bytes of every row: byte i of row r at i * 64 + r. Where a look-up takes four
// dimensions, a byte is the signs of eight, in halves. Where it takes six, the low six bits of the six bytes are the signs of 36, and the upper two of the first
// three and of the last three bytes those of six more each. Then come scales and shifts in 16 bits, and the rows' numbers.
#include <stddef.h>
#include <stdint.h>

enum {
    CK_BLOCK = 64,
    /// Dimensions come in multiples of this; their sums fit into a byte together.
    CK_SPAN = 48,
    /// With so many the sums of a row fit into 16 bits.
    CK_CODE_DIMENSIONS_MAX = 256 * CK_SPAN,
    /// Rows of bytes come in multiples of this.
    CK_BYTES = 64,
    /// In front of a list's blocks; the first four bytes count its rows.
    CK_LIST_HEADER = 64,
};

/// A query, ready for look-ups. `sums` has ck_codes.table_bytes(dimensions) bytes on a 64-byte boundary.
typedef struct ck_lookup {
    uint8_t *_Nonnull sums;
    size_t spans;
    /// What a looked-up sum must be multiplied with, and what then must be added.
    float step;
    float offset;
} ck_lookup;

/// What a scan found. Scores and rows have room for `capacity` + CK_BLOCK.
typedef struct ck_found {
    float *_Nonnull scores;
    uint32_t *_Nonnull rows;
    size_t count;
    size_t capacity;
    /// When there are more than so many, those that no longer matter go; it grows up to the capacity where most of them matter.
    size_t room;
    /// Only estimates of at least this are kept; a number, above -infinity, that rises as more is found than there is room for.
    float threshold;
    /// What can still matter lies at most so far below the k-th best estimate.
    float margin;
    size_t k;
    /// Rows of the lists that were scanned.
    size_t scanned;
    /// Not 0 when what could still matter was dropped, for want of room.
    int crowded;
    /// Row r may be found when bit r % 64 of admitted[r / 64] is set; no row of admitted_rows or above.
    const uint64_t *_Nullable admitted;
    size_t admitted_rows;
    /// Takes what was found when there is no more room, where it is not to be dropped.
    void (*_Nullable empty)(void *_Nullable context);
    void *_Nullable context;
} ck_found;

typedef struct ck_codes {
    const char *_Nonnull name;
    /// Dimensions in one look-up: 6 or 4.
    unsigned group;
    /// Fills the tables; `lookup->sums` and `spans` are given.
    void (*_Nonnull prepare)(const float *_Nonnull query, ck_lookup *_Nonnull lookup);
    /// Adds every row of so many lists whose estimate reaches the threshold. A list is its header and its blocks; bases[i] is what belongs to lists[i].
    void (*_Nonnull scan)(const ck_lookup *_Nonnull lookup, const void *_Nonnull const *_Nonnull lists, const float *_Nonnull bases, size_t n_lists,
                          ck_found *_Nonnull found);
    /// A number that at least k of the n > 0 values reach, and hardly more than k + slack; the least value when k > n.
    float (*_Nonnull kth_largest)(const float *_Nonnull values, size_t n, size_t k, size_t slack);
    /// Copies what reaches `least`, with its row, and returns how many; there is room for 16 more.
    size_t (*_Nonnull pick)(const float *_Nonnull scores, const uint32_t *_Nonnull rows, size_t n, float least, float *_Nonnull out_scores,
                              uint32_t *_Nonnull out_rows);
    /// out[i] = scales[rows[i]] * scale * sum over k < n of query[k] * (bytes[rows[i] * n + k] - 128); n is a multiple of CK_BYTES.
    void (*_Nonnull dot_bytes)(const int8_t *_Nonnull query, float scale, const uint8_t *_Nonnull bytes, const float *_Nonnull scales,
                               const uint32_t *_Nonnull rows, size_t n_rows, size_t n, float *_Nonnull out);
    /// out = x * w of m * n, m * n from m * k, k * n; n is a multiple of 16. For matrices that stay in the nearest cache.
    void (*_Nonnull multiply)(const float *_Nonnull x, const float *_Nonnull w, size_t m, size_t n, size_t k, float *_Nonnull out);
} ck_codes;

static inline size_t ck_code_bytes(size_t spans) { return spans * 6; }
static inline size_t ck_table_bytes(unsigned group, size_t spans) { return spans * (CK_SPAN / group) << group; }
static inline size_t ck_block_bytes(size_t spans) { return CK_BLOCK * (ck_code_bytes(spans) + 2 + 2 + 4); }

/// Makes a block in which nothing is found.
void ck_clear_block(size_t spans, uint8_t *_Nonnull block);

/// Writes place `entry` of a block. What scans meanwhile finds the row whole or not at all.
void ck_put_code(unsigned group, size_t spans, uint8_t *_Nonnull block, size_t entry, const float *_Nonnull residual, float scale, float shift, uint32_t row);

/// Copies a place of a block to one of another.
void ck_copy_code(size_t spans, const uint8_t *_Nonnull from, size_t entry, uint8_t *_Nonnull to, size_t to_entry);

uint32_t ck_code_row(size_t spans, const uint8_t *_Nonnull block, size_t entry);

/// Has what was found taken away, or raises its threshold and drops what no longer reaches it; at least half of the room is free afterwards.
void ck_make_room(const ck_codes *_Nonnull codes, ck_found *_Nonnull found);

// How many rows a list has, in its header.
static inline uint32_t ck_list_count(const void *_Nonnull list) { return __atomic_load_n((const uint32_t *)list, __ATOMIC_ACQUIRE); }
static inline void ck_set_list_count(void *_Nonnull list, uint32_t count) { __atomic_store_n((uint32_t *)list, count, __ATOMIC_RELEASE); }

float ck_squares(const float *_Nonnull values, size_t n);

/// Adds scores that are known, of rows rows[i], or first + i where `rows` is NULL, by the same rules as a scan.
void ck_offer(const ck_codes *_Nonnull codes, ck_found *_Nonnull found, const float *_Nonnull scores, const uint32_t *_Nullable rows, uint32_t first, size_t n);

/// Sum over i of signs[i] * values[i], where signs are those of residual.
float ck_signed_sum(const float *_Nonnull residual, const float *_Nonnull values, size_t n);

typedef struct ck_plan {
    /// So many lists must be visited, from the first on.
    size_t needed;
    /// How many rows better than the k-th are expected in the others.
    float missed;
} ck_plan;

/// Which of n lists, by score, the greatest first, must be visited so that in the others at most `budget` rows better than any of kths are expected, each of which
/// counts for an equal share of a list's rows: it is expected to have weight * rates[((kth - score) * nearness - first) * per_unit] of them, since what rows of a
/// list differ by from its centre is the less the nearer it is.
ck_plan ck_plan_visits(const float *_Nonnull scores, const float *_Nonnull weights, const float *_Nonnull nearness, size_t n, const float *_Nonnull kths, size_t n_kths,
                       const float *_Nonnull rates, size_t n_rates, float first, float per_unit, float budget);

/// Whole numbers from -127 to 127 for n values, the greatest in size being 127 or -127; returns what they must be multiplied with.
float ck_to_bytes(const float *_Nonnull values, size_t n, int8_t *_Nonnull out);

/// Sorts by score, the greatest first, and of equal ones the smaller row first.
void ck_order(float *_Nonnull scores, uint32_t *_Nonnull rows, size_t n);

/// The nearest number of 16 bits (IEEE 754 binary16), and back.
uint16_t ck_half(float value);
float ck_single(uint16_t half);

const ck_codes *_Nonnull ck_codes_portable(unsigned group);

// Each NULL where the processor lacks the instructions.
const ck_codes *_Nullable ck_codes_avx2(void);
const ck_codes *_Nullable ck_codes_vbmi(void);
const ck_codes *_Nullable ck_codes_neon(void);

const ck_codes *_Nonnull ck_codes_best(void);
