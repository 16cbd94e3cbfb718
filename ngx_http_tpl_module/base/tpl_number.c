
/*
 * Numbers to text and back, as CPython's repr(), int() and float() have it.
 *
 * Floats are written by Raffaele Giulietti's Schubfach ("The Schubfach way to
 * render doubles"), after a try for the short decimals that most data are.
 * strtod() is only given digits and an exponent, never a decimal point, so
 * nothing here depends on the locale.
 */

#include <math.h>
#include <stdlib.h>

#include "base/tpl_number.h"
#include "base/tpl_utf8.h"

#if (TPL_NO_FORMAT)
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#endif


/* no double needs more digits to be told from its neighbours: 767 */
#define TPL_FLOAT_DIGITS  780

/* beyond it the result is 0 or inf, whatever the digits */
#define TPL_EXPONENT_MAX  100000000

__extension__ typedef unsigned __int128  tpl_uint128_t;


/* a decimal: digits * 10^exponent */

typedef struct {
    uint64_t             digits;
    int32_t              exponent;
} tpl_decimal_t;

/* digits of a text as ASCII, one after the other */

typedef struct {
    const tpl_char_t    *p;
    const tpl_char_t    *last;
} tpl_scan_t;


static tpl_char_t *tpl_format_uint(tpl_char_t *p, uint64_t n);
#if (TPL_NO_FORMAT)
static tpl_char_t *tpl_printed_int(tpl_char_t *p, int64_t n);
static void tpl_printed_decimal(double d, tpl_decimal_t *dec);
#endif
static tpl_uint_t tpl_short_decimal(double d, tpl_decimal_t *dec);
static void tpl_shortest_decimal(uint64_t bits, tpl_decimal_t *dec);
static uint64_t tpl_round_to_odd(const uint64_t *g, uint64_t cp);
static tpl_char_t *tpl_format_decimal(tpl_char_t *p,
    const tpl_decimal_t *dec);
static void tpl_scan_init(tpl_scan_t *scan, const tpl_str_t *s);
static tpl_int_t tpl_scan_peek(const tpl_scan_t *scan);
static void tpl_scan_next(tpl_scan_t *scan);
static tpl_uint_t tpl_scan_word(tpl_scan_t *scan, const char *word);


static const tpl_char_t  tpl_two_digits[] =
    "00010203040506070809" "10111213141516171819"
    "20212223242526272829" "30313233343536373839"
    "40414243444546474849" "50515253545556575859"
    "60616263646566676869" "70717273747576777879"
    "80818283848586878889" "90919293949596979899";

/* the powers of ten that a double holds exactly */

static const double  tpl_exact_pow10[] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22
};


/*
 * Eight decimal digits of n < 10^8, a byte each, the first in the lowest: four
 * digits are divided by 100 and pairs by 10 side by side, by multiplication.
 */

static inline uint64_t
tpl_eight_digits(uint32_t n)
{
    uint64_t  x, q;

    x = n / 10000 | (uint64_t) (n % 10000) << 32;

    q = (x * 10486 >> 20) & 0x0000007f0000007f;
    x = q | (x - q * 100) << 16;

    q = (x * 103 >> 10) & 0x000f000f000f000f;

    return q | (x - q * 10) << 8;
}


/*
 * How many digits n < 10^8 has.  Between two powers of two there is one power
 * of ten at most: the upper half of n plus one more than the digits below it,
 * less that power, is the count, as what is subtracted borrows one if n is
 * below.
 */

static inline tpl_uint_t
tpl_count_digits(uint32_t n)
{
#define TPL_DIGITS(k, power)  ((((uint64_t) (k) + 1) << 32) - (power))

    static const uint64_t  carry[27] = {
        TPL_DIGITS(1, 10), TPL_DIGITS(1, 10), TPL_DIGITS(1, 10),
        TPL_DIGITS(1, 10),
        TPL_DIGITS(2, 100), TPL_DIGITS(2, 100), TPL_DIGITS(2, 100),
        TPL_DIGITS(3, 1000), TPL_DIGITS(3, 1000), TPL_DIGITS(3, 1000),
        TPL_DIGITS(4, 10000), TPL_DIGITS(4, 10000), TPL_DIGITS(4, 10000),
        TPL_DIGITS(4, 10000),
        TPL_DIGITS(5, 100000), TPL_DIGITS(5, 100000), TPL_DIGITS(5, 100000),
        TPL_DIGITS(6, 1000000), TPL_DIGITS(6, 1000000),
        TPL_DIGITS(6, 1000000),
        TPL_DIGITS(7, 10000000), TPL_DIGITS(7, 10000000),
        TPL_DIGITS(7, 10000000), TPL_DIGITS(7, 10000000),
        TPL_DIGITS(8, 100000000), TPL_DIGITS(8, 100000000),
        TPL_DIGITS(8, 100000000)
    };

#undef TPL_DIGITS

    return (n + carry[31 ^ __builtin_clz(n | 1)]) >> 32;
}


