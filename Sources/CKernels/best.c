#include "CKernelsRows.h"

const ck_kernels *ck_best(void) {
    const ck_kernels *candidates[] = {ck_avx512(), ck_avx2(), ck_neon()};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (candidates[i]) return candidates[i];
    }
    return ck_portable();
}
