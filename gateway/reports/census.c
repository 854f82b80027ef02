#include "gateway/reports/census.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { MILLION = 1000000, TELL_EVERY = 1024, CODE_CITY_AT = 2 };

/* --- amounts --- */

void amount_add(struct amount *sum, const struct amount *more)
{
    sum->whole += more->whole;
    sum->millionths += more->millionths;
    if (sum->millionths >= MILLION) {
        sum->whole++;
        sum->millionths -= MILLION;
    }
}

void amount_add_text(struct amount *sum, struct span decimal)
{
    struct amount more = {0, 0};
    int64_t place = MILLION;
    bool is_fraction = false;

    for (size_t i = 0; i < decimal.bytes; i++) {
        if (decimal.at[i] == '.') {
            is_fraction = true;
        } else if (is_fraction) {
            place /= 10;
            more.millionths += (decimal.at[i] - '0') * place;
        } else {
            more.whole = 10 * more.whole + (decimal.at[i] - '0');
        }
    }
    amount_add(sum, &more);
}

void amount_write(const struct amount *sum, struct buf *out)
{
    buf_addf(out, "%lld", (long long)sum->whole);
    if (sum->millionths == 0)
        return;
    buf_addf(out, ".%06lld", (long long)sum->millionths);
    while (out->data[out->bytes - 1] == '0')
        out->data[--out->bytes] = '\0';
}

/* --- words --- */

struct words {
    char **list;
    size_t count;
    size_t capacity;
};

size_t words_count(const struct words *words)
{
    return words->count;
}

const char *words_at(const struct words *words, size_t number)
{
    return words->list[number];
}

/* There are a few dozen: the industries, units and kinds of authority of schemas/data. */
static uint32_t words_number(struct words *words, struct span text)
{
    for (size_t i = 0; i < words->count; i++) {
        if (span_is(text, words->list[i]))
            return (uint32_t)i;
    }
    if (words->count == words->capacity) {
        words->capacity = words->capacity ? 2 * words->capacity : 64;
        words->list = memory_resize((void *)words->list, words->capacity * sizeof *words->list);
    }
    words->list[words->count] = memory_copy_span(text.at ? text : SPAN(""));
    return (uint32_t)words->count++;
}

static void words_free(struct words *words)
{
    if (!words)
        return;
    for (size_t i = 0; i < words->count; i++)
        free(words->list[i]);
    free((void *)words->list);
    free(words);
}

/* --- cities --- */

uint8_t city_of(const struct divisions *divisions, struct span division)
{
    const struct division *city = divisions_city(divisions, division);
    struct span code = city ? city->code : division;

    if (code.bytes != DIVISION_CODE_BYTES || !span_starts(code, "44"))
        return CITY_OTHER;
    if (!city)
        return span_is(code, "440000") ? CITY_PROVINCE : CITY_OTHER;
    return (uint8_t)(10 * (code.at[CODE_CITY_AT] - '0') + (code.at[CODE_CITY_AT + 1] - '0'));
}

const char *city_code(uint32_t city, char code[7])
{
    static const char DIGITS[] = "0123456789";

    if (city == CITY_OTHER) {
        code[0] = '\0';
        return code;
    }
    memcpy(code, "440000", 7);
    if (city != CITY_PROVINCE) {
        code[CODE_CITY_AT] = DIGITS[city / 10];
        code[CODE_CITY_AT + 1] = DIGITS[city % 10];
    }
    return code;
}

bool city_is_there(const struct divisions *divisions, uint32_t city)
{
    const struct division *found;
    char code[7];

    if (city == CITY_OTHER || city >= CITY_PROVINCE)
        return false;
    found = divisions_find(divisions, span_of(city_code(city, code)));
    return found && found->kind == DIVISION_CITY;
}

struct span city_name(const struct divisions *divisions, uint32_t city)
{
    const struct division *found;
    char code[7];

    if (city == CITY_OTHER)
        return SPAN("其他");
    if (city == CITY_PROVINCE)
        return SPAN("省级");
    found = divisions_find(divisions, span_of(city_code(city, code)));
    return found ? found->name : SPAN("其他");
}

