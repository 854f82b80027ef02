/* What the stand-in platforms are sent (sandbox/datas.h, report.h, inbox.h): a sender's mistake must become a refusal
 * that can be told, for a stand-in that falls over proves nothing. The first byte chooses what it is. */
#include "fuzz.h"

#include <libxml/parser.h>

#include "base/text.h"
#include "base/time.h"
#include "sandbox/canonical.h"
#include "sandbox/datas.h"
#include "sandbox/inbox.h"
#include "sandbox/receipt.h"
#include "sandbox/report.h"

enum { TODAY = 18414 /* 2020-06-01 */ };

/* The outcome of one row can be told. */
static json_t *outcome_of(const json_t *row)
{
    struct row_verdict verdict = {ROW_TAKEN, ""};
    bool is_fine = rowcheck(row, TODAY, &verdict);
    json_t *outcome = json_pack("{s:O,s:O,s:s,s:s}", "ROWID", json_object_get(row, "ROWID"), "VERSION",
                                json_object_get(row, "VERSION"), "result", verdict.code, "message", verdict.message);

    FUZZ_CHECK(is_fine == (strcmp(verdict.code, ROW_TAKEN) == 0), "%s", verdict.code);
    FUZZ_CHECK(outcome != NULL, "an outcome that cannot be told: %s", verdict.message);
    return outcome;
}

static void try_file(struct span input)
{
    AUTO(buf_done) struct buf receipt = BUF_INIT;
    json_t *rows = NULL;
    json_t *outcomes = json_array();
    struct error err = {.code = ERR_NONE};
    xmlDocPtr document;

    if (datas_read(input, &rows, &err)) {
        for (size_t i = 0; i < json_array_size(rows); i++)
            json_array_append_new(outcomes, outcome_of(json_array_get(rows, i)));
        receipt_add("440003_20200601_00001", outcomes, json_array_size(outcomes), &receipt);
        document = xmlReadMemory(receipt.data, (int)receipt.bytes, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
        FUZZ_CHECK(document != NULL, "a receipt that is no XML: %s", buf_text(&receipt));
        xmlFreeDoc(document);
    } else {
        FUZZ_CHECK(utf8_is_valid(span_of(err.text), NULL), "words that are no text: %s", err.text);
    }
    json_decref(rows);
    json_decref(outcomes);
}

static void try_report(struct span input)
{
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    AUTO(buf_done) struct buf again = BUF_INIT;
    json_t *body = json_loadb(input.at ? input.at : "", input.bytes, JSON_REJECT_DUPLICATES, NULL);
    json_t *rows = NULL;

    if (body && !report_check(body, &canonical)) {
        rows = json_loadb(canonical.data, canonical.bytes, JSON_REJECT_DUPLICATES, NULL);
        FUZZ_CHECK(json_equal(rows, json_object_get(body, "rows")), "another content: %s", buf_text(&canonical));
        FUZZ_CHECK(canonical_add(rows, &again) && span_equal(buf_span(&canonical), buf_span(&again)),
                   "canonical is not canonical: %s", buf_text(&canonical));
        for (size_t i = 0; i < json_array_size(rows); i++)
            json_decref(outcome_of(json_array_get(rows, i)));
    }
    json_decref(rows);
    json_decref(body);
}

static void try_name(struct span input)
{
    struct inbox_name name;

    if (inbox_name_parse("440003", input, &name))
        FUZZ_CHECK(span_is(input, name.text) && name.number >= 1 && name.number <= INBOX_NUMBER_MAX, "%s", name.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = fuzz_span(data, size);

    switch (fuzz_take(&input) % 3) {
    case 0:
        try_report(input);
        break;
    case 1:
        try_file(input);
        break;
    default:
        try_name(input);
        break;
    }
    return 0;
}
