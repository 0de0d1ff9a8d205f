#include "CSystemOutput.h"
#include <stdio.h>

int pinyon_flush_output(void) {
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : -1;
}
