#include "schemas/uscc.h"

static const char ALPHABET[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

enum { ORGANISATION_AT = 8, ORGANISATION_BYTES = 8, BASE = 31 };

/* The place in ALPHABET + 1; 0 for what is not in it. A batch checks eighteen thousand characters. */
static const unsigned char PLACES[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
    ['G'] = 17, ['H'] = 18, ['J'] = 19, ['K'] = 20, ['L'] = 21, ['M'] = 22, ['N'] = 23, ['P'] = 24,
    ['Q'] = 25, ['R'] = 26, ['T'] = 27, ['U'] = 28, ['W'] = 29, ['X'] = 30, ['Y'] = 31};

/* -1: not in the alphabet. */
static int value_of(char character)
{
    return PLACES[(unsigned char)character] - 1;
}

char uscc_check_character(struct span code)
{
    static const int WEIGHTS[] = {1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28};
    int sum = 0;
    int worst = 0;

    if (code.bytes < COUNT_OF(WEIGHTS))
        return '\0';
    for (size_t i = 0; i < COUNT_OF(WEIGHTS); i++) {
        int value = value_of(code.at[i]);

        worst |= value; /* negative once one is */
        sum += value * WEIGHTS[i];
    }
    if (worst < 0)
        return '\0';
    return ALPHABET[(BASE - sum % BASE) % BASE];
}

/* GB 11714: digits count as they are, A is 10 … Z is 35; a check value of 10 is written X, 11 is written 0. */
static bool organisation_is_good(const char *at)
{
    static const int WEIGHTS[ORGANISATION_BYTES] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    int check;

    for (size_t i = 0; i < ORGANISATION_BYTES; i++)
        sum += (at[i] <= '9' ? at[i] - '0' : at[i] - 'A' + 10) * WEIGHTS[i];
    check = 11 - sum % 11;
    return at[ORGANISATION_BYTES] == (check == 10 ? 'X' : (char)('0' + check % 11));
}

static enum uscc_fault check_capitals(struct span code)
{
    char wanted;

    if (value_of(code.at[USCC_BYTES - 1]) < 0)
        return USCC_ALPHABET;
    wanted = uscc_check_character(code);
    if (wanted == '\0')
        return USCC_ALPHABET;
    if (wanted != code.at[USCC_BYTES - 1])
        return USCC_CHECK;
    return organisation_is_good(code.at + ORGANISATION_AT) ? USCC_GOOD : USCC_ORGANISATION;
}

enum uscc_fault uscc_check(struct span code)
{
    char capitals[USCC_BYTES];
    bool has_lower = false;
    enum uscc_fault fault;

    if (code.bytes != USCC_BYTES)
        return USCC_LENGTH;
    fault = check_capitals(code);
    if (fault != USCC_ALPHABET)
        return fault;
    for (size_t i = 0; i < USCC_BYTES; i++) {
        bool is_lower = code.at[i] >= 'a' && code.at[i] <= 'z';

        capitals[i] = (char)(is_lower ? code.at[i] - 'a' + 'A' : code.at[i]);
        has_lower = has_lower || is_lower;
    }
    fault = check_capitals((struct span){capitals, USCC_BYTES});
    if (!has_lower)
        return fault;
    return fault == USCC_GOOD || fault == USCC_ORGANISATION ? USCC_LOWER_CASE : fault;
}

bool uscc_is_usable(struct span code)
{
    enum uscc_fault fault = uscc_check(code);

    return fault == USCC_GOOD || fault == USCC_ORGANISATION;
}

struct span uscc_division(struct span code)
{
    return (struct span){code.at + 2, 6};
}
