#define LANES 4
#include "lists.h"

const ck_lists *ck_lists_portable(void) {
    static const ck_lists lists = {"portable", nearest, second};
    return &lists;
}

const ck_lists *ck_lists_best(void) {
    if (ck_lists_avx512()) return ck_lists_avx512();
    if (ck_lists_avx2()) return ck_lists_avx2();
    return ck_lists_portable();
}