/*
 * n < 10^8; up to eight bytes are written.  What is written next waits for the
 * end of this, so it does not come from the digits, which take much longer.
 */

static inline tpl_char_t *
tpl_format_short(tpl_char_t *p, uint32_t n)
{
    tpl_uint_t  len;

    if (n < 10) {
        *p = (tpl_char_t) ('0' + n);
        return p + 1;
    }

    len = tpl_count_digits(n);

    tpl_put_le64(p, (tpl_eight_digits(n) + 0x3030303030303030)
                    >> (64 - 8 * len));

    return p + len;
}


tpl_char_t *
tpl_format_int(tpl_char_t *p, int64_t n)
{
    uint64_t  u;

#if (TPL_NO_FORMAT)
    return tpl_printed_int(p, n);
#endif

    u = (uint64_t) n;

    if (tpl_likely(u < 100000000)) {
        return tpl_format_short(p, (uint32_t) u);
    }

    if (n < 0) {
        *p++ = '-';
        u = 0 - u;
    }

    return tpl_format_uint(p, u);
}


static tpl_char_t *
tpl_format_uint(tpl_char_t *p, uint64_t n)
{
    uint64_t  x;

    if (n < 100000000) {
        return tpl_format_short(p, (uint32_t) n);
    }

    p = tpl_format_uint(p, n / 100000000);
    x = tpl_eight_digits((uint32_t) (n % 100000000));
    tpl_put_le64(p, x + 0x3030303030303030);

    return p + 8;
}


static tpl_char_t *
tpl_put_word(tpl_char_t *p, const char *word, size_t len)
{
    memcpy(p, word, len);

    return p + len;
}


tpl_char_t *
tpl_format_float(tpl_char_t *p, double d)
{
    uint32_t       n;
    uint64_t       bits;
    tpl_decimal_t  dec;

    if (isnan(d)) {
        return tpl_put_word(p, "nan", 3);
    }

    if (signbit(d)) {
        *p++ = '-';
        d = -d;
    }

    if (isinf(d)) {
        return tpl_put_word(p, "inf", 3);
    }

    if (d == 0) {
        return tpl_put_word(p, "0.0", 3);
    }

#if (TPL_NO_FORMAT)
    tpl_printed_decimal(d, &dec);

    return tpl_format_decimal(p, &dec);
#endif

    /* prices, by what proves tpl_short_decimal() right */

    if (d >= 0.01 && d < 1e7) {
        n = (uint32_t) (d * 100 + 0.5);

        if ((double) n / 100 == d) {
            p = tpl_format_uint(p, n / 100);
            *p++ = '.';
            memcpy(p, tpl_two_digits + n % 100 * 2, 2);

            return p + 1 + (n % 10 != 0);
        }
    }

    if (!tpl_short_decimal(d, &dec)) {
        memcpy(&bits, &d, sizeof(bits));
        tpl_shortest_decimal(bits, &dec);
    }

    return tpl_format_decimal(p, &dec);
}


#if (TPL_NO_FORMAT)

/* what TPL_NO_FORMAT measures: numbers as printf() writes them */

static tpl_char_t *
tpl_printed_int(tpl_char_t *p, int64_t n)
{
    int   len;
    char  text[TPL_INT64_LEN + 1];

    len = snprintf(text, sizeof(text), "%" PRId64, n);
    memcpy(p, text, (size_t) len);

    return p + len;
}


/*
 * The first of 15, 16 and 17 digits that reads back as d; below DBL_MIN less
 * may do.  Of a few powers of two it has one digit more than the shortest.
 */

static void
tpl_printed_decimal(double d, tpl_decimal_t *dec)
{
    int    n;
    char  *p, text[TPL_FLOAT_LEN];

    for (n = (d < DBL_MIN) ? 1 : 15; ; n++) {
        (void) snprintf(text, sizeof(text), "%.*e", n - 1, d);

        if (n == 17 || strtod(text, NULL) == d) {
            break;
        }
    }

    dec->digits = 0;

    for (p = text; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9') {
            dec->digits = dec->digits * 10 + (uint64_t) (*p - '0');
        }
    }

    dec->exponent = (int32_t) strtol(p + 1, NULL, 10) - (n - 1);
}

