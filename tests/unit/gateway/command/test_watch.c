/* Watch lists: limits and repeats, over a real store whose journal must give the same bytes again. */
#include "gateway/command/command_watch.h"
#include "tests/unit/gateway/command/upstream.h"

#define FIRST "91440224MAYUCHK485"
#define SECOND "91441303MAY1A0TP3P"

TestSuite(watch, .init = desk_open, .fini = desk_close, .timeout = 120);

static struct span codes[WATCH_SUBJECTS_EVENT_MAX];
static char texts[WATCH_SUBJECTS_EVENT_MAX][24];

static struct watch_codes made(unsigned from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        snprintf(texts[i], sizeof texts[i], "91440000%010u", from + (unsigned)i);
        codes[i] = span_of(texts[i]);
    }
    return (struct watch_codes){codes, count};
}

static bool open_with(const char *client, const char *domain, struct watch_codes subjects, const char *key,
                      uint32_t *number)
{
    struct watch_opening opening = {.client = span_of(client),
                                    .domain = span_of(domain),
                                    .purpose = SPAN("credit-review"),
                                    .subjects = subjects,
                                    .key = span_of(key),
                                    .sha256 = *key ? key : "00"};

    return command_watch_open(&T.desk, &opening, number, &T.err);
}

static uint32_t open_one(const char *client, const char *domain, const char *code)
{
    struct span span = span_of(code);
    uint32_t number = 0;

    cr_assert(open_with(client, domain, (struct watch_codes){&span, *code ? 1 : 0}, "", &number), "%s", T.err.text);
    return number;
}

static bool change_of(const char *client, uint32_t number, struct watch_codes added, struct watch_codes removed)
{
    struct watch_change it = {span_of(client), number, added, removed};

    return command_watch_change(&T.desk, &it, &T.err);
}

static struct watch found(uint32_t number, bool is_there)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct watch watch = {.number = 0};

    cr_assert_eq(watch_find(txn, number, &watch), is_there);
    return watch;
}

static const struct watch_codes NONE = {NULL, 0};

/* --- failures and limits --- */

Test(watch, what_is_anothers_is_not_there)
{
    uint32_t number = open_one("bank", "lending", FIRST);

    cr_assert_not(change_of("land", number, made(1, 1), NONE));
    cr_assert_str_eq(T.err.rule, "watch.unknown");
    cr_assert_not(command_watch_close(&T.desk, SPAN("land"), number, &T.err));
    cr_assert_str_eq(T.err.rule, "watch.unknown");
    cr_assert_not(command_watch_close(&T.desk, SPAN("bank"), number + 1, &T.err));
    cr_assert_not(command_watch_close(&T.desk, SPAN("ban"), number, &T.err));
    (void)found(number, true);
}

Test(watch, a_client_has_only_so_many)
{
    uint32_t number;

    for (int i = 0; i < WATCHES_MAX; i++)
        (void)open_one("bank", "lending", "");
    cr_assert_not(open_with("bank", "lending", NONE, "", &number));
    cr_assert_str_eq(T.err.rule, "watch.too-many");
    (void)open_one("land", "land-supply", "");
    cr_assert(command_watch_close(&T.desk, SPAN("bank"), 1, &T.err), "%s", T.err.text);
    (void)open_one("bank", "lending", "");
}

Test(watch, one_list_has_only_so_many_subjects)
{
    uint32_t number = open_one("bank", "lending", "");

    for (unsigned i = 0; i < WATCH_SUBJECTS_MAX; i += WATCH_SUBJECTS_EVENT_MAX)
        cr_assert(change_of("bank", number, made(i, WATCH_SUBJECTS_EVENT_MAX), NONE), "%s", T.err.text);
    cr_assert_eq(found(number, true).subjects, WATCH_SUBJECTS_MAX);
    cr_assert_not(change_of("bank", number, made(WATCH_SUBJECTS_MAX, 1), NONE));
    cr_assert_str_eq(T.err.rule, "watch.subjects");
    cr_assert(change_of("bank", number, made(0, 5), NONE), "there already: %s", T.err.text);
    cr_assert(command_watch_close(&T.desk, SPAN("bank"), number, &T.err), "%s", T.err.text);
    (void)found(number, false);
}