/* --- gathering --- */

struct gathering {
    const struct report_source *source;
    int32_t first;
    int32_t last;
    struct census *census;
    struct buf hold;
    uint64_t seen;
    struct error *err;
    bool is_broken;
};

static struct fact *new_fact(struct census *census)
{
    if (census->count == census->capacity) {
        census->capacity = census->capacity ? 2 * census->capacity : 1024;
        census->list = memory_resize(census->list, census->capacity * sizeof *census->list);
    }
    memset(&census->list[census->count], 0, sizeof census->list[0]);
    return &census->list[census->count++];
}

static bool is_between(const struct gathering *gathering, int32_t day)
{
    return day != DAY_NONE && day >= gathering->first && day <= gathering->last;
}

static bool has_exited(enum obligation_state state)
{
    return state == STATE_EXITED_IN_TIME || state == STATE_EXITED_LATE;
}

static void fill(struct gathering *gathering, struct fact *fact, const struct obligation_version *version,
                 const struct obligation *row)
{
    struct words *words = gathering->census->words;
    struct span capacity = row->field[COLUMN_CAPACITY];

    memcpy(fact->id, version->id, sizeof fact->id);
    memcpy(fact->uscc, version->uscc, sizeof fact->uscc);
    fact->version = version->version;
    fact->city = city_of(gathering->source->divisions, span_of(version->division));
    fact->ground = version->ground;
    fact->state = version->state;
    fact->due = obligations_due(version);
    fact->exit_date = version->exit_date;
    fact->industry = words_number(words, row->field[COLUMN_INDUSTRY]);
    fact->unit = words_number(words, row->field[COLUMN_CAPACITY_UNIT]);
    fact->kind = words_number(words, row->field[COLUMN_AUTHORITY_KIND]);
    fact->equipment = row->equipment_count;
    fact->has_capacity = capacity.bytes > 0;
    if (fact->has_capacity)
        amount_add_text(&fact->capacity, capacity);
    fact->is_exit = has_exited(version->state) && is_between(gathering, version->exit_date);
    fact->is_due = is_between(gathering, fact->due);
}

static bool counts(const struct gathering *gathering, const struct obligation_version *version)
{
    int32_t due = obligations_due(version);

    if (version->state == STATE_REVOKED)
        return false;
    return is_between(gathering, due) || (has_exited(version->state) && is_between(gathering, version->exit_date)) ||
           (obligations_is_open(version) && due < gathering->first);
}

static bool tell(const struct report_source *source, uint64_t done, struct error *err)
{
    return !source->tell || done % TELL_EVERY != 0 || source->tell(source->context, done, 0) ||
           fail(err, ERR_UNAVAILABLE, "nobody wants the report any more");
}

static bool see(const struct obligation_version *version, void *context)
{
    struct gathering *gathering = context;
    struct obligation row;

    gathering->is_broken = !tell(gathering->source, ++gathering->seen, gathering->err);
    if (gathering->is_broken || !counts(gathering, version))
        return !gathering->is_broken;
    gathering->is_broken = !obligations_row(gathering->source->txn, version, &row, &gathering->hold, gathering->err);
    if (!gathering->is_broken)
        fill(gathering, new_fact(gathering->census), version, &row);
    return !gathering->is_broken;
}

bool census_gather(const struct report_source *source, const struct report_period *period, struct census *out,
                   struct error *err)
{
    struct gathering gathering = {.source = source,
                                  .first = report_first_day(period),
                                  .last = report_last_day(period),
                                  .census = out,
                                  .err = err};
    bool is_good;

    *out = (struct census){.words = memory_new(sizeof *out->words)};
    is_good = obligations_scan(source->txn, &OBLIGATIONS_ALL, see, &gathering, err) && !gathering.is_broken;
    buf_done(&gathering.hold);
    return is_good;
}

void census_done(struct census *census)
{
    free(census->list);
    words_free(census->words);
    *census = (struct census){.list = NULL};
}
