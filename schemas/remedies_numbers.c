/* remedies_numbers.c - codes, dates and numbers in other notations. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "schemas/notation.h"
#include "schemas/remedies_internal.h"

/* --- the code --- */

/* Letters that no code has (GB 32100-2015, 4.2), and what is read for them; the rules' own words name the same. */
static const struct {
    char letter;
    const char *meant;
} LOOK_ALIKES[] = {{'I', "1L"}, {'O', "0QD"}, {'Z', "2"}, {'S', "58"}, {'V', "UY"}};

static const char *meant_by(char letter)
{
    for (size_t i = 0; i < COUNT_OF(LOOK_ALIKES); i++)
        if (LOOK_ALIKES[i].letter == letter)
            return LOOK_ALIKES[i].meant;
    return NULL;
}

struct codes {
    char code[USCC_BYTES + 1];
    char found[USCC_BYTES + 1];
    size_t count; /* good codes found */
    size_t tried;
};

/* All ways of reading the letters from `at` on. A code must be good in every respect: both check characters. */
static void read_letters(struct codes *codes, size_t at)
{
    enum { TRIES_MAX = 4096 };
    const char *meant;
    char letter;

    while (at < USCC_BYTES && !meant_by(codes->code[at]))
        at++;
    if (at == USCC_BYTES) {
        if (codes->tried++ < TRIES_MAX && uscc_check(span_of(codes->code)) == USCC_GOOD && codes->count++ == 0)
            memcpy(codes->found, codes->code, sizeof codes->found);
        return;
    }
    letter = codes->code[at];
    for (meant = meant_by(letter); *meant && codes->tried < TRIES_MAX; meant++) {
        codes->code[at] = *meant;
        read_letters(codes, at + 1);
    }
    codes->code[at] = letter;
}

/* Only what cannot be read in two ways is offered. A code of proper characters whose check character is wrong is not:
 * any of its characters may be the wrong one. */
bool remedy_uscc(struct seeking *seeking)
{
    struct codes codes = {.count = 0};
    size_t kept = 0;

    if (notation_uscc(seeking->text, codes.code) && remedy_try(seeking, span_of(codes.code)))
        return true;
    memset(codes.code, 0, sizeof codes.code);
    for (size_t i = 0; i < seeking->folded.bytes; i++) {
        char character = seeking->folded.at[i];

        if (memchr("-_.'\"=`", character, 7))
            continue;
        if (kept == USCC_BYTES)
            return false;
        codes.code[kept++] = (char)(character >= 'a' && character <= 'z' ? character - 'a' + 'A' : character);
    }
    if (kept != USCC_BYTES)
        return false;
    read_letters(&codes, 0);
    return codes.count == 1 && codes.tried < 4096 && remedy_try(seeking, span_of(codes.found));
}

/* --- Chinese numerals --- */

static const struct {
    const char *sign;
    int value;
} NUMERALS[] = {{"〇", 0}, {"○", 0},  {"零", 0}, {"一", 1}, {"二", 2}, {"两", 2}, {"三", 3},
                {"四", 4}, {"五", 5}, {"六", 6}, {"七", 7}, {"八", 8}, {"九", 9}};

/* One digit, ASCII or Chinese. */
static bool take_digit(struct span *text, int *value)
{
    if (text->bytes > 0 && text->at[0] >= '0' && text->at[0] <= '9') {
        *value = text->at[0] - '0';
        *text = (struct span){text->at + 1, text->bytes - 1};
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(NUMERALS); i++) {
        if (!span_starts(*text, NUMERALS[i].sign))
            continue;
        *value = NUMERALS[i].value;
        *text = (struct span){text->at + strlen(NUMERALS[i].sign), text->bytes - strlen(NUMERALS[i].sign)};
        return true;
    }
    return false;
}

static bool take_word(struct span *text, const char *word)
{
    size_t bytes = strlen(word);

    if (!span_starts(*text, word))
        return false;
    *text = (struct span){text->at + bytes, text->bytes - bytes};
    return true;
}

