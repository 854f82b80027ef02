#include "schemas/notation.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { FOLDED_BYTES = 64 };

/* White space and marks that notation_fold leaves out; the bytes of the one at `text`, or 0. */
static size_t dropped_bytes(struct span text)
{
    static const struct span MARKS[] = {SPAN("\xC2\xA0"), SPAN("\xE3\x80\x80"), SPAN("\xE2\x80\x8B"),
                                        SPAN("\xEF\xBB\xBF")};

    if (text.at[0] == ' ' || (text.at[0] >= '\t' && text.at[0] <= '\r'))
        return 1;
    for (size_t i = 0; i < COUNT_OF(MARKS); i++)
        if (text.bytes >= MARKS[i].bytes && memcmp(text.at, MARKS[i].at, MARKS[i].bytes) == 0)
            return MARKS[i].bytes;
    return 0;
}

/* The ASCII character of a full-width form (EF BC 81 to EF BD 9E), or '\0'. */
static char half_width(struct span text)
{
    unsigned char last = text.bytes >= 3 ? (unsigned char)text.at[2] : 0;

    if (span_starts(text, "\xEF\xBC") && last >= 0x81)
        return (char)(last - 0x60);
    return span_starts(text, "\xEF\xBD") && last >= 0x80 && last <= 0x9E ? (char)(last - 0x20) : '\0';
}

size_t notation_fold(struct span text, char *out, size_t room)
{
    size_t bytes = 0;

    while (text.bytes > 0 && bytes < room) {
        size_t step = dropped_bytes(text);
        char half = step ? '\0' : half_width(text);

        if (half) {
            out[bytes++] = half;
            step = 3;
        } else if (step == 0) {
            out[bytes++] = text.at[0];
            step = 1;
        }
        text.at += step;
        text.bytes -= step;
    }
    return bytes;
}

static bool take_number(struct span *text, size_t most, int *number)
{
    size_t digits = 0;

    *number = 0;
    while (digits < text->bytes && digits < most && text->at[digits] >= '0' && text->at[digits] <= '9')
        *number = *number * 10 + (text->at[digits++] - '0');
    text->at += digits;
    text->bytes -= digits;
    return digits > 0;
}

static bool take(struct span *text, const char *word)
{
    size_t bytes = strlen(word);

    if (!span_starts(*text, word))
        return false;
    text->at += bytes;
    text->bytes -= bytes;
    return true;
}

/* A time of day, which a date cell may carry: T00:00:00, 00:00, with anything a clock may add. */
static bool is_time(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++)
        if (!memchr("0123456789:.TZ+-", text.at[i], 16))
            return false;
    return text.bytes > 0 && memchr(text.at, ':', text.bytes);
}

/* What stands before the first blank, when a time follows it; else all of it. */
static struct span without_time(struct span text)
{
    const char *blank;

    text = span_trim(text);
    blank = text.bytes ? memchr(text.at, ' ', text.bytes) : NULL;
    if (blank && is_time(span_trim((struct span){blank, (size_t)(text.at + text.bytes - blank)})))
        text.bytes = (size_t)(blank - text.at);
    return text;
}

/* Year, month and day with the same sign between them, or with 年, 月 and 日. */
static bool take_signed(struct span *text, int *year, int *month, int *day)
{
    static const char *const SIGNS[][3] = {{"-", "-", ""}, {"/", "/", ""}, {".", ".", ""}, {"年", "月", "日"}};

    if (!take_number(text, 4, year))
        return false;
    for (size_t i = 0; i < COUNT_OF(SIGNS); i++) {
        struct span rest = *text;

        if (!take(&rest, SIGNS[i][0]) || !take_number(&rest, 2, month) || !take(&rest, SIGNS[i][1]) ||
            !take_number(&rest, 2, day))
            continue;
        *text = rest;
        return take(text, SIGNS[i][2]) || i == COUNT_OF(SIGNS) - 1;
    }
    return false;
}

static bool take_packed(struct span *text, int *year, int *month, int *day)
{
    return text->bytes == 8 && take_number(text, 4, year) && take_number(text, 2, month) && take_number(text, 2, day);
}

static bool is_serial(struct span text, int32_t *day)
{
    int32_t first = day_from_civil(1899, 12, 30); /* day 0, as counted from March 1900 on */
    int64_t number;

    if (!integer_parse(text, &number) || number < day_from_civil(1990, 1, 1) - first ||
        number > day_from_civil(2099, 12, 31) - first)
        return false;
    *day = first + (int32_t)number;
    return true;
}

enum date_notation notation_date(struct span text, int32_t *out)
{
    char folded[FOLDED_BYTES];
    char iso[32];
    struct span rest = {folded, 0};
    struct span whole;
    int year;
    int month;
    int day;

    if (day_parse(text, out))
        return DATE_GOOD;
    rest.bytes = notation_fold(without_time(text), folded, sizeof folded);
    whole = rest;
    if (is_serial(whole, out))
        return DATE_SERIAL;
    if (!take_packed(&rest, &year, &month, &day)) {
        rest = whole;
        if (!take_signed(&rest, &year, &month, &day) || (rest.bytes > 0 && !is_time(rest)))
            return DATE_NONE;
    }
    if (year < 1900 || year > 2199)
        return DATE_NONE;
    snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, day);
    return day_parse(span_of(iso), out) ? DATE_OTHER : DATE_NO_SUCH_DAY;
}

bool notation_is_scientific(struct span text)
{
    struct span rest = text;
    int ignored;

    if (!take_number(&rest, 1, &ignored))
        return false;
    if (take(&rest, "."))
        while (take_number(&rest, 1, &ignored))
            ;
    return (take(&rest, "e") || take(&rest, "E")) && (take(&rest, "+") || true) && take_number(&rest, 2, &ignored) &&
           rest.bytes == 0;
}

static bool belongs_to_no_code(char character)
{
    return memchr("-_.'\"=`", character, 7) != NULL;
}

bool notation_uscc(struct span text, char code[USCC_BYTES + 1])
{
    char folded[FOLDED_BYTES];
    size_t bytes = notation_fold(text, folded, sizeof folded);
    size_t kept = 0;

    for (size_t i = 0; i < bytes; i++) {
        char character = folded[i];

        if (belongs_to_no_code(character))
            continue;
        if (kept == USCC_BYTES)
            return false;
        code[kept++] = (char)(character >= 'a' && character <= 'z' ? character - 'a' + 'A' : character);
    }
    code[kept] = '\0';
    return kept == USCC_BYTES && uscc_is_usable(span_of(code)) && !span_equal(span_of(code), text);
}
