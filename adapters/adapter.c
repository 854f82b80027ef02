#include "adapters/adapter.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/layout.h"
#include "base/text.h"

/* Every upstream that can be spoken to: a new one is a file and a line here. */
static const struct adapter *const ADAPTERS[] = {&adapter_credit_guangdong, &adapter_national_platform,
                                                 &adapter_credit_china};

const struct adapter *adapter_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(ADAPTERS); i++) {
        if (strcmp(ADAPTERS[i]->name, name) == 0)
            return ADAPTERS[i];
    }
    return NULL;
}

const struct adapter *adapter_at(size_t index)
{
    return index < COUNT_OF(ADAPTERS) ? ADAPTERS[index] : NULL;
}

unsigned adapter_rows_max(const struct adapter *adapter, const struct adapter_config *config)
{
    unsigned most = adapter->rows_max;

    if (config->rows_max > 0 && config->rows_max < most)
        most = config->rows_max;
    if (config->layout && layout_rows_max(config->layout) < most)
        most = layout_rows_max(config->layout);
    return most;
}

const char *adapter_ending_name(enum adapter_ending ending)
{
    static const char *const NAMES[ADAPTER_ENDING_COUNT] = {
        [ADAPTER_ACCEPTED] = "accepted",
        [ADAPTER_NEXT] = "next",
        [ADAPTER_OUTCOMES] = "outcomes",
        [ADAPTER_NOT_READY] = "not-ready",
        [ADAPTER_UNKNOWN_TASK] = "unknown-task",
        [ADAPTER_EXISTS] = "exists",
        [ADAPTER_OTHER_CONTENT] = "other-content",
        [ADAPTER_EXPIRED] = "expired",
        [ADAPTER_KEY_GIVEN] = "key-given",
        [ADAPTER_LISTED] = "listed",
        [ADAPTER_BUSY] = "busy",
        [ADAPTER_BODY_REFUSED] = "body-refused",
        [ADAPTER_SETUP_REFUSED] = "setup-refused",
        [ADAPTER_BY_STATUS] = "by-status",
        [ADAPTER_MALFORMED] = "malformed",
    };

    return NAMES[ending];
}

void adapter_draft_done(struct adapter_draft *draft)
{
    buf_done(&draft->message);
}

void adapter_signature_done(struct adapter_signature *signature)
{
    buf_done(&signature->bytes);
}

void adapter_request_done(struct adapter_request *request)
{
    buf_done(&request->url);
    buf_done(&request->body);
    for (size_t i = 0; i < request->header_count; i++)
        buf_done(&request->headers[i]);
    request->header_count = 0;
}

void adapter_result_done(struct adapter_result *result)
{
    free(result->outcomes);
    result->outcomes = NULL;
    result->outcome_count = 0;
}

void adapter_page_done(struct adapter_page *page)
{
    free(page->rows);
    page->rows = NULL;
    page->count = 0;
}

void adapter_header_add(struct adapter_request *request, const char *name, const char *value)
{
    struct buf *header;

    if (request->header_count == ADAPTER_HEADERS_MAX)
        abort(); /* an adapter adds a fixed number: more is a mistake in its source */
    header = &request->headers[request->header_count++];
    *header = BUF_INIT;
    buf_add_text(header, name);
    buf_add_text(header, ": ");
    buf_add_text(header, value);
}

void adapter_words_copy(struct span words, char *out, size_t bytes)
{
    words = utf8_cut(words, bytes - 1);
    for (size_t i = 0; i < words.bytes; i++)
        out[i] = (unsigned char)words.at[i] < ' ' || words.at[i] == 0x7f ? ' ' : words.at[i];
    out[words.bytes] = '\0';
}
