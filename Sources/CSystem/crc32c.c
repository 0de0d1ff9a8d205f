#include "CSystemCRC.h"

#include <stdbool.h>
#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

#define POLYNOMIAL 0x82F63B78u

// The instruction takes three cycles and one can start in each, so three runs of this many bytes go side by side.
#define STREAM_BYTES 256

// slice[k][b]: the register after the byte b and then k zero bytes.
static uint32_t slice[8][256];
// skip[k][b]: the register b << 8k after STREAM_BYTES zero bytes. The register is linear in its bits, so four look-ups move it on.
static uint32_t skip[4][256];
static bool has_instruction;

static uint32_t over_zeros(uint32_t crc, size_t count) {
    while (count-- > 0) crc = crc >> 8 ^ slice[0][crc & 0xFF];
    return crc;
}

__attribute__((constructor)) static void prepare(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        slice[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        for (int k = 1; k < 8; k++) slice[k][byte] = over_zeros(slice[k - 1][byte], 1);
    }
    for (int k = 0; k < 4; k++) {
        for (int bit = 0; bit < 8; bit++) {
            uint32_t moved = over_zeros(1u << (8 * k + bit), STREAM_BYTES);
            for (uint32_t byte = 0; byte < 256; byte++) {
                if (byte >> bit & 1) skip[k][byte] ^= moved;
            }
        }
    }
#if defined(__x86_64__)
    __builtin_cpu_init();
    has_instruction = __builtin_cpu_supports("sse4.2");
#elif defined(__aarch64__)
    has_instruction = (getauxval(AT_HWCAP) & (1ul << 7)) != 0;
#endif
}

uint32_t pinyon_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *at = bytes;
    crc = ~crc;
    while (count >= 8) {
        crc ^= (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
        crc = slice[7][crc & 0xFF] ^ slice[6][crc >> 8 & 0xFF] ^ slice[5][crc >> 16 & 0xFF] ^ slice[4][crc >> 24]
            ^ slice[3][at[4]] ^ slice[2][at[5]] ^ slice[1][at[6]] ^ slice[0][at[7]];
        at += 8;
        count -= 8;
    }
    while (count-- > 0) crc = crc >> 8 ^ slice[0][(crc ^ *at++) & 0xFF];
    return ~crc;
}

#if defined(__x86_64__)
#define WITH_INSTRUCTION __attribute__((target("sse4.2")))
#define STEP_WORD(crc, word) ((uint32_t)__builtin_ia32_crc32di((crc), (word)))
#define STEP_BYTE(crc, byte) __builtin_ia32_crc32qi((crc), (byte))
#elif defined(__aarch64__)
#define WITH_INSTRUCTION __attribute__((target("crc")))
#define STEP_WORD(crc, word) __builtin_arm_crc32cd((crc), (word))
#define STEP_BYTE(crc, byte) __builtin_arm_crc32cb((crc), (byte))
#endif

#if defined(WITH_INSTRUCTION)
static uint64_t word_at(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint32_t over_stream(uint32_t crc) {
    return skip[0][crc & 0xFF] ^ skip[1][crc >> 8 & 0xFF] ^ skip[2][crc >> 16 & 0xFF] ^ skip[3][crc >> 24];
}

WITH_INSTRUCTION static uint32_t with_instruction(uint32_t crc, const uint8_t *at, size_t count) {
    crc = ~crc;
    while (count >= 3 * STREAM_BYTES) {
        uint32_t second = 0;
        uint32_t third = 0;
        for (size_t offset = 0; offset < STREAM_BYTES; offset += 8) {
            crc = STEP_WORD(crc, word_at(at + offset));
            second = STEP_WORD(second, word_at(at + STREAM_BYTES + offset));
            third = STEP_WORD(third, word_at(at + 2 * STREAM_BYTES + offset));
        }
        crc = over_stream(over_stream(crc) ^ second) ^ third;
        at += 3 * STREAM_BYTES;
        count -= 3 * STREAM_BYTES;
    }
    while (count >= 8) {
        crc = STEP_WORD(crc, word_at(at));
        at += 8;
        count -= 8;
    }
    while (count-- > 0) crc = STEP_BYTE(crc, *at++);
    return ~crc;
}
#endif

uint32_t pinyon_crc32c(uint32_t crc, const void *bytes, size_t count) {
#if defined(WITH_INSTRUCTION)
    if (has_instruction) return with_instruction(crc, bytes, count);
#endif
    return pinyon_crc32c_portable(crc, bytes, count);
}
