/* What an upstream answers (adapters/adapter.h: reply, key, holdings): never believed further than it goes, and the
 * same words give the same result. The first byte chooses the adapter, the second the step, the third the status; the
 * rest is the body. */
#include "fuzz.h"

#include "adapters/adapter.h"
#include "base/text.h"

static const int64_t LIFE_MAX_MS = (int64_t)7 * 24 * 3600 * 1000;
static const int64_t KEY_NOW_MS = 1511427600000; /* of tests/cases/national-platform */

static const int STATUS[] = {200, 200, 200, 202, 400, 401, 403, 404, 429, 500, 503, 0, 201, 412};

static const struct adapter_row ROWS[] = {
    {"R0000000000000000000a", 1, {"{}", 2}},
    {"R0000000000000000000b", 3, {"{}", 2}},
};

static const struct adapter_config CONFIG = {.base_url = "https://localhost", .app_key = "secret0123456789"};

#define STEP(step) (1U << (step))

/* In which steps an ending of a call can be. */
static const unsigned ENDINGS[ADAPTER_ENDING_COUNT] = {
    [ADAPTER_ACCEPTED] = STEP(ADAPTER_UPLOAD) | STEP(ADAPTER_SECOND) | STEP(ADAPTER_DOUBT),
    [ADAPTER_NEXT] = STEP(ADAPTER_UPLOAD) | STEP(ADAPTER_DOUBT),
    [ADAPTER_OUTCOMES] = STEP(ADAPTER_DOUBT) | STEP(ADAPTER_ASK),
    [ADAPTER_NOT_READY] = STEP(ADAPTER_DOUBT) | STEP(ADAPTER_ASK),
    [ADAPTER_UNKNOWN_TASK] = STEP(ADAPTER_DOUBT) | STEP(ADAPTER_ASK),
    [ADAPTER_EXISTS] = STEP(ADAPTER_UPLOAD),
    [ADAPTER_OTHER_CONTENT] = STEP(ADAPTER_DOUBT),
    [ADAPTER_EXPIRED] = ~STEP(ADAPTER_KEY),
    [ADAPTER_KEY_GIVEN] = STEP(ADAPTER_KEY),
    [ADAPTER_LISTED] = STEP(ADAPTER_HOLDINGS),
    [ADAPTER_BUSY] = ~0U,
    [ADAPTER_BODY_REFUSED] = STEP(ADAPTER_UPLOAD) | STEP(ADAPTER_SECOND) | STEP(ADAPTER_DOUBT) | STEP(ADAPTER_ASK),
    [ADAPTER_SETUP_REFUSED] = ~0U,
    [ADAPTER_BY_STATUS] = ~0U,
    [ADAPTER_MALFORMED] = ~0U,
};

struct attempt {
    const struct adapter *adapter;
    enum adapter_step step;
    int status;
    struct span body;
};

static void check_text(const char *text, size_t bytes)
{
    FUZZ_CHECK(memchr(text, 0, bytes) && utf8_is_valid(span_of(text), NULL), "a text without end, or broken");
    for (; *text; text++)
        FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7f, "a control character");
}

static void check_ending(const struct attempt *attempt, enum adapter_ending ending, const char *message)
{
    FUZZ_CHECK(ending < ADAPTER_ENDING_COUNT, "%d", ending);
    FUZZ_CHECK(ENDINGS[ending] & STEP(attempt->step), "%s in step %d", adapter_ending_name(ending), attempt->step);
    FUZZ_CHECK(ending != ADAPTER_EXPIRED || attempt->adapter->needs_secret, "expired without a secret");
    FUZZ_CHECK(ending != ADAPTER_MALFORMED || message[0], "malformed, and nobody says why");
    FUZZ_CHECK(attempt->status == 200 || attempt->status == 201 ||
                   (ending != ADAPTER_ACCEPTED && ending != ADAPTER_NEXT) ||
                   (attempt->adapter->is_numbered && attempt->status == 412),
               "status %d taken for a receipt", attempt->status);
    FUZZ_CHECK(attempt->status == 200 || (ending != ADAPTER_OUTCOMES && ending != ADAPTER_KEY_GIVEN &&
                                          ending != ADAPTER_LISTED && ending != ADAPTER_EXPIRED),
               "%s by status %d", adapter_ending_name(ending), attempt->status);
}

static void check_result(const struct attempt *attempt, const struct adapter_result *result)
{
    size_t open = 0;

    check_ending(attempt, result->ending, result->message);
    FUZZ_CHECK(result->ending != ADAPTER_NEXT || (attempt->adapter->is_numbered && result->next == ADAPTER_SECOND),
               "next is %d", result->next);
    FUZZ_CHECK(result->outcome_count == (result->ending == ADAPTER_OUTCOMES ? COUNT_OF(ROWS) : 0), "%zu outcomes",
               result->outcome_count);
    check_text(result->code, sizeof result->code);
    check_text(result->message, sizeof result->message);
    for (size_t i = 0; i < result->outcome_count; i++) {
        FUZZ_CHECK(result->outcomes[i].kind <= ADAPTER_ROW_REFUSED, "%d", result->outcomes[i].kind);
        open += result->outcomes[i].kind == ADAPTER_ROW_OPEN;
        check_text(result->outcomes[i].code, sizeof result->outcomes[i].code);
        check_text(result->outcomes[i].message, sizeof result->outcomes[i].message);
    }
    FUZZ_CHECK(result->ending != ADAPTER_OUTCOMES || open < COUNT_OF(ROWS), "outcomes, and all open");
}

