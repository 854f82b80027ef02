#include "gateway/screening/result.h"

#include <string.h>

#include "base/text.h"
#include "base/walk.h"

static const char HEAD[] = "reference,uscc,name,row,verdict,records,measures,receipt,rule,detail,detail_zh,result\r\n";
static const char *const FORMULA[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};

void screening_result_head(enum screening_format format, bool wants_mark, struct buf *out)
{
    if (format != SCREENING_CSV)
        return;
    buf_add_text(out, wants_mark ? "\xEF\xBB\xBF" : "");
    buf_add_text(out, HEAD);
}

static bool is_formula(struct span text)
{
    for (size_t i = 0; i < COUNT_OF(FORMULA); i++) {
        if (span_starts(text, FORMULA[i]))
            return true;
    }
    return false;
}

static bool needs_quotes(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == ',' || text.at[i] == '"' || text.at[i] == '\n' || text.at[i] == '\r')
            return true;
    }
    return false;
}

/* Between quotes; quotes inside are doubled. */
static void quoted_add(struct buf *out, struct span text)
{
    const char *at = text.at;
    const char *end = text.at + text.bytes;

    while (at < end) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        size_t bytes = (size_t)((quote ? quote + 1 : end) - at);

        buf_add(out, at, bytes);
        if (quote)
            buf_add_byte(out, '"');
        at += bytes;
    }
}

static void cell_add(struct buf *out, struct span text)
{
    bool is_dangerous = text.bytes > 0 && is_formula(text);

    if (!is_dangerous && !needs_quotes(text)) {
        buf_add_span(out, text);
        return;
    }
    buf_add_text(out, is_dangerous ? "\"'" : "\"");
    quoted_add(out, text);
    buf_add_byte(out, '"');
}

/* ["a","b"] → a b */
static void measures_add(struct buf *out, struct span json)
{
    struct span raw = walk_member(json, "measures");
    struct span name, value;
    struct walk walk;
    bool is_first = true;

    if (raw.bytes <= 2 || !walk_begin(&walk, raw))
        return;
    while (walk_next(&walk, &name, &value)) {
        if (!is_first)
            buf_add_byte(out, ' ');
        buf_add_span(out, walk_plain(value));
        is_first = false;
    }
}

static void add_csv(const struct screening_result *result, struct buf *out)
{
    const struct screening_row *row = result->row;
    const struct lookup_facts *facts = result->facts;

    cell_add(out, row->reference);
    buf_add_byte(out, ',');
    cell_add(out, row->uscc);
    buf_add_byte(out, ',');
    cell_add(out, row->name);
    json_count_add(out, ",", row->line);
    buf_add_byte(out, ',');
    if (facts) {
        buf_add_text(out, VERDICT_NAMES[facts->verdict]);
        json_count_add(out, ",", facts->records);
        buf_add_byte(out, ',');
        if (facts->verdict == VERDICT_LISTED)
            measures_add(out, result->json);
    } else {
        buf_add_text(out, ",,");
    }
    buf_add_byte(out, ',');
    buf_add_text(out, result->receipt);
    buf_add_byte(out, ',');
    if (facts) {
        buf_add_text(out, ",,,\"");
    } else {
        cell_add(out, span_of(row->why.rule));
        buf_add_byte(out, ',');
        cell_add(out, span_of(row->why.text));
        buf_add_byte(out, ',');
        cell_add(out, span_of(row->why.zh));
        buf_add_text(out, ",\"");
    }
    quoted_add(out, result->json);
    buf_add_text(out, "\"\r\n");
}

static void text_or_null_add(struct buf *out, struct span text)
{
    if (text.at && text.bytes > 0)
        json_string_add(out, text);
    else
        buf_add_text(out, "null");
}

static void add_ndjson(const struct screening_result *result, struct buf *out)
{
    buf_add_byte(out, '{');
    if (!result->facts) {
        buf_add_text(out, "\"name\":");
        text_or_null_add(out, result->row->name);
        buf_add_text(out, ",\"problem\":");
        buf_add_span(out, result->json);
        buf_add_byte(out, ',');
    }
    buf_add_text(out, "\"reference\":");
    text_or_null_add(out, result->row->reference);
    if (result->facts) {
        buf_add_text(out, ",\"result\":");
        buf_add_span(out, result->json);
    }
    json_count_add(out, ",\"row\":", result->row->line);
    buf_add_text(out, "}\n");
}

void screening_result_add(enum screening_format format, const struct screening_result *result, struct buf *out)
{
    if (format == SCREENING_CSV)
        add_csv(result, out);
    else
        add_ndjson(result, out);
}
