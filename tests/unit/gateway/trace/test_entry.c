/* An entry's bytes do not depend on which entries came before it, and are canonical whatever a stranger said. */
#include "tests/unit/gateway/trace/scribe.h"

#include "base/encode.h"
#include "base/json.h"
#include "gateway/trace/entry.h"

static struct digester *digester;

static void setup(void)
{
    digester = digester_new();
}

static void teardown(void)
{
    digester_free(digester);
}

TestSuite(entry, .init = setup, .fini = teardown);

static const uint8_t SALT[ENTRY_SALT_BYTES] = {0xFE, 0xDC, 0xBA, 0x98, 0x76, 0x54, 0x32, 0x10};
static const uint8_t CERTIFICATES[2][32] = {{1, 0x9A, 0xAF}, {2}};

static void add_with(const struct trace_entry *entry, struct entry_form *form, struct buf *out)
{
    entry_add(entry, &(struct entry_with){form, SALT, digester}, out);
}

/* As the first of its writer. */
static void add_alone(const struct trace_entry *entry, struct buf *out)
{
    struct entry_form form = {.is_set = false};

    cr_assert_not(entry_form_fits(&form, entry), "nothing was set");
    entry_form_set(&form, entry);
    add_with(entry, &form, out);
    entry_form_done(&form);
}

static void assert_canonical(const struct buf *made)
{
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    struct error err;

    cr_assert(json_read(buf_span(made), JSON_BYTES_MAX, &json, &err), "%s: %s", err.text, made->data);
    cr_assert(json_canonical_add(json, &canonical, &err), "%s", err.text);
    cr_assert_str_eq(made->data, canonical.data);
    cr_assert_leq(made->bytes, TRACE_ENTRY_BYTES_MAX);
}

static struct trace_entry usual(void)
{
    return (struct trace_entry){.at_ms = 1785722400000,
                                .receipt = "0123456789abcdef01234567-0",
                                .by = SPAN("bank-1"),
                                .certificate = CERTIFICATES[0],
                                .domain = SPAN("lending"),
                                .purpose = SPAN("credit-review"),
                                .rules = SPAN("lending/2022@0123456789abcdef"),
                                .uscc = SPAN("91440224MAYUCHK485"),
                                .verdict = "listed",
                                .status = 200,
                                .sequence = 1234567,
                                .shown = SPAN("[[\"R0123456789abcdef0123\",2]]"),
                                .answer = SPAN("{}")};
}

/* Worst there is: control characters take six bytes each, and every field is longer than what is kept. */
Test(entry, the_longest_and_most_hostile_texts_stay_within_the_limit)
{
    static char hostile[4096], shown[ENTRY_SHOWN_MAX];
    static const char BYTES[] = {1, (char)0xFF, '"', (char)0xE4, 'x'};
    AUTO(buf_done) struct buf made = BUF_INIT;

    memset(shown, '1', sizeof shown);
    for (size_t i = 0; i < sizeof BYTES; i++) {
        struct trace_entry entry = usual();
        struct span text = {hostile, sizeof hostile};

        memset(hostile, BYTES[i], sizeof hostile);
        entry.by = entry.domain = entry.purpose = entry.matter = entry.case_number = entry.authorisation = text;
        entry.operator= entry.department = entry.uscc = entry.name = entry.rules = entry.from = text;
        entry.path = entry.refusal = entry.kind = entry.reason = text;
        entry.sequence = entry.as_of_sequence = INT64_MAX >> 10;
        entry.shown = (struct span){shown, sizeof shown};
        buf_clear(&made);
        add_alone(&entry, &made);
        cr_assert_leq(made.bytes, TRACE_ENTRY_BYTES_MAX);
        entry.shown = SPAN_NONE;
        buf_clear(&made);
        add_alone(&entry, &made);
        assert_canonical(&made);
    }
}

/* Each thing that a form holds, and one it does not. */
static void change(struct trace_entry *entry, unsigned which, unsigned to)
{
    static const struct span TEXTS[] = {{"", 0}, {"a", 1}, {"ab", 2}, {"案号\n", 7}, {"\"", 1}, {"\xFF", 1}};
    struct span *const fields[] = {&entry->by,          &entry->domain,        &entry->purpose,
                                   &entry->matter,      &entry->path,          &entry->operator, & entry->from,
                                   &entry->case_number, &entry->rules,         &entry->department,
                                   &entry->name,        &entry->authorisation, &entry->refusal,
                                   &entry->kind,        &entry->reason};

    if (which < COUNT_OF(fields))
        *fields[which] = TEXTS[to % COUNT_OF(TEXTS)];
    else if (which == COUNT_OF(fields))
        entry->certificate = to % 3 == 2 ? NULL : CERTIFICATES[to % 3];
    else if (which == COUNT_OF(fields) + 1)
        entry->at_ms = 1785722400000 + to;
    else if (which == COUNT_OF(fields) + 2)
        entry->as_of_ms = to % 2 ? 1785722400000 : 0;
    else
        entry->as_of_sequence = to % 2 ? to : 0;
}
enum { CHANGES = 19 };

Test(entry, its_bytes_are_the_same_whatever_was_written_before)
{
    struct entry_form form = {.is_set = false};
    struct trace_entry entry = usual();
    unsigned seed = 7, fitting = 0;
    enum { TIMES = 4000 };

    for (unsigned i = 0; i < TIMES; i++) {
        AUTO(buf_done) struct buf with = BUF_INIT;
        AUTO(buf_done) struct buf alone = BUF_INIT;

        change(&entry, (unsigned)rand_r(&seed) % CHANGES, (unsigned)rand_r(&seed) % 6);
        if (entry_form_fits(&form, &entry))
            fitting++;
        else
            entry_form_set(&form, &entry);
        add_with(&entry, &form, &with);
        add_alone(&entry, &alone);
        cr_assert_str_eq(with.data, alone.data);
        assert_canonical(&alone);
    }
    entry_form_done(&form);
    cr_assert(fitting > TIMES / 10 && fitting < TIMES * 9 / 10, "%u", fitting);
}

/* "ab" and "c" are not "a" and "bc", though they are the same bytes one after another. */
Test(entry, fields_that_run_into_one_another_are_told_apart)
{
    struct entry_form form = {.is_set = false};
    struct trace_entry one = usual(), other = usual();

    one.case_number = SPAN("ab");
    one.matter = SPAN("c");
    other.case_number = SPAN("a");
    other.matter = SPAN("bc");
    entry_form_set(&form, &one);
    cr_assert(entry_form_fits(&form, &one));
    cr_assert_not(entry_form_fits(&form, &other));
    entry_form_done(&form);
}

Test(entry, hex_is_that_of_each_byte)
{
    uint8_t bytes[256];
    char text[513] = "", expected[513] = "";

    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
        snprintf(expected + 2 * i, 3, "%02x", (unsigned)i);
    }
    for (size_t from = 0; from < 5; from++) {
        for (size_t count = 0; from + count <= sizeof bytes; count++) {
            hex_write(text, bytes + from, count);
            cr_assert_eq(memcmp(text, expected + 2 * from, 2 * count), 0, "%zu bytes from %zu", count, from);
        }
    }
}