Test(watch, a_subject_is_in_one_list_of_a_domain)
{
    struct span code = SPAN(FIRST);
    uint32_t number = open_one("bank", "lending", FIRST);
    uint32_t other;

    cr_assert_not(open_with("bank", "lending", (struct watch_codes){&code, 1}, "", &other));
    cr_assert_str_eq(T.err.rule, "watch.subject-watched");
    cr_assert_eq(T.err.code, ERR_CONFLICT);
    (void)open_one("bank", "tax", FIRST);
    (void)open_one("land", "lending", FIRST);
    other = open_one("bank", "lending", SECOND);
    cr_assert_not(change_of("bank", other, (struct watch_codes){&code, 1}, NONE));
    cr_assert(change_of("bank", number, NONE, (struct watch_codes){&code, 1}), "%s", T.err.text);
    cr_assert(change_of("bank", other, (struct watch_codes){&code, 1}, NONE), "%s", T.err.text);
}

/* --- repeats --- */

Test(watch, the_same_request_again_is_one_list)
{
    uint32_t first, second, other;

    cr_assert(open_with("bank", "lending", made(1, 3), "k1", &first), "%s", T.err.text);
    cr_assert(open_with("bank", "lending", made(1, 3), "k1", &second), "%s", T.err.text);
    cr_assert_eq(first, second);
    cr_assert(open_with("land", "lending", made(1, 3), "k1", &other), "another client's key: %s", T.err.text);
    cr_assert_neq(first, other);
    cr_assert(command_watch_close(&T.desk, SPAN("bank"), first, &T.err), "%s", T.err.text);
    cr_assert_not(open_with("bank", "lending", made(1, 3), "k1", &second));
    cr_assert_str_eq(T.err.rule, "watch.closed");
}

Test(watch, a_key_is_for_one_request)
{
    struct watch_opening opening = {
        .client = SPAN("bank"), .domain = SPAN("lending"), .purpose = SPAN("p"), .key = SPAN("k"), .sha256 = "01"};
    uint32_t number;

    cr_assert(command_watch_open(&T.desk, &opening, &number, &T.err), "%s", T.err.text);
    opening.sha256 = "02";
    cr_assert_not(command_watch_open(&T.desk, &opening, &number, &T.err));
    cr_assert_str_eq(T.err.rule, "idempotency.other-request");
}

Test(watch, what_is_there_already_changes_nothing)
{
    uint32_t number = open_one("bank", "lending", "");

    cr_assert(change_of("bank", number, made(1, 3), NONE), "%s", T.err.text);
    cr_assert(change_of("bank", number, made(1, 3), NONE), "%s", T.err.text);
    cr_assert(change_of("bank", number, NONE, made(10, 3)), "%s", T.err.text);
    cr_assert_eq(found(number, true).subjects, 3);
    cr_assert(change_of("bank", number, made(3, 2), NONE), "%s", T.err.text);
    cr_assert_eq(found(number, true).subjects, 4);
}

/* --- ping --- */

Test(watch, each_ping_is_a_message_of_its_own)
{
    uint64_t first, second;

    cr_assert(command_watch_ping(&T.desk, SPAN("bank"), SPAN_NONE, &first, &T.err), "%s", T.err.text);
    cr_assert(command_watch_ping(&T.desk, SPAN("bank"), SPAN_NONE, &second, &T.err), "%s", T.err.text);
    cr_assert_neq(first, second);
    cr_assert_not(command_watch_ping(&T.desk, SPAN("a bank"), SPAN_NONE, &first, &T.err), "no name of a channel");
}

static uint64_t ping_with(const char *client, const char *key)
{
    uint64_t delivery = 0;

    cr_assert(command_watch_ping(&T.desk, span_of(client), span_of(key), &delivery, &T.err), "%s", T.err.text);
    return delivery;
}

Test(watch, a_ping_with_the_same_key_is_the_same_message)
{
    uint64_t first = ping_with("bank", "ping-2026-0001");

    cr_assert_eq(ping_with("bank", "ping-2026-0001"), first);
    cr_assert_neq(ping_with("bank", "ping-2026-0002"), first);
    cr_assert_neq(ping_with("other", "ping-2026-0001"), first, "another client's key is another key");
}
