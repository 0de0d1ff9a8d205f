#include "codes.h"
const ck_codes *ck_codes_neon(void) { return NULL; }
