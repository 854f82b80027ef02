/* What an upstream answers (adapters/adapter.h, reply): never believed further than it goes, and the same words give
 * the same result. The first byte is the step, the second chooses the status; the rest is the body. */
#include "fuzz.h"

#include "adapters/adapter.h"
#include "base/text.h"

static const int STATUS[] = {200, 200, 200, 202, 400, 401, 403, 404, 429, 500, 503, 0};

static const struct adapter_row ROWS[] = {
    {"R0000000000000000000a", 1, {"{}", 2}},
    {"R0000000000000000000b", 3, {"{}", 2}},
};

static void check_text(const char *text, size_t bytes)
{
    FUZZ_CHECK(memchr(text, 0, bytes) && utf8_is_valid(span_of(text), NULL), "a text without end, or broken");
}

static void check(const struct adapter_result *result, enum adapter_step step)
{
    FUZZ_CHECK(result->ending < ADAPTER_ENDING_COUNT, "%d", result->ending);
    FUZZ_CHECK(result->outcome_count == (result->ending == ADAPTER_OUTCOMES ? COUNT_OF(ROWS) : 0), "%zu outcomes",
               result->outcome_count);
    FUZZ_CHECK(result->ending != ADAPTER_ACCEPTED || step == ADAPTER_UPLOAD, "accepted by a question");
    FUZZ_CHECK(result->ending != ADAPTER_OUTCOMES || step == ADAPTER_ASK, "outcomes of an upload");
    check_text(result->code, sizeof result->code);
    check_text(result->message, sizeof result->message);
    for (size_t i = 0; i < result->outcome_count; i++) {
        check_text(result->outcomes[i].code, sizeof result->outcomes[i].code);
        check_text(result->outcomes[i].message, sizeof result->outcomes[i].message);
    }
}

static void check_same(const struct adapter_result *a, const struct adapter_result *b)
{
    FUZZ_CHECK(a->ending == b->ending && strcmp(a->code, b->code) == 0 && strcmp(a->message, b->message) == 0,
               "%s and %s", adapter_ending_name(a->ending), adapter_ending_name(b->ending));
    for (size_t i = 0; i < a->outcome_count; i++)
        FUZZ_CHECK(a->outcomes[i].kind == b->outcomes[i].kind, "row %zu", i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(adapter_result_done) struct adapter_result first = {0};
    AUTO(adapter_result_done) struct adapter_result second = {0};
    struct adapter_call call = {.at_ms = 1700000000000, .rows = ROWS, .row_count = COUNT_OF(ROWS)};
    struct span input = fuzz_span(data, size);
    enum adapter_step step = fuzz_take(&input) % 2 ? ADAPTER_ASK : ADAPTER_UPLOAD;
    int status = STATUS[fuzz_take(&input) % COUNT_OF(STATUS)];

    for (size_t i = 0; i < sizeof call.id; i++)
        call.id[i] = (uint8_t)i;
    adapter_credit_guangdong.reply(&call, step, status, input, &first);
    adapter_credit_guangdong.reply(&call, step, status, input, &second);
    check(&first, step);
    check_same(&first, &second);
    return 0;
}