#endif


/*
 * Prices, percentages, coordinates: decimals of up to 15 digits, at most 8 of
 * them after the point.  Both n and the power are exact in a double and the
 * division rounds correctly, so a quotient equal to d proves that the decimal
 * reads back as d; below 16 digits there is no other as short.
 */

static tpl_uint_t
tpl_short_decimal(double d, tpl_decimal_t *dec)
{
    double      scaled;
    uint64_t    n;
    tpl_uint_t  k;

    if (d < 1e-5 || d >= 1e15) {
        return 0;
    }

    for (k = 0; k <= 8; k++) {
        scaled = d * tpl_exact_pow10[k];

        if (scaled >= 1e15) {
            return 0;
        }

        n = (uint64_t) (scaled + 0.5);

        if ((double) n / tpl_exact_pow10[k] == d) {
            dec->digits = n;
            dec->exponent = -(int32_t) k;
            return 1;
        }
    }

    return 0;
}


/*
 * Schubfach.  d is c * 2^q; all decimals that read back as d lie between its
 * neighbours' middles (cbl and cbr, in quarters of the last place).  Scaled by
 * a power of ten so that at least one and at most a few integers fall between
 * them, the shortest and then nearest of these is the answer.  bits: finite,
 * positive.
 */

static void
tpl_shortest_decimal(uint64_t bits, tpl_decimal_t *dec)
{
    int32_t          q, k, h;
    uint64_t         c, cb, cbl, cbr, vb, vbl, vbr, s, s10, low, high, mid;
    uint64_t         fraction, exponent;
    tpl_uint_t       odd, closer, under, over;
    const uint64_t  *g;

    fraction = bits & (((uint64_t) 1 << 52) - 1);
    exponent = bits >> 52;

    if (exponent) {
        c = fraction | ((uint64_t) 1 << 52);
        q = (int32_t) exponent - 1075;

    } else {
        c = fraction;
        q = -1074;
    }

    odd = c & 1;

    /* the lower neighbour of a power of two is only half as far away */

    closer = (fraction == 0 && exponent > 1);

    cb = 4 * c;
    cbl = cb - 2 + closer;
    cbr = cb + 2;

    /* k: floor(log10(2^q)), or of 3/4 of it; h: 1 to 4 */

    k = (q * 1262611 - (closer ? 524031 : 0)) >> 22;
    h = q + ((-k * 1741647) >> 19) + 1;

    g = tpl_pow10[-k + 292];

    vbl = tpl_round_to_odd(g, cbl << h);
    vb = tpl_round_to_odd(g, cb << h);
    vbr = tpl_round_to_odd(g, cbr << h);

    /* a middle itself is read as the even neighbour */

    low = vbl + odd;
    high = vbr - odd;

    s = vb / 4;

    if (s >= 10) {
        s10 = s / 10;

        under = (low <= 40 * s10);
        over = (40 * s10 + 40 <= high);

        if (under != over) {
            dec->digits = s10 + over;
            dec->exponent = k + 1;
            return;
        }
    }

    under = (low <= 4 * s);
    over = (4 * s + 4 <= high);

    if (under == over) {
        mid = 4 * s + 2;
        over = (vb > mid || (vb == mid && (s & 1)));
    }

    dec->digits = s + over;
    dec->exponent = k;
}


/* g * cp / 2^128; the last bit tells if something was cut off */

static uint64_t
tpl_round_to_odd(const uint64_t *g, uint64_t cp)
{
    tpl_uint128_t  x, y;

    x = (tpl_uint128_t) g[1] * cp;
    y = (tpl_uint128_t) g[0] * cp + (uint64_t) (x >> 64);

    return (uint64_t) (y >> 64) | ((uint64_t) y > 1);
}


static tpl_char_t *
tpl_format_decimal(tpl_char_t *p, const tpl_decimal_t *dec)
{
    int32_t      n, point, exponent;
    uint64_t     digits;
    tpl_char_t   text[TPL_INT64_LEN];

    digits = dec->digits;
    exponent = dec->exponent;

    while (digits % 10 == 0) {
        digits /= 10;
        exponent++;
    }

    n = (int32_t) (tpl_format_uint(text, digits) - text);

    /* where the point stands among the digits (David Gay: decpt) */

    point = n + exponent;

    if (point > 16 || point <= -4) {

        *p++ = text[0];

        if (n > 1) {
            *p++ = '.';
            memcpy(p, text + 1, (size_t) n - 1);
            p += n - 1;
        }

        point--;

        *p++ = 'e';
        *p++ = (point < 0) ? '-' : '+';
        point = (point < 0) ? -point : point;

        if (point < 10) {
            *p++ = '0';
        }

        return tpl_format_uint(p, (uint64_t) point);
    }

    if (point <= 0) {
        *p++ = '0';
        *p++ = '.';
        memset(p, '0', (size_t) -point);
        p += -point;
        memcpy(p, text, (size_t) n);

        return p + n;
    }

    if (point >= n) {
        memcpy(p, text, (size_t) n);
        p += n;
        memset(p, '0', (size_t) (point - n));
        p += point - n;
        *p++ = '.';
        *p++ = '0';

        return p;
    }

    memcpy(p, text, (size_t) point);
    p += point;
    *p++ = '.';
    memcpy(p, text + point, (size_t) (n - point));

    return p + n - point;
}