static void check_same(const struct adapter_result *a, const struct adapter_result *b)
{
    FUZZ_CHECK(a->ending == b->ending && strcmp(a->code, b->code) == 0 && strcmp(a->message, b->message) == 0,
               "%s and %s", adapter_ending_name(a->ending), adapter_ending_name(b->ending));
    for (size_t i = 0; i < a->outcome_count; i++)
        FUZZ_CHECK(a->outcomes[i].kind == b->outcomes[i].kind, "row %zu", i);
}

static void fuzz_call(const struct attempt *attempt)
{
    AUTO(adapter_result_done) struct adapter_result first = {0};
    AUTO(adapter_result_done) struct adapter_result second = {0};
    /* The day and the place of tests/cases/credit-china. */
    struct adapter_call call = {.at_ms = 1700000000000,
                                .file_code = "001503",
                                .day = day_from_civil(2026, 3, 2),
                                .number = 7,
                                .rows = ROWS,
                                .row_count = COUNT_OF(ROWS)};

    memset(call.sm3, 0x5d, sizeof call.sm3);
    for (size_t i = 0; i < sizeof call.id; i++)
        call.id[i] = (uint8_t)i;
    attempt->adapter->reply(&call, attempt->step, attempt->status, attempt->body, &first);
    attempt->adapter->reply(&call, attempt->step, attempt->status, attempt->body, &second);
    check_result(attempt, &first);
    check_same(&first, &second);
}

static void fuzz_key(const struct attempt *attempt)
{
    AUTO(adapter_result_done) struct adapter_result result = {0};
    struct adapter_secret secret = {0};
    bool is_given;

    attempt->adapter->key(&CONFIG, KEY_NOW_MS, attempt->status, attempt->body, &secret, &result);
    check_result(attempt, &result);
    is_given = result.ending == ADAPTER_KEY_GIVEN;
    FUZZ_CHECK(secret.count <= sizeof secret.bytes && is_given == (secret.count > 0), "%zu bytes with %s", secret.count,
               adapter_ending_name(result.ending));
    FUZZ_CHECK(!is_given || (secret.until_ms > KEY_NOW_MS && secret.until_ms - KEY_NOW_MS <= LIFE_MAX_MS), "until %lld",
               (long long)secret.until_ms);
    FUZZ_CHECK(!is_given || result.message[0] == '\0', "words of a stranger beside a secret");
}

static void fuzz_holdings(const struct attempt *attempt)
{
    AUTO(adapter_page_done) struct adapter_page page = {0};
    bool is_listed;

    attempt->adapter->holdings(attempt->status, attempt->body, &page);
    check_ending(attempt, page.ending, page.message);
    is_listed = page.ending == ADAPTER_LISTED;
    check_text(page.code, sizeof page.code);
    check_text(page.message, sizeof page.message);
    check_text(page.next, sizeof page.next);
    FUZZ_CHECK(page.count <= (is_listed ? ADAPTER_PAGE_ROWS_MAX : 0), "%zu rows", page.count);
    FUZZ_CHECK(!page.next[0] || (page.count > 0 && strcmp(page.rows[page.count - 1].record, page.next) <= 0),
               "a next that leads back");
    for (size_t i = 0; i < page.count; i++) {
        const struct adapter_holding *row = &page.rows[i];

        check_text(row->record, sizeof row->record);
        FUZZ_CHECK(row->record[0] && row->version >= 1 && row->op >= ADAPTER_OP_ADD && row->op <= ADAPTER_OP_SETTLE,
                   "row %zu", i);
        FUZZ_CHECK(i == 0 || strcmp(page.rows[i - 1].record, row->record) < 0, "row %zu does not ascend", i);
    }
}

static const struct adapter *choose_adapter(uint8_t byte)
{
    size_t count = 0;

    while (adapter_at(count))
        count++;
    FUZZ_CHECK(count > 0, "no adapters");
    return adapter_at(byte % count);
}

/* A step that this adapter has: a second part belongs to numbered files. */
static enum adapter_step choose_step(const struct adapter *adapter, uint8_t byte)
{
    enum adapter_step step = (enum adapter_step)(byte % ADAPTER_STEP_COUNT);

    if (step == ADAPTER_SECOND && !adapter->is_numbered)
        return ADAPTER_DOUBT;
    if ((step == ADAPTER_KEY && !adapter->key) || (step == ADAPTER_HOLDINGS && !adapter->holdings))
        return ADAPTER_ASK;
    return step;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_span(data, size);
    struct attempt attempt = {.adapter = choose_adapter(fuzz_take(&input))};

    attempt.step = choose_step(attempt.adapter, fuzz_take(&input));
    attempt.status = STATUS[fuzz_take(&input) % COUNT_OF(STATUS)];
    attempt.body = input;
    if (attempt.step == ADAPTER_KEY)
        fuzz_key(&attempt);
    else if (attempt.step == ADAPTER_HOLDINGS)
        fuzz_holdings(&attempt);
    else
        fuzz_call(&attempt);
    return 0;
}
