#include "codes.h"

#if defined(__aarch64__)
#include <arm_neon.h>

enum { WIDTH = 4, LINE = 64, BYTES = 6, QUARTERS = 4 };

static void prepare(const float *query, ck_lookup *lookup) {
    choose_step(query, lookup);
    for (size_t g = 0; g < lookup->spans * CK_SPAN / 4; g++) fill_table(query + 4 * g, 4, 1 / lookup->step, lookup->sums + g * 16);
}

static void sum_block(const ck_lookup *lookup, const uint8_t *codes, const uint8_t *next, uint16_t *sums) {
    const uint8x16_t low_bits = vdupq_n_u8(15);
    uint16x8_t even[QUARTERS], odd[QUARTERS];
    for (int q = 0; q < QUARTERS; q++) even[q] = odd[q] = vdupq_n_u16(0);
    const uint8_t *tables = lookup->sums;
    for (size_t span = 0; span < lookup->spans; span++, codes += BYTES * LINE, next += BYTES * LINE, tables += BYTES * 32) {
        uint8x16_t sum[QUARTERS];
        for (int q = 0; q < QUARTERS; q++) sum[q] = vdupq_n_u8(0);
        for (int byte = 0; byte < BYTES; byte++) {
            __builtin_prefetch(next + byte * LINE);
            const uint8x16_t low = vld1q_u8(tables + byte * 32), high = vld1q_u8(tables + byte * 32 + 16);
            for (int q = 0; q < QUARTERS; q++) {
                const uint8x16_t code = vld1q_u8(codes + byte * LINE + q * 16);
                sum[q] = vaddq_u8(sum[q], vaddq_u8(vqtbl1q_u8(low, vandq_u8(code, low_bits)), vqtbl1q_u8(high, vshrq_n_u8(code, 4))));
            }
        }
        for (int q = 0; q < QUARTERS; q++) {
            const uint16x8_t pairs = vreinterpretq_u16_u8(sum[q]);
            even[q] = vaddq_u16(even[q], vandq_u16(pairs, vdupq_n_u16(0xff)));
            odd[q] = vaddq_u16(odd[q], vshrq_n_u16(pairs, 8));
        }
    }
    for (int q = 0; q < QUARTERS; q++) {
        vst1q_u16(sums + 8 * q, even[q]);
        vst1q_u16(sums + 32 + 8 * q, odd[q]);
    }
}

static void scan(const ck_lookup *lookup, const void *const *lists, const float *bases, size_t n_lists, ck_found *found) {
    const size_t code_bytes = ck_code_bytes(lookup->spans), block_bytes = ck_block_bytes(lookup->spans);
    const float32x4_t step = vdupq_n_f32(lookup->step), offset = vdupq_n_f32(lookup->offset);
    for (size_t list = 0; list < n_lists; list++) {
        const uint8_t *block = blocks_of(lists[list]);
        const float32x4_t base = vdupq_n_f32(bases[list]);
        const size_t n_rows = rows_in(lists[list]), n_blocks = (n_rows + CK_BLOCK - 1) / CK_BLOCK;
        found->scanned += n_rows;
        for (size_t b = 0; b < n_blocks; b++, block += block_bytes) {
            const uint8_t *next = b + 1 < n_blocks ? block + block_bytes : list + 1 < n_lists ? blocks_of(lists[list + 1]) : block;
            uint16_t sums[CK_BLOCK];
            sum_block(lookup, block, next, sums);
            const uint16_t *scales = scales_of(block, code_bytes), *shifts = shifts_of(block, code_bytes);
            const uint32_t *rows = rows_of(block, code_bytes);
            const float32x4_t threshold = vdupq_n_f32(found->threshold);
            for (size_t i = 0; i < CK_BLOCK; i += WIDTH) {
                const float32x4_t whole = vcvtq_f32_u32(vmovl_u16(vld1_u16(sums + i)));
                const float32x4_t scale = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(scales + i))), shift = vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(shifts + i)));
                const float32x4_t score = vfmaq_f32(vaddq_f32(shift, base), scale, vfmaq_f32(offset, whole, step));
                if (vmaxvq_u32(vcgeq_f32(score, threshold)) == 0) continue;
                float four[WIDTH];
                vst1q_f32(four, score);
                for (size_t lane = 0; lane < WIDTH; lane++) {
                    if (!(four[lane] >= found->threshold) || !is_admitted(found, rows[i + lane])) continue;
                    found->scores[found->count] = four[lane];
                    found->rows[found->count++] = rows[i + lane];
                }
            }
            if (found->count > found->room) ck_make_room(ck_codes_neon(), found);
        }
    }
}

static size_t at_least(const float *values, size_t n, float least) {
    uint32x4_t counts = vdupq_n_u32(0);
    size_t i = 0;
    for (; i + WIDTH <= n; i += WIDTH) counts = vsubq_u32(counts, vcgeq_f32(vld1q_f32(values + i), vdupq_n_f32(least)));
    size_t count = vaddvq_u32(counts);
    for (; i < n; i++) count += values[i] >= least;
    return count;
}

static float kth_largest(const float *values, size_t n, size_t k, size_t slack) { return kth_largest_by(values, n, k, slack, at_least); }

static size_t pick(const float *scores, const uint32_t *rows, size_t n, float least, float *out_scores, uint32_t *out_rows) {
    return pick_each(scores, rows, n, least, out_scores, out_rows);
}

static void dot_bytes(const int8_t *query, float scale, const uint8_t *bytes, const float *scales, const uint32_t *rows, size_t n_rows, size_t n, float *out) {
    for (size_t r = 0; r < n_rows; r++) {
        const uint8_t *row = bytes + rows[r] * n;
        int32x4_t sum = vdupq_n_s32(0);
        for (size_t k = 0; k < n; k += 8) {
            const int16x8_t a = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vld1_u8(row + k))), vdupq_n_s16(128)), b = vmovl_s8(vld1_s8(query + k));
            sum = vmlal_s16(sum, vget_low_s16(a), vget_low_s16(b));
            sum = vmlal_s16(sum, vget_high_s16(a), vget_high_s16(b));
        }
        out[r] = (float)vaddvq_s32(sum) * (scale * scales[rows[r]]);
    }
}

static void multiply(const float *x, const float *w, size_t m, size_t n, size_t k, float *out) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j += 16) {
            float32x4_t sums[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
            for (size_t l = 0; l < k; l++) {
                for (int part = 0; part < 4; part++) sums[part] = vfmaq_n_f32(sums[part], vld1q_f32(w + l * n + j + WIDTH * part), x[i * k + l]);
            }
            for (int part = 0; part < 4; part++) vst1q_f32(out + i * n + j + WIDTH * part, sums[part]);
        }
    }
}

const ck_codes *ck_codes_neon(void) {
    static const ck_codes codes = {"neon", 4, prepare, scan, kth_largest, pick, dot_bytes, multiply};
    return &codes;
}

#else

const ck_codes *ck_codes_neon(void) { return NULL; }

#endif