tpl_int_t
tpl_parse_int(const tpl_str_t *s, tpl_uint_t base, int64_t *n)
{
    int64_t     c;
    uint64_t    value, limit;
    tpl_scan_t  scan, ahead;
    tpl_uint_t  negative, overflow, zero_only, prefix, digit;

    tpl_scan_init(&scan, s);

    c = tpl_scan_peek(&scan);
    negative = (c == '-');

    if (c == '-' || c == '+') {
        tpl_scan_next(&scan);
        c = tpl_scan_peek(&scan);
    }

    zero_only = 0;
    prefix = 0;

    if (c == '0') {
        ahead = scan;
        tpl_scan_next(&ahead);

        switch (tpl_scan_peek(&ahead) | 0x20) {
        case 'x':
            prefix = 16;
            break;
        case 'o':
            prefix = 8;
            break;
        case 'b':
            prefix = 2;
            break;
        }

        if (prefix && (base == 0 || base == prefix)) {
            base = prefix;
            scan = ahead;
            tpl_scan_next(&scan);

            if (tpl_scan_peek(&scan) == '_') {
                tpl_scan_next(&scan);
            }

        } else if (base == 0) {

            /* "00" is 0, but "01" looks like C's octal: it is neither */

            zero_only = 1;
        }
    }

    if (base == 0) {
        base = 10;
    }

    value = 0;
    overflow = 0;
    limit = (uint64_t) INT64_MAX + negative;

    for ( ;; ) {
        c = tpl_scan_peek(&scan);

        if (c >= '0' && c <= '9') {
            digit = (tpl_uint_t) (c - '0');

        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            digit = (tpl_uint_t) ((c | 0x20) - 'a' + 10);

        } else {
            return TPL_DECLINED;
        }

        if (digit >= base) {
            return TPL_DECLINED;
        }

        if (value > (limit - digit) / base) {
            overflow = 1;

        } else {
            value = value * base + digit;
        }

        tpl_scan_next(&scan);
        c = tpl_scan_peek(&scan);

        if (c == -1) {
            break;
        }

        if (c == '_') {
            tpl_scan_next(&scan);
        }
    }

    if (zero_only && (value || overflow)) {
        return TPL_DECLINED;
    }

    if (overflow) {
        return TPL_ERROR;
    }

    *n = (int64_t) (negative ? 0 - value : value);

    return TPL_OK;
}


