#include "schemas/schema_internal.h"

#include <math.h>
#include <stdlib.h>

/* digits × 10^exponent, exactly what the shortest decimal form of a double says. */
struct decimal {
    uint64_t digits;
    int exponent;
};

long double schema_number_of(const json_t *number)
{
    if (json_is_integer(number))
        return (long double)json_integer_value(number);
    return (long double)json_real_value(number);
}

static struct decimal decimal_of(double value)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct decimal decimal = {0, 0};
    bool is_fraction = false;

    if (!json_number_add(fabs(value), &text))
        return decimal;
    for (const char *c = text.data; *c; c++) {
        if (*c == 'e') {
            decimal.exponent += (int)strtol(c + 1, NULL, 10);
            break;
        }
        if (*c == '.') {
            is_fraction = true;
            continue;
        }
        if (decimal.digits >= UINT64_MAX / 10 - 10) {
            decimal.exponent++; /* only the zeros of a number below 1e21 come this far */
            continue;
        }
        decimal.digits = decimal.digits * 10 + (uint64_t)(*c - '0');
        decimal.exponent -= is_fraction;
    }
    return decimal;
}

/* Decimal arithmetic without rounding: 0.0075 is a multiple of 0.0001, as everybody who wrote them down expects. */
static bool is_decimal_multiple(struct decimal value, struct decimal of)
{
    unsigned __int128 rest;

    if (value.digits == 0 || of.digits == 0)
        return value.digits == 0;
    for (; value.exponent < of.exponent; of.exponent--) {
        if (of.digits > value.digits)
            return false;
        of.digits *= 10;
    }
    rest = value.digits % of.digits;
    for (; value.exponent > of.exponent && rest; value.exponent--)
        rest = rest * 10 % of.digits;
    return rest == 0;
}

bool schema_is_multiple(long double value, long double of)
{
    double parts = (double)roundl(1 / of);
    long double count = roundl(value / of);

    /* The usual cases without allocation: whole numbers, and a unit like 0.01 that is one part of a whole number. */
    if (of == truncl(of) && value == truncl(value) && fabsl(value) < 0x1p63L && of < 0x1p63L)
        return (int64_t)value % (int64_t)of == 0;
    if (parts >= 1 && 1 / parts == (double)of && fabsl(count) < 0x1p53L && (double)count / parts == (double)value)
        return true;
    return is_decimal_multiple(decimal_of((double)value), decimal_of((double)of));
}
