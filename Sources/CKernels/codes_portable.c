#include "codes.h"

static size_t at_least(const float *values, size_t n, float least) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) count += values[i] >= least;
    return count;
}

static float kth_largest(const float *values, size_t n, size_t k, size_t slack) { return kth_largest_by(values, n, k, slack, at_least); }

static size_t pick(const float *scores, const uint32_t *rows, size_t n, float least, float *out_scores, uint32_t *out_rows) {
    return pick_each(scores, rows, n, least, out_scores, out_rows);
}

static void dot_bytes(const int8_t *query, float scale, const uint8_t *bytes, const float *scales, const uint32_t *rows, size_t n_rows, size_t n, float *out) {
    for (size_t i = 0; i < n_rows; i++) {
        const uint8_t *row = bytes + rows[i] * n;
        int32_t sum = 0;
        for (size_t k = 0; k < n; k++) sum += query[k] * (row[k] - 128);
        out[i] = (float)sum * (scale * scales[rows[i]]);
    }
}

static void prepare(unsigned group, const float *query, ck_lookup *lookup) {
    choose_step(query, lookup);
    const size_t groups = lookup->spans * CK_SPAN / group, places = (size_t)1 << group;
    for (size_t g = 0; g < groups; g++) fill_table(query + g * group, group, 1 / lookup->step, lookup->sums + g * places);
}

static void prepare_6(const float *query, ck_lookup *lookup) { prepare(6, query, lookup); }
static void prepare_4(const float *query, ck_lookup *lookup) { prepare(4, query, lookup); }

static void multiply(const float *x, const float *w, size_t m, size_t n, size_t k, float *out) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            float sum = 0;
            for (size_t l = 0; l < k; l++) sum += x[i * k + l] * w[l * n + j];
            out[i * n + j] = sum;
        }
    }
}

/// The places in its eight tables that a span's bytes of one row stand for, six dimensions each.
static void places_of(const uint8_t bytes[6], uint8_t places[8]) {
    for (int i = 0; i < 6; i++) places[i] = bytes[i] & 63;
    for (int i = 0; i < 2; i++) places[6 + i] = (uint8_t)(bytes[3 * i] >> 6 | bytes[3 * i + 1] >> 6 << 2 | bytes[3 * i + 2] >> 6 << 4);
}

static uint16_t sum_of(unsigned group, const ck_lookup *lookup, const uint8_t *block, size_t entry) {
    uint16_t sum = 0;
    for (size_t span = 0; span < lookup->spans; span++) {
        uint8_t bytes[6], places[8];
        for (size_t i = 0; i < 6; i++) bytes[i] = block[(span * 6 + i) * CK_BLOCK + byte_of(entry)];
        if (group == 6) {
            places_of(bytes, places);
            for (size_t i = 0; i < 8; i++) sum += lookup->sums[(span * 8 + i) * 64 + places[i]];
        } else {
            for (size_t i = 0; i < 6; i++) {
                const uint8_t *tables = lookup->sums + (span * 6 + i) * 32;
                sum += (uint16_t)(tables[bytes[i] & 15] + tables[16 + (bytes[i] >> 4)]);
            }
        }
    }
    return sum;
}

static void scan(const ck_codes *codes, const ck_lookup *lookup, const void *const *lists, const float *bases, size_t n_lists, ck_found *found) {
    const size_t code_bytes = ck_code_bytes(lookup->spans), block_bytes = ck_block_bytes(lookup->spans);
    for (size_t list = 0; list < n_lists; list++) {
        const size_t n = rows_in(lists[list]);
        found->scanned += n;
        const uint8_t *block = blocks_of(lists[list]);
        for (size_t first = 0; first < n; first += CK_BLOCK, block += block_bytes) {
            uint16_t sums[CK_BLOCK];
            const size_t count = n - first < CK_BLOCK ? n - first : CK_BLOCK;
            for (size_t entry = 0; entry < count; entry++) sums[entry] = sum_of(codes->group, lookup, block, entry);
            keep(lookup, block, code_bytes, count, bases[list], sums, found);
            if (found->count > found->room) ck_make_room(codes, found);
        }
    }
}

static void scan_6(const ck_lookup *lookup, const void *const *lists, const float *bases, size_t n_lists, ck_found *found) {
    scan(ck_codes_portable(6), lookup, lists, bases, n_lists, found);
}

static void scan_4(const ck_lookup *lookup, const void *const *lists, const float *bases, size_t n_lists, ck_found *found) {
    scan(ck_codes_portable(4), lookup, lists, bases, n_lists, found);
}

const ck_codes *ck_codes_portable(unsigned group) {
    static const ck_codes six = {"portable", 6, prepare_6, scan_6, kth_largest, pick, dot_bytes, multiply};
    static const ck_codes four = {"portable", 4, prepare_4, scan_4, kth_largest, pick, dot_bytes, multiply};
    return group == 6 ? &six : &four;
}
