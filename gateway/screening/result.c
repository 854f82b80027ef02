#include "gateway/screening/result.h"

#include "base/csv.h"
#include "base/text.h"
#include "base/walk.h"

static const char HEAD[] = "reference,uscc,name,row,verdict,records,measures,receipt,rule,detail,detail_zh,result\r\n";
void screening_result_head(enum screening_format format, bool wants_mark, struct buf *out)
{
    if (format != SCREENING_CSV)
        return;
    buf_add_text(out, wants_mark ? "\xEF\xBB\xBF" : "");
    buf_add_text(out, HEAD);
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

    csv_cell_add(out, row->reference, CSV_FOR_PROGRAMS);
    buf_add_byte(out, ',');
    csv_cell_add(out, row->uscc, CSV_FOR_PROGRAMS);
    buf_add_byte(out, ',');
    csv_cell_add(out, row->name, CSV_FOR_PROGRAMS);
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
        csv_cell_add(out, span_of(row->why.rule), CSV_FOR_PROGRAMS);
        buf_add_byte(out, ',');
        csv_cell_add(out, span_of(row->why.text), CSV_FOR_PROGRAMS);
        buf_add_byte(out, ',');
        csv_cell_add(out, span_of(row->why.zh), CSV_FOR_PROGRAMS);
        buf_add_text(out, ",\"");
    }
    csv_quoted_add(out, result->json);
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