tpl_int_t
tpl_parse_float(const tpl_str_t *s, double *d)
{
    char       *p;
    double      value;
    size_t      ndigits;
    int64_t     c, exponent, exp10;
    uint64_t    mantissa;
    tpl_scan_t  scan;
    tpl_uint_t  negative, exp_negative, point, any, digit_before;
    char        text[TPL_FLOAT_DIGITS + 32];

    tpl_scan_init(&scan, s);

    c = tpl_scan_peek(&scan);
    negative = (c == '-');

    if (c == '-' || c == '+') {
        tpl_scan_next(&scan);
        c = tpl_scan_peek(&scan);
    }

    if (c != '.' && !(c >= '0' && c <= '9')) {

        if (tpl_scan_word(&scan, "inf") || tpl_scan_word(&scan, "infinity")) {
            *d = negative ? -HUGE_VAL : HUGE_VAL;
            return TPL_OK;
        }

        if (tpl_scan_word(&scan, "nan")) {
            *d = copysign((double) NAN, negative ? -1.0 : 1.0);
            return TPL_OK;
        }

        return TPL_DECLINED;
    }

    p = text;
    ndigits = 0;
    mantissa = 0;
    exp10 = 0;
    point = 0;
    any = 0;
    digit_before = 0;

    for ( ;; ) {
        c = tpl_scan_peek(&scan);

        if (c >= '0' && c <= '9') {
            any = 1;
            digit_before = 1;

            if (c == '0' && ndigits == 0) {
                exp10 -= point;         /* zeros in front */

            } else if (ndigits < TPL_FLOAT_DIGITS) {
                *p++ = (char) c;
                ndigits++;
                mantissa = mantissa * 10 + (uint64_t) (c - '0');
                exp10 -= point;

            } else {

                /* what is cut off matters only for not being zero */

                if (c != '0') {
                    p[-1] = (p[-1] == '0') ? '1' : p[-1];
                }

                exp10 += !point;
            }

        } else if (c == '.' && !point) {
            point = 1;
            digit_before = 0;

        } else if (c == '_' && digit_before) {
            tpl_scan_next(&scan);
            c = tpl_scan_peek(&scan);

            if (!(c >= '0' && c <= '9')) {
                return TPL_DECLINED;
            }

            continue;

        } else {
            break;
        }

        tpl_scan_next(&scan);
    }

    if (!any) {
        return TPL_DECLINED;
    }

    if ((c | 0x20) == 'e') {
        tpl_scan_next(&scan);
        c = tpl_scan_peek(&scan);
        exp_negative = (c == '-');

        if (c == '-' || c == '+') {
            tpl_scan_next(&scan);
            c = tpl_scan_peek(&scan);
        }

        exponent = 0;

        for ( ;; ) {
            if (!(c >= '0' && c <= '9')) {
                return TPL_DECLINED;
            }

            if (exponent < TPL_EXPONENT_MAX) {
                exponent = exponent * 10 + (c - '0');
            }

            tpl_scan_next(&scan);
            c = tpl_scan_peek(&scan);

            if (c == '_') {
                tpl_scan_next(&scan);
                c = tpl_scan_peek(&scan);
                continue;
            }

            if (c == -1) {
                break;
            }
        }

        exp10 += exp_negative ? -exponent : exponent;
    }

    if (c != -1) {
        return TPL_DECLINED;
    }

    if (ndigits == 0) {
        value = 0;

    } else if (ndigits <= 15 && exp10 >= -22 && exp10 <= 22) {

        /* one correctly rounded operation on exact numbers */

        value = (double) mantissa;

        if (exp10 < 0) {
            value /= tpl_exact_pow10[-exp10];

        } else {
            value *= tpl_exact_pow10[exp10];
        }

    } else {
        exp10 = tpl_max(exp10, -TPL_EXPONENT_MAX);
        exp10 = tpl_min(exp10, TPL_EXPONENT_MAX);

        *p++ = 'e';
        p = (char *) tpl_format_int((tpl_char_t *) p, exp10);
        *p = '\0';

        value = strtod(text, NULL);
    }

    *d = negative ? -value : value;

    return TPL_OK;
}


/* without the blanks around, as str.strip() */

static void
tpl_scan_init(tpl_scan_t *scan, const tpl_str_t *s)
{
    const tpl_char_t  *p, *q, *last;

    p = s->data;
    last = p + s->len;

    while (p < last) {
        q = p;

        if (!tpl_uc_space(tpl_utf8_decode(&q, last))) {
            break;
        }

        p = q;
    }

    scan->p = p;

    while (last > p) {
        for (q = last - 1; q > p && (*q & 0xc0) == 0x80; q--) { /* void */ }

        scan->last = q;

        if (!tpl_uc_space(tpl_utf8_decode(&q, last))) {
            break;
        }

        last = scan->last;
    }

    scan->last = last;
}


/*
 * The character, a decimal digit of any script as an ASCII one; -1 at the end,
 * 0 for anything else beyond ASCII.
 */

static tpl_int_t
tpl_scan_peek(const tpl_scan_t *scan)
{
    tpl_int_t          value;
    const tpl_char_t  *p;

    p = scan->p;

    if (p == scan->last) {
        return -1;
    }

    if (*p < 0x80) {
        return *p;
    }

    value = tpl_uc_decimal_value(tpl_utf8_decode(&p, scan->last));

    return (value >= 0) ? '0' + value : 0;
}


static void
tpl_scan_next(tpl_scan_t *scan)
{
    if (scan->p < scan->last) {
        (void) tpl_utf8_decode(&scan->p, scan->last);
    }
}


/* true if the rest is the word, whatever its case */

static tpl_uint_t
tpl_scan_word(tpl_scan_t *scan, const char *word)
{
    size_t  i, len;

    len = strlen(word);

    if ((size_t) (scan->last - scan->p) != len) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if ((scan->p[i] | 0x20) != (tpl_char_t) word[i]) {
            return 0;
        }
    }

    return 1;
}
