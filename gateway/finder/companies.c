#include "gateway/finder/companies.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { COMPANIES_FIRST = 1024 };

struct company {
    char code[NAME_CODE_BYTES];
    int32_t day;     /* since when its name is known */
    uint32_t name;   /* 1 + number of its name */
    uint32_t former; /* 1 + number of a former one, which leads to the next */
};

struct written {
    uint64_t at; /* in `text` */
    uint32_t bytes;
    uint32_t next; /* 1 + number of another former name of the company */
};

struct companies {
    struct buf text;
    struct written *written;
    size_t written_count;
    size_t written_room;
    struct company *companies;
    size_t count;
    size_t room;
    uint32_t *slots; /* 1 + company, by hash of the code */
    size_t slot_count;
};

struct companies *companies_new(void)
{
    struct companies *known = memory_new(sizeof(*known));

    known->slot_count = (size_t)COMPANIES_FIRST * 2;
    known->slots = memory_new(known->slot_count * sizeof(*known->slots));
    return known;
}

void companies_free(struct companies *known)
{
    if (!known)
        return;
    buf_done(&known->text);
    free(known->written);
    free(known->companies);
    free(known->slots);
    free(known);
}

/* --- companies --- */

static uint32_t *slot_of(const struct companies *known, const char code[NAME_CODE_BYTES])
{
    size_t at = name_code_hash(code) & (known->slot_count - 1);

    while (known->slots[at] && memcmp(known->companies[known->slots[at] - 1].code, code, NAME_CODE_BYTES) != 0)
        at = (at + 1) & (known->slot_count - 1);
    return &known->slots[at];
}

static void grow(struct companies *known)
{
    known->room = known->room ? known->room * 2 : COMPANIES_FIRST;
    known->companies = memory_resize(known->companies, known->room * sizeof(*known->companies));
    free(known->slots);
    known->slot_count = known->room * 2;
    known->slots = memory_new(known->slot_count * sizeof(*known->slots));
    for (uint32_t i = 0; i < known->count; i++)
        *slot_of(known, known->companies[i].code) = i + 1;
}

static struct company *company_of(struct companies *known, const char code[NAME_CODE_BYTES])
{
    uint32_t *slot;

    if (known->count == known->room)
        grow(known);
    slot = slot_of(known, code);
    if (!*slot) {
        known->companies[known->count] = (struct company){.day = COMPANIES_DAY_FORMER};
        memcpy(known->companies[known->count].code, code, NAME_CODE_BYTES);
        *slot = (uint32_t)++known->count;
    }
    return &known->companies[*slot - 1];
}

/* --- names --- */

static struct span written_name(const struct companies *known, uint32_t number)
{
    const struct written *written = &known->written[number - 1];

    return (struct span){known->text.data + written->at, written->bytes};
}

static uint32_t write_name(struct companies *known, struct span name)
{
    if (known->written_count == known->written_room) {
        known->written_room = known->written_room ? known->written_room * 2 : COMPANIES_FIRST;
        known->written = memory_resize(known->written, known->written_room * sizeof(*known->written));
    }
    known->written[known->written_count] = (struct written){known->text.bytes, (uint32_t)name.bytes, 0};
    buf_add_span(&known->text, name);
    return (uint32_t)++known->written_count;
}

/* The link that leads to this former name of the company, or the 0 behind the last. */
static uint32_t *find_former(const struct companies *known, struct company *company, struct span name)
{
    uint32_t *link = &company->former;

    while (*link && !span_equal(written_name(known, *link), name))
        link = &known->written[*link - 1].next;
    return link;
}

static void put_former(struct companies *known, struct company *company, uint32_t number)
{
    known->written[number - 1].next = company->former;
    company->former = number;
}

static bool tell(const struct company *company, struct span name, bool is_former, struct names *names,
                 struct error *err)
{
    return !names || names_add(names, (struct span){company->code, NAME_CODE_BYTES}, name, is_former, err);
}

/* It is the company's name from now on. */
static bool rename_to(struct companies *known, struct company *company, struct span name, struct names *names,
                      struct error *err)
{
    uint32_t *link = find_former(known, company, name);
    uint32_t number = *link;

    if (number)
        *link = known->written[number - 1].next;
    else
        number = write_name(known, name);
    if (company->name) {
        put_former(known, company, company->name);
        if (!tell(company, written_name(known, company->name), true, names, err))
            return false;
    }
    company->name = number;
    return tell(company, written_name(known, number), false, names, err);
}

bool companies_put(struct companies *known, struct span code, struct span name, int32_t day, struct names *names,
                   struct error *err)
{
    struct company *company;
    uint32_t number;

    if (code.bytes != NAME_CODE_BYTES)
        return fail(err, ERR_INVALID, "a code has %d characters", NAME_CODE_BYTES);
    company = company_of(known, code.at);
    if (company->name && span_equal(written_name(known, company->name), name)) {
        company->day = day > company->day ? day : company->day;
        return true;
    }
    if (day != COMPANIES_DAY_FORMER && day >= company->day) {
        company->day = day;
        return rename_to(known, company, name, names, err);
    }
    if (*find_former(known, company, name))
        return true;
    number = write_name(known, name);
    put_former(known, company, number);
    return tell(company, written_name(known, number), true, names, err);
}

/* --- asking --- */

static bool give_one(const struct company *company, struct span name, bool is_former, struct names *names,
                     struct error *err)
{
    return tell(company, name, is_former, names, err) || err->code == ERR_INVALID ||
           (err->code == ERR_LIMIT && strcmp(err->rule, "names.later") != 0);
}

bool companies_give(const struct companies *known, struct names *names, struct error *err)
{
    for (size_t i = 0; i < known->count; i++) {
        const struct company *company = &known->companies[i];

        if (company->name && !give_one(company, written_name(known, company->name), false, names, err))
            return false;
        for (uint32_t at = company->former; at; at = known->written[at - 1].next) {
            /* Only otherwise written: it is the company's name still. */
            if (company->name && names_are_same(names, written_name(known, company->name), written_name(known, at)))
                continue;
            if (!give_one(company, written_name(known, at), true, names, err))
                return false;
        }
    }
    return true;
}

struct span companies_name(const struct companies *known, const char code[NAME_CODE_BYTES])
{
    uint32_t slot = *slot_of(known, code);
    const struct company *company = slot ? &known->companies[slot - 1] : NULL;

    if (!company)
        return SPAN_NONE;
    return company->name     ? written_name(known, company->name)
           : company->former ? written_name(known, company->former)
                             : SPAN_NONE;
}

size_t companies_count(const struct companies *known)
{
    return known->count;
}