/* 1 to 99: 三, 十, 十二, 三十, 三十一, 12. */
static bool take_small(struct span *text, int *value)
{
    int tens = 1;
    int ones = 0;
    bool has_tens = take_digit(text, &tens);

    if (!take_word(text, "十")) {
        *value = tens;
        if (has_tens && take_digit(text, &ones))
            *value = 10 * tens + ones;
        return has_tens;
    }
    *value = 10 * tens + (take_digit(text, &ones) ? ones : 0);
    return true;
}

static bool take_year(struct span *text, int *year)
{
    int digit;

    *year = 0;
    for (int i = 0; i < 4; i++) {
        if (!take_digit(text, &digit))
            return false;
        *year = 10 * *year + digit;
    }
    return true;
}

/* --- dates --- */

/* 二〇一八年二月三日, 2018年2月3号 */
static bool chinese_date(struct span text, int32_t *day)
{
    char iso[40];
    int year;
    int month;
    int date;

    if (!take_year(&text, &year) || !take_word(&text, "年") || !take_small(&text, &month) || !take_word(&text, "月") ||
        !take_small(&text, &date) || (!take_word(&text, "日") && !take_word(&text, "号")) || text.bytes > 0)
        return false;
    snprintf(iso, sizeof iso, "%04d-%02d-%02d", year, month, date);
    return day_parse(span_of(iso), day);
}

bool remedy_date(struct seeking *seeking)
{
    char text[DAY_TEXT_BYTES];
    int32_t day;
    enum date_notation notation = notation_date(seeking->text, &day);

    if (notation != DATE_GOOD && notation != DATE_OTHER && notation != DATE_SERIAL &&
        !chinese_date(seeking->folded, &day))
        return false;
    return remedy_try(seeking, span_of(day_format(day, text)));
}

/* --- numbers --- */

enum { NUMBER_BYTES = 48 };

/* Digits at the beginning of `text`, without the commas between thousands. Commas elsewhere: false. */
static bool take_number(struct span *text, char number[NUMBER_BYTES])
{
    size_t kept = 0;
    size_t group = 0; /* digits since the last comma */
    bool has_comma = false;
    bool has_point = false;
    size_t i = 0;

    for (; i < text->bytes && kept < NUMBER_BYTES - 1; i++) {
        char at = text->at[i];
        bool is_digit = at >= '0' && at <= '9';

        if (at == ',' && !has_point && (has_comma ? group == 3 : group >= 1 && group <= 3)) {
            has_comma = true;
            group = 0;
            continue;
        }
        if (!is_digit && (at != '.' || has_point || kept == 0))
            break;
        if (at == '.' && has_comma && group != 3)
            return false;
        has_point = has_point || at == '.';
        group += is_digit && !has_point;
        number[kept++] = at;
    }
    number[kept] = '\0';
    *text = (struct span){text->at + i, text->bytes - i};
    return kept > 0 && number[kept - 1] != '.' && (!has_comma || group == 3) &&
           !(text->bytes > 0 && text->at[0] == ',');
}

/* "12.0" counts twelve. */
static void cut_zero_fraction(char number[NUMBER_BYTES])
{
    char *point = strchr(number, '.');

    if (point && strspn(point + 1, "0") == strlen(point + 1))
        *point = '\0';
}

static bool is_counter(struct span text)
{
    static const char *const COUNTERS[] = {"", "台", "套", "台套", "台/套", "台(套)", "条", "座", "个", "组", "部"};

    for (size_t i = 0; i < COUNT_OF(COUNTERS); i++)
        if (span_is(text, COUNTERS[i]))
            return true;
    return false;
}

bool remedy_equipment_count(struct seeking *seeking)
{
    struct span rest = seeking->folded;
    char number[NUMBER_BYTES];
    int small;

    if (take_number(&rest, number)) {
        cut_zero_fraction(number);
        return is_counter(rest) && remedy_try(seeking, span_of(number));
    }
    rest = seeking->folded;
    if (!take_small(&rest, &small) || !is_counter(rest))
        return false;
    snprintf(number, sizeof number, "%d", small);
    return remedy_try(seeking, span_of(number));
}

