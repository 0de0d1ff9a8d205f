#pragma once

#include <stddef.h>
#include <stdint.h>

/// CRC32C (Castagnoli, reflected polynomial 0x82F63B78) of `count` bytes, continuing from `crc`: 0 to begin, or what an earlier call returned.
/// It uses the machine's own instruction where there is one; any thread may call it.
uint32_t pinyon_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same value from tables alone, for machines without the instruction and for comparison in tests.
uint32_t pinyon_crc32c_portable(uint32_t crc, const void *bytes, size_t count);
