#pragma once
// Vectors of LANES floats, for whatever instructions the including file has turned on.
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef float lanes __attribute__((ext_vector_type(LANES)));
typedef int32_t whole __attribute__((ext_vector_type(LANES)));
typedef uint16_t half_words __attribute__((ext_vector_type(LANES)));
#define INLINE static inline __attribute__((always_inline))

#pragma clang fp contract(fast)

INLINE lanes all(float x) { return x - (lanes){}; }

INLINE lanes load(const float *p) {
    lanes x;
    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void store(float *p, lanes x) { memcpy(p, &x, sizeof x); }

/// The first `n` lanes, the others 0.
INLINE lanes load_some(const float *p, size_t n) {
    lanes x = {};
    memcpy(&x, p, n * sizeof *p);
    return x;
}

INLINE lanes load_up_to(const float *p, size_t n) { return n == LANES ? load(p) : load_some(p, n); }

INLINE void store_some(float *p, lanes x, size_t n) { memcpy(p, &x, n * sizeof *p); }

// Of numbers that are numbers: one instruction each, which __builtin_elementwise_max is not.
#define LESSER(A, B) ((A) < (B) ? (A) : (B))
#define GREATER(A, B) ((A) > (B) ? (A) : (B))
INLINE lanes least(lanes a, lanes b) { return LESSER(a, b); }
INLINE lanes most(lanes a, lanes b) { return GREATER(a, b); }

typedef float four __attribute__((ext_vector_type(4)));

/// The halves of a vector, put together by COMBINE until one value is left.
#define REDUCE(NAME, COMBINE)                            \
    INLINE float NAME(lanes x) {                         \
        four part[LANES / 4];                            \
        memcpy(part, &x, sizeof x);                      \
        for (int n = LANES / 8; n > 0; n /= 2) {         \
            for (int i = 0; i < n; i++) part[i] = COMBINE(part[i], part[i + n]); \
        }                                                \
        const four two = COMBINE(part[0], __builtin_shufflevector(part[0], part[0], 2, 3, 0, 1)); \
        const four one = COMBINE(two, __builtin_shufflevector(two, two, 1, 0, 3, 2)); \
        return one[0];                                   \
    }
#define PLUS(A, B) ((A) + (B))
REDUCE(sum, PLUS)
REDUCE(greatest, GREATER)

// MARK: Functions of one value

/// e^x for x <= 0, to 2e-7 of the value: 2^(n + f) with |f| <= 1/2, the power of f by a polynomial fitted for the least relative error.
INLINE lanes power(lanes x) {
    const lanes binary = most(x, all(-87.0f)) * 1.44269504f;
    const lanes shifted = binary + 12582912.0f;  // 1.5 * 2^23: rounds to a whole number
    const lanes f = binary - (shifted - 12582912.0f);
    lanes p = all(1.326697039e-3f);
    p = p * f + 9.675459746e-3f;
    p = p * f + 5.550742616e-2f;
    p = p * f + 2.402212175e-1f;
    p = p * f + 6.931469492e-1f;
    p = p * f + 1.000000071f;
    whole exponent;
    memcpy(&exponent, &shifted, sizeof exponent);
    whole bits;
    memcpy(&bits, &p, sizeof bits);
    bits += exponent << 23;
    memcpy(&p, &bits, sizeof p);
    return p;
}

/// gelu through erf(x/sqrt 2) = x * q(x^2) within |x| <= bound and the sign beyond; q of the given degree in u = 2 x^2 / bound^2 - 1, the highest
/// coefficient first.
INLINE lanes gelu_by(lanes x, float bound, const float *q, int degree) {
    const lanes c = least(most(x, all(-bound)), all(bound));
    const lanes u = c * c * (2 / (bound * bound)) - 1.0f;
    lanes value = all(q[0]);
    for (int i = 1; i <= degree; i++) value = value * u + q[i];
    const lanes half = 0.5f * x;
    return half * (c * value) + half;
}

INLINE lanes gelu_of(lanes x) {
    const float q[] = {2.352538714e-3f,  -6.018576236e-3f, 5.280788598e-3f,  -6.383015598e-3f, 1.656379226e-2f,  -2.801269916e-2f, 3.738791749e-2f,
                       -4.943753742e-2f, 6.397520390e-2f,  -7.959864355e-2f, 9.929929542e-2f,  -1.342513858e-1f, 2.693185906e-1f};
    return gelu_by(x, 5.25f, q, 12);
}

/// To 1e-4, which is far below what 16 bits keep.
INLINE lanes coarse_gelu_of(lanes x) {
    const float q[] = {7.996001871e-3f,  -1.986315998e-2f, 2.268295080e-2f,  -3.189933934e-2f, 5.590642891e-2f,
                       -8.168093314e-2f, 1.095764673e-1f,  -1.542963150e-1f, 3.138045511e-1f};
    return gelu_by(x, 4.5f, q, 8);
}

// MARK: Rounding to 16 bits

#ifdef HAS_BF16
/// The nearest of eight bits, ties to even; what is below the least normal number becomes 0.
INLINE half_words to_bf16(lanes x) {
    const __m256bh rounded = _mm512_cvtneps_pbh(x);
    half_words bits;
    memcpy(&bits, &rounded, sizeof bits);
    return bits;
}
#else
/// The nearest of eight bits, ties to even; weights and rows are finite.
INLINE half_words to_bf16(lanes x) {
    whole bits;
    memcpy(&bits, &x, sizeof bits);
    bits += 0x7fff + (bits >> 16 & 1);
    return __builtin_convertvector(bits >> 16, half_words);
}
#endif

INLINE half_words to_i16(lanes x, float inverse) {
    const lanes shifted = x * inverse + 12582912.0f;
    whole bits;
    memcpy(&bits, &shifted, sizeof bits);
    return __builtin_convertvector(bits, half_words);
}

/// Of each lane the numbers of `even` and of `odd` beside each other.
INLINE whole bf16_pairs(lanes even, lanes odd) {
    whole low, high;
    memcpy(&low, &even, sizeof low);
    memcpy(&high, &odd, sizeof high);
    low += 0x7fff + (low >> 16 & 1);
    high += 0x7fff + (high >> 16 & 1);
    return (low >> 16 & 0xffff) | (high & (int32_t)0xffff0000);
}

INLINE whole i16_pairs(lanes even, lanes odd) {
    const lanes a = even + 12582912.0f, b = odd + 12582912.0f;
    whole low, high;
    memcpy(&low, &a, sizeof low);
    memcpy(&high, &b, sizeof high);
    return (low & 0xffff) | high << 16;
}
