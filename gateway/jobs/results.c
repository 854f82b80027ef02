#include "gateway/jobs/results.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/jobs/listing.h"

enum { OBLIGATION_SHOWN = 12, NAME_COLUMNS = 40 };

static const struct listing_column COLUMNS[] = {
    {"结果", "result", 0, false},
    {"记录", "record", 0, false},
    {"版本", "version", 0, true},
    {"任务", "obligation", 0, false},
    {"企业", "enterprise", NAME_COLUMNS, false},
    {"说明", "what to know", 0, false},
};
enum { CELL_RESULT, CELL_RECORD, CELL_VERSION, CELL_OBLIGATION, CELL_NAME, CELL_NOTE, CELL_COUNT };

struct results {
    struct work *work;
    struct listing *listing;
    struct tally tally;
    uint64_t reported;
    bool wakes;
    size_t batch; /* the last one that the courier was woken for */
    const uint64_t *deliveries;
    const struct results_closing *closing;
    struct buf json;
    struct buf name;
    struct buf hold;
};

/* One row under construction; empty texts are null. */
struct line {
    const char *result; /* "done", "refused", "unchanged" */
    const char *record;
    uint32_t version;
    char obligation[33];
    struct span name;
    const struct error *refusal;
    const char *note;
    const char *other_member; /* "delivery", "channel" */
    const char *other;
};

bool results_new(struct work *work, struct results **out, struct error *err)
{
    AUTO(results_free) struct results *results = memory_new(sizeof *results);

    results->work = work;
    if (!listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &results->listing, err))
        return false;
    *out = TAKE(results);
    return true;
}

void results_free(struct results *results)
{
    if (!results)
        return;
    listing_free(results->listing);
    buf_done(&results->json);
    buf_done(&results->name);
    buf_done(&results->hold);
    free(results);
}

struct tally *results_tally(struct results *results)
{
    return &results->tally;
}

void results_set_deliveries(struct results *results, const uint64_t *deliveries)
{
    results->deliveries = deliveries;
}

void results_wake_courier(struct results *results)
{
    results->wakes = true;
    results->batch = SIZE_MAX;
}

static void wake(struct results *results, size_t index)
{
    if (!results->wakes || index / COMMAND_BATCH == results->batch)
        return;
    results->batch = index / COMMAND_BATCH;
    work_wake_courier(results->work);
}

static void member(struct buf *out, const char *before, const char *text)
{
    buf_add_text(out, before);
    if (text && *text)
        json_string_add(out, span_of(text));
    else
        buf_add_text(out, "null");
}

static void line_json(struct results *results, const struct line *line, const char *message)
{
    struct buf *out = &results->json;

    buf_clear(out);
    member(out, "{\"record\":", line->record);
    if (line->version)
        json_count_add(out, ",\"version\":", line->version);
    else
        buf_add_text(out, ",\"version\":null");
    member(out, ",\"obligation\":", line->obligation);
    buf_add_text(out, ",\"name\":");
    if (line->name.bytes > 0)
        json_string_add(out, line->name);
    else
        buf_add_text(out, "null");
    if (line->other_member) {
        buf_addf(out, ",\"%s\":", line->other_member);
        json_string_add(out, span_of(line->other));
    }
    member(out, ",\"result\":", line->result);
    member(out, ",\"rule\":", line->refusal ? line->refusal->rule : NULL);
    member(out, ",\"message\":", message);
    buf_add_byte(out, '}');
}

static const char *result_word(const struct results *results, const char *result)
{
    static const struct {
        const char *slug;
        const char *zh;
    } WORDS[] = {{"done", "完成"}, {"refused", "拒绝"}, {"unchanged", "未变"}};

    for (size_t i = 0; work_is_chinese(results->work) && i < COUNT_OF(WORDS); i++) {
        if (strcmp(WORDS[i].slug, result) == 0)
            return WORDS[i].zh;
    }
    return result;
}

static void add_line(struct results *results, const struct line *line)
{
    AUTO(buf_done) struct buf note = BUF_INIT;
    const char *message = line->refusal ? error_text(line->refusal, results->work->lang) : line->note;
    char version[12] = "";
    struct span cells[CELL_COUNT];

    line_json(results, line, message);
    if (line->version)
        snprintf(version, sizeof version, "%u", line->version);
    if (results->deliveries && !message)
        buf_addf(&note, "%s %s", work_say(results->work, "报送", "delivery"), line->other);
    buf_add_text(&note, message ? message : "");
    if (line->refusal && line->refusal->rule[0])
        buf_addf(&note, " [%s]", line->refusal->rule);
    cells[CELL_RESULT] = span_of(result_word(results, line->result));
    cells[CELL_RECORD] = span_of(line->record && *line->record ? line->record : line->other);
    cells[CELL_VERSION] = span_of(version);
    cells[CELL_OBLIGATION] = utf8_cut(span_of(line->obligation), OBLIGATION_SHOWN);
    cells[CELL_NAME] = line->name;
    cells[CELL_NOTE] = buf_span(&note);
    listing_row(results->listing, cells, buf_span(&results->json));
}

/* --- who it is about --- */

