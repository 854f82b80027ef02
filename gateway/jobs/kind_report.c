/* kind_report.c - the reports of gateway/reports, as jobs: counted in one read transaction, written as text, JSON, CSV
 * and a workbook. What counts the trace is itself traced before its report can be read. */
#include <string.h>

#include "base/text.h"
#include "gateway/courier/channel.h"
#include "gateway/jobs/kinds.h"
#include "gateway/reports/table_write.h"
#include "gateway/trace/trace.h"

enum { YEAR_DIGITS = 4, MONTH_DIGITS = 2, MONTHS = 12 };

/* --- the period --- */

static bool period_of(const json_t *arguments, struct report_period *out)
{
    struct span year = span_of(argument_text(arguments, "year"));
    struct span month = span_of(argument_text(arguments, "month"));
    int64_t number;

    *out = (struct report_period){0, 0};
    if (year.bytes > 0) {
        if (year.bytes != YEAR_DIGITS || !integer_parse(year, &number) || number < REPORT_YEAR_FIRST ||
            number > REPORT_YEAR_LAST)
            return false;
        out->year = (int)number;
    }
    if (month.bytes > 0) {
        if (month.bytes > MONTH_DIGITS || !integer_parse(month, &number) || number < 1 || number > MONTHS)
            return false;
        out->month = (int)number;
    }
    return true;
}

bool kind_check_period(const json_t *arguments, struct error *err)
{
    struct report_period period;

    return period_of(arguments, &period) ||
           refuse(err, ERR_INVALID, "job.argument", "year is a year from %d on (2026), month 1 to 12",
                  "year 应为 %d 年以后的年份（如 2026），month 应为 1 至 12", REPORT_YEAR_FIRST);
}

/* --- what it is counted with --- */

struct counting {
    struct work *work;
    struct report_source source;
    struct calendar *calendar;
    struct layout *layout;
    struct store_txn *txn;
};

static void counting_done(struct counting *counting)
{
    store_abort(counting->txn);
    layout_free(counting->layout);
    calendar_free(counting->calendar);
}
DEFINE_AUTO_IN_PLACE(struct counting, counting_done)

static bool tell(void *context, uint64_t done, uint64_t of)
{
    work_progress(context, done, of);
    return true;
}

/* A channel that is not set up has no layout: then no code is known, and a refusal is one. */
static bool begin(struct counting *counting, bool needs_store, struct error *err)
{
    struct work *work = counting->work;
    const struct config *config = work->environment->config;
    AUTO(text_free) char *calendar = path_join(config->data, "schemas/data/calendar.json");
    struct error why;

    if (!work_load_rules(work, err) || !calendar_load(calendar, &counting->calendar, err))
        return false;
    if (!channel_layout_load(config, CHANNEL_CREDIT_GUANGDONG, &counting->layout, &why))
        counting->layout = NULL;
    if (needs_store && !work_read(work, &counting->txn, err))
        return false;
    counting->source = (struct report_source){.txn = counting->txn,
                                              .divisions = rules_divisions(work->rules),
                                              .calendar = counting->calendar,
                                              .windows = work->windows,
                                              .layout = counting->layout,
                                              .now_ms = clock_now_ms(work->environment->clock),
                                              .tell = tell,
                                              .context = work};
    return true;
}

static bool count_lookups(const struct report_source *source, const struct report_period *period, struct report *out,
                          struct error *err)
{
    const struct work *work = source->context;
    AUTO(text_free) char *folder = config_state_path(work->environment->config, "trace");

    return report_lookups(source, folder, period, out, err);
}

typedef bool count_report(const struct report_source *source, const struct report_period *period, struct report *out,
                          struct error *err);
/* The log of the trace may take long, and a transaction that is open holds on to pages of the store. */
static const struct report_kind {
    const char *name;
    count_report *count;
    bool needs_store;
} REPORTS[] = {{"report-exits", report_exits, true},
               {"report-lists", report_lists, true},
               {"report-summary", report_summary, true},
               {"report-quality", report_quality, true},
               {"report-lookups", count_lookups, false}};