/* --- capacity and its unit --- */

static void replace(struct buf *text, const char *from, const char *to)
{
    char *at = text->data ? strstr(text->data, from) : NULL;
    AUTO(buf_done) struct buf made = BUF_INIT;

    if (!at)
        return;
    buf_add(&made, text->data, (size_t)(at - text->data));
    buf_add_text(&made, to);
    buf_add_text(&made, at + strlen(from));
    buf_clear(text);
    buf_add_span(text, buf_span(&made));
}

/* 万t/a, 万㎡, 万KW … as the table of units writes them, as far as that can be known. */
static void unit_add(struct span folded, struct buf *out)
{
    static const char *const WORDS[][2] = {
        {"每年", "/年"},  {"/a", "/年"},      {"/y", "/年"},      {"㎡", "平方米"}, {"m²", "平方米"},
        {"m2", "平方米"}, {"平米", "平方米"}, {"重箱", "重量箱"}, {"kW", "千瓦"},   {"KW", "千瓦"},
        {"kw", "千瓦"},   {"Kw", "千瓦"},     {"万t", "万吨"},    {"万T", "万吨"},
    };

    buf_add_span(out, folded);
    for (size_t i = 0; i < COUNT_OF(WORDS); i++)
        replace(out, WORDS[i][0], WORDS[i][1]);
}

bool remedy_unit(struct seeking *seeking)
{
    AUTO(buf_done) struct buf unit = BUF_INIT;

    unit_add(seeking->folded, &unit);
    if (remedy_try(seeking, buf_span(&unit)))
        return true;
    buf_add_text(&unit, "/年");
    return remedy_try(seeking, buf_span(&unit));
}

/* Whether `words` behind a number say the unit of the row's own column. */
static bool says_unit(struct span words, struct span unit)
{
    AUTO(buf_done) struct buf said = BUF_INIT;

    unit_add(words, &said);
    if (span_equal(buf_span(&said), unit))
        return true;
    buf_add_text(&said, "/年");
    return span_equal(buf_span(&said), unit);
}

/* A capacity in tons where the column says ten thousand tons: the point moves by four places. */
static void divide_by_ten_thousand(const char *number, struct buf *out)
{
    size_t whole = strcspn(number, ".");
    const char *fraction = number[whole] ? number + whole + 1 : "";

    if (whole > 4)
        buf_add(out, number, whole - 4);
    else
        buf_add_byte(out, '0');
    buf_add_byte(out, '.');
    for (size_t i = whole; i < 4; i++)
        buf_add_byte(out, '0');
    buf_add(out, number + (whole > 4 ? whole - 4 : 0), whole > 4 ? 4 : whole);
    buf_add_text(out, fraction);
    while (out->data[out->bytes - 1] == '0')
        out->data[--out->bytes] = '\0';
    if (out->data[out->bytes - 1] == '.')
        out->data[--out->bytes] = '\0';
}

bool remedy_capacity(struct seeking *seeking)
{
    AUTO(buf_done) struct buf moved = BUF_INIT;
    struct span unit = seeking->row->field[COLUMN_CAPACITY_UNIT];
    struct span rest = seeking->folded;
    struct span small = unit;
    char number[NUMBER_BYTES];

    if (!take_number(&rest, number))
        return false;
    /* "120万" beside 万吨/年: the ten thousand of the unit is said twice. */
    if (rest.bytes == 0 || says_unit(rest, unit) || (span_is(rest, "万") && span_starts(unit, "万")))
        return remedy_try(seeking, span_of(number));
    if (!take_word(&small, "万") || !says_unit(rest, small))
        return false;
    divide_by_ten_thousand(number, &moved);
    return remedy_try(seeking, buf_span(&moved));
}