static bool name_of_obligation(struct results *results, struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES])
{
    struct obligation_version version;
    struct obligation row;
    struct error ignored;

    if (!obligations_find(txn, id, 0, &version) || !obligations_row(txn, &version, &row, &results->hold, &ignored))
        return false;
    buf_add_span(&results->name, row.field[COLUMN_NAME]);
    return true;
}

static bool name_of_record(struct results *results, struct store_txn *txn, const char *record, struct line *line)
{
    struct record_version version;
    struct error ignored;

    if (!records_load(txn, span_of(record), 0, &version, &results->hold, &ignored))
        return false;
    buf_add_span(&results->name, version.record.name);
    obligation_id_text(version.record.obligation, line->obligation);
    return true;
}

/* Only for the eyes: a name that cannot be read is left out. */
static void find_name(struct results *results, const struct outcome *outcome, struct line *line)
{
    static const uint8_t NONE[OBLIGATION_ID_BYTES] = {0};
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct error ignored;
    bool has_obligation = memcmp(outcome->obligation, NONE, sizeof NONE) != 0;

    buf_clear(&results->name);
    if (has_obligation)
        obligation_id_text(outcome->obligation, line->obligation);
    if (!work_read(results->work, &txn, &ignored))
        return;
    if (has_obligation)
        (void)name_of_obligation(results, txn, outcome->obligation);
    else if (outcome->record[0])
        (void)name_of_record(results, txn, outcome->record, line);
    line->name = buf_span(&results->name);
}

void results_add(const struct outcome *outcome, void *context)
{
    struct results *results = context;
    const char *otherwise = outcome->is_skipped ? "unchanged" : "refused";
    struct line line = {.result = outcome->is_done ? "done" : otherwise,
                        .record = outcome->record,
                        .version = outcome->version,
                        .refusal = outcome->refusal};
    char delivery[24];

    if (results->deliveries) {
        snprintf(delivery, sizeof delivery, "%llu", (unsigned long long)results->deliveries[outcome->index]);
        line.other_member = "delivery";
        line.other = delivery;
    }
    wake(results, outcome->index);
    find_name(results, outcome, &line);
    add_line(results, &line);
    work_progress(results->work, ++results->reported, results->tally.of);
}

void results_refuse(struct results *results, const char *id, const struct error *why)
{
    struct line line = {.result = "refused", .other_member = "id", .other = id, .refusal = why};

    results->tally.refused++;
    add_line(results, &line);
}

void results_unchanged(struct results *results, const char *record, uint32_t version, const char *zh, const char *en)
{
    struct line line = {
        .result = "unchanged", .record = record, .version = version, .note = work_say(results->work, zh, en)};
    struct outcome outcome = {.index = 0};

    snprintf(outcome.record, sizeof outcome.record, "%s", record);
    find_name(results, &outcome, &line);
    results->tally.skipped++;
    add_line(results, &line);
}

void results_other(struct results *results, const char *what, const char *id, const struct error *why)
{
    struct line line = {.result = why ? "refused" : "done", .other_member = what, .other = id, .refusal = why};

    results->tally.done += !why;
    results->tally.refused += why != NULL;
    add_line(results, &line);
}

void results_told(struct results *results, const char *what, const char *id, const char *words)
{
    struct line line = {.result = "done", .other_member = what, .other = id, .note = words};

    results->tally.done++;
    add_line(results, &line);
}

/* --- the reports --- */

static bool write_json(FILE *out, void *context, struct error *err)
{
    struct results *results = context;
    const struct tally *tally = &results->tally;

    fprintf(out, "{\"done\":%llu,\"refused\":%llu,\"skipped\":%llu,\"items\":[", (unsigned long long)tally->done,
            (unsigned long long)tally->refused, (unsigned long long)tally->skipped);
    if (!listing_write_json(results->listing, out, err))
        return false;
    fputs("]}\n", out);
    return true;
}

static bool write_text(FILE *out, void *context, struct error *err)
{
    struct results *results = context;
    const struct tally *tally = &results->tally;
    const struct results_closing *closing = results->closing;

    if (!listing_write_table(results->listing, out, err))
        return false;
    fprintf(out,
            work_is_chinese(results->work) ? "完成 %llu，拒绝 %llu，无需处理 %llu。"
                                           : "%llu done, %llu refused, %llu with nothing to do.",
            (unsigned long long)tally->done, (unsigned long long)tally->refused, (unsigned long long)tally->skipped);
    if (closing && tally->done > 0)
        fprintf(out, "%s%s", work_say(results->work, "", " "), work_say(results->work, closing->zh, closing->en));
    fputc('\n', out);
    return true;
}

bool results_finish(struct results *results, const struct results_closing *closing, struct error *err)
{
    struct work *work = results->work;
    const struct tally *tally = &results->tally;

    results->closing = closing;
    work->exit = tally->refused > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    work->done = tally->done + tally->refused;
    work->of = work->done;
    work_count(work, "done", tally->done);
    work_count(work, "refused", tally->refused);
    work_count(work, "skipped", tally->skipped);
    return work_report(work, "report.txt", write_text, results, err) &&
           work_report(work, "report.json", write_json, results, err);
}
