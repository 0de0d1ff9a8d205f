#pragma once
// The functions of ck_lists in vectors of LANES floats, for whatever instructions the including file has turned on.
#include "CKernelsLists.h"
#include "lanes.h"

/// The least value of the lanes and its place; of equal ones the first place.
INLINE size_t first_least(lanes values, whole places, float *value) {
    size_t at = (size_t)places[0];
    float best = values[0];
    for (int lane = 1; lane < LANES; lane++) {
        const size_t place = (size_t)places[lane];
        if (values[lane] < best || (values[lane] == best && place < at)) best = values[lane], at = place;
    }
    *value = best;
    return at;
}

INLINE whole first_places(void) {
    whole places;
    for (int lane = 0; lane < LANES; lane++) places[lane] = lane;
    return places;
}

/// The place of the least LOSS(i), a vector of the losses from i on, with SCALAR(i) for what is left over.
#define LEAST(N, LOSS, SCALAR)                                              \
    lanes best = all(INFINITY);                                             \
    whole places = first_places(), at = places;                             \
    size_t i = 0;                                                           \
    for (; i + LANES <= (N); i += LANES) {                                  \
        const lanes loss = LOSS;                                            \
        const whole is_less = loss < best;                                  \
        best = is_less ? loss : best;                                       \
        at = is_less ? places : at;                                         \
        places += LANES;                                                    \
    }                                                                       \
    float value;                                                            \
    size_t place = first_least(best, at, &value);                           \
    for (; i < (N); i++) {                                                  \
        const float loss = SCALAR;                                          \
        if (loss < value) value = loss, place = i;                          \
    }

static size_t nearest(const float *products, const float *halves, size_t n, float *out) {
    LEAST(n, load(halves + i) - load(products + i), halves[i] - products[i])
    *out = -value;
    return place;
}

static size_t second(const float *products, const float *halves, const float *centres, size_t n, size_t first, float own, float squares) {
    const float weight = squares > 0 ? 1 / squares : 0;
    const int32_t excluded = (int32_t)first;
#define ACROSS(PRODUCT, CENTRE) (own - (PRODUCT) + (CENTRE))
#define SOAR(LOAD) (2 * (LOAD(halves + i) - LOAD(products + i)) + weight * ACROSS(LOAD(products + i), LOAD(centres + i)) * ACROSS(LOAD(products + i), LOAD(centres + i)))
#define VALUE(P) (*(P))
    LEAST(n, (places == excluded) ? all(INFINITY) : SOAR(load), i == first ? INFINITY : SOAR(VALUE))
    return place;
}