static const struct report_kind *find_report(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(REPORTS); i++) {
        if (strcmp(REPORTS[i].name, name) == 0)
            return &REPORTS[i];
    }
    return NULL;
}

/* --- what it leaves --- */

/* Who read how often whom was asked about: an entry of its own, on disk before there is a report. */
static bool trace_reading(const struct work *work, const struct report_period *period, struct span answer,
                          struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(work->environment->config, "trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    AUTO(buf_done) struct buf what = BUF_INIT;
    char receipt[TRACE_RECEIPT_BYTES];
    struct trace_entry entry = {.at_ms = clock_now_ms(work->environment->clock),
                                .receipt = receipt,
                                .by = span_of(work->spec->person),
                                .domain = SPAN("(trace)"),
                                .purpose = span_of(argument_text(work->arguments, "reason")),
                                .status = 200,
                                .answer = answer};

    buf_addf(&what, "counts %d", period->year);
    if (period->month)
        buf_addf(&what, "-%02d", period->month);
    entry.authorisation = buf_span(&what);
    if (!trace_writer_open(folder, &writer, err))
        return false;
    trace_next_receipt(writer, receipt);
    trace_add(writer, &entry);
    return trace_flush(writer, err);
}

static bool write_bytes(FILE *out, void *context, struct error *err)
{
    const struct buf *bytes = context;

    (void)err; /* what was not written is found when it is flushed */
    fwrite(bytes->data, 1, bytes->bytes, out);
    return true;
}

static bool leave(const struct work *work, const char *name, struct buf *bytes, struct error *err)
{
    bool is_good = work_report(work, name, write_bytes, bytes, err);

    buf_clear(bytes);
    return is_good;
}

static bool leave_all(struct work *work, const struct report *report, struct error *err)
{
    AUTO(report_sheet_done) struct report_sheet sheet = {.is_chinese = work_is_chinese(work)};
    AUTO(buf_done) struct buf bytes = BUF_INIT;

    report_json_add(report, &bytes);
    if (strcmp(work->spec->kind, "report-lookups") == 0 && !trace_reading(work, &report->period, buf_span(&bytes), err))
        return false;
    if (!leave(work, "report.json", &bytes, err))
        return false;
    report_text_add(report, work_is_chinese(work), &bytes);
    if (!leave(work, "report.txt", &bytes, err))
        return false;
    report_csv_add(report, work_is_chinese(work), &bytes);
    if (!leave(work, JOB_CSV_FILE, &bytes, err))
        return false;
    return report_sheet_begin(report, &sheet, work->folder, err) && report_sheet_end(report, &sheet, &bytes, err) &&
           leave(work, JOB_WORKBOOK_FILE, &bytes, err);
}

static const char *authority_of(const struct config *config)
{
    const char *name = config->channels[CHANNEL_CREDIT_GUANGDONG].provider_name;

    return name && *name ? name : NULL;
}

bool run_report(struct work *work, struct error *err)
{
    AUTO(counting_done) struct counting counting = {.work = work};
    AUTO(report_done) struct report report = {.count = 0};
    const struct report_kind *kind = find_report(work->spec->kind);
    struct report_period period;
    size_t rows = 0;

    if (!kind)
        return fail(err, ERR_INTERNAL, "%s is no report", work->spec->kind);
    if (!period_of(work->arguments, &period))
        return kind_check_period(work->arguments, err);
    if (!begin(&counting, kind->needs_store, err) || !kind->count(&counting.source, &period, &report, err))
        return false;
    store_abort(TAKE(counting.txn)); /* what follows only writes files */
    report.authority = authority_of(work->environment->config);
    for (size_t i = 0; i < report.count; i++)
        rows += table_rows(report.tables[i]);
    work->done = work->of = rows;
    work_count(work, "rows", rows);
    return leave_all(work, &report, err);
}
