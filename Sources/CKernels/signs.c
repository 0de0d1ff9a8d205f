#include "signs.h"
#include <math.h>

void ck_prepare_signs(const float *values, size_t n, ck_sign_query *query) {
    enum { LEVELS = (1 << CK_SIGN_PLANES) - 1 };
    float most = 0;
    for (size_t i = 0; i < n; i++) most = fabsf(values[i]) > most ? fabsf(values[i]) : most;
    // A value is step * (level - LEVELS / 2).
    query->step = most > 0 ? 2 * most / LEVELS : 1;
    query->centre = LEVELS;
    query->total = 0;
    memset(query->planes, 0, query->words * CK_SIGN_PLANES * sizeof *query->planes);
    for (size_t i = 0; i < n; i++) {
        const float place = values[i] / query->step + 0.5f * LEVELS + 0.5f;
        const unsigned level = place > LEVELS ? LEVELS : place > 0 ? (unsigned)place : 0;
        query->total += query->step * ((float)level - 0.5f * LEVELS);
        for (size_t p = 0; p < CK_SIGN_PLANES; p++) query->planes[i / 64 * CK_SIGN_PLANES + p] |= (uint64_t)(level >> p & 1) << (i % 64);
    }
}

void ck_put_signs(const float *residual, size_t n, float scale, float shift, uint8_t *row) {
    const size_t words = (n + 63) / 64;
    float numbers[3] = {scale, shift, 0};
    for (size_t w = 0; w < words; w++) {
        uint64_t signs = 0;
        for (size_t i = 0; i < 64 && w * 64 + i < n; i++) signs |= (uint64_t)(residual[w * 64 + i] > 0) << i;
        numbers[2] += (float)__builtin_popcountll(signs);
        memcpy(row + 8 * w, &signs, sizeof signs);
    }
    memcpy(row + 8 * words, numbers, sizeof numbers);
}

static void estimate(const ck_sign_query *query, const uint8_t *const *pieces, const uint32_t *rows, size_t n_rows, float base, float *out) {
    estimate_words(query, pieces, rows, n_rows, base, out);
}

const ck_signs *ck_signs_portable(void) {
    static const ck_signs signs = {"portable", estimate};
    return &signs;
}

const ck_signs *ck_signs_best(void) {
    const ck_signs *candidates[] = {ck_signs_avx512(), ck_signs_popcnt()};
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
        if (candidates[i]) return candidates[i];
    }
    return ck_signs_portable();
}
