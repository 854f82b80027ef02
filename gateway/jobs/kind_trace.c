/* kind_trace.c - the trace, searched from end to end, as files. Reading it is traced as every reading is: an entry of
 * its own in the domain "(trace)", with who, why, what was searched for and the digest of report.csv, on disk before
 * there are any files to be had. */
#include <stdio.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/jobs/exhibit.h"
#include "gateway/jobs/kinds.h"
#include "gateway/trace/match.h"
#include "gateway/trace/trace.h"

enum { PROGRESS_EVERY = 1000 };

/* In the order of their names in an entry where the eyes do not want another. */
static const struct {
    const char *member;
    struct exhibit_column column;
} MEMBERS[] = {
    {"at", {"时间", "at", 26}},
    {"by", {"查询系统或人员", "by", 18}},
    {"department", {"对方部门", "department", 18}},
    {"operator", {"对方操作员", "operator", 14}},
    {"domain", {"领域", "domain", 18}},
    {"purpose", {"目的", "purpose", 18}},
    {"matter", {"事项", "matter", 18}},
    {"case", {"案号", "case", 18}},
    {"authorisation", {"授权或查阅范围", "authorisation", 22}},
    {"uscc", {"信用代码", "code", 21}},
    {"name", {"名称", "name", 26}},
    {"as_of", {"截至", "as of", 16}},
    {"verdict", {"结论", "verdict", 11}},
    {"status", {"状态码", "status", 8}},
    {"refusal", {"拒绝依据", "refusal", 18}},
    {"from", {"来源地址", "from", 16}},
    {"reason", {"理由", "reason", 18}},
    {"receipt", {"回执号", "receipt", 36}},
    {"answer_sha256", {"答复 SHA-256", "answer's SHA-256", 20}},
    {"test", {"测试", "test", 7}},
};
_Static_assert(COUNT_OF(MEMBERS) <= EXHIBIT_COLUMNS_MAX, "there is room for all");

struct reading {
    struct work *work;
    struct trace_wanted wanted;
    uint64_t looked;
    uint64_t rows;
    bool is_cut;
};

/* A text as it is, null as nothing, anything else as JSON. */
static struct span value_of(struct span entry, const char *member, struct buf *hold)
{
    struct span raw = walk_member(entry, member);
    struct span text;

    buf_clear(hold);
    if (raw.bytes == 0 || span_is(raw, "null"))
        return SPAN("");
    return walk_text(raw, hold, &text) ? text : raw;
}

static bool add_row(struct exhibit *exhibit, struct span entry, bool *is_full, struct error *err)
{
    struct buf holds[COUNT_OF(MEMBERS)] = {BUF_INIT};
    struct span cells[COUNT_OF(MEMBERS)];
    bool is_good;

    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        cells[i] = value_of(entry, MEMBERS[i].member, &holds[i]);
    is_good = exhibit_row(exhibit, cells, is_full, err);
    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        buf_done(&holds[i]);
    return is_good;
}

static bool fill(struct exhibit *exhibit, void *context, struct error *err)
{
    struct reading *reading = context;
    AUTO(text_free) char *folder = config_state_path(reading->work->environment->config, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint64_t size;

    if (!trace_log_open(folder, &log, err))
        return false;
    size = trace_log_size(log);
    for (uint64_t i = 0; i < size && !reading->is_cut; i++) {
        if (i % PROGRESS_EVERY == 0)
            work_progress(reading->work, i, size);
        buf_clear(&entry);
        if (!trace_log_read(log, i, &entry, err))
            return false;
        reading->looked++;
        if (trace_fits(&reading->wanted, buf_span(&entry)) &&
            !add_row(exhibit, buf_span(&entry), &reading->is_cut, err))
            return false;
    }
    reading->rows = exhibit_rows(exhibit);
    return true;
}

static void take_wanted(const json_t *arguments, struct trace_wanted *out)
{
    *out = (struct trace_wanted){.uscc = span_of(argument_text(arguments, "uscc")),
                                 .by = span_of(argument_text(arguments, "by")),
                                 .operator= span_of(argument_text(arguments, "operator")),
                                 .department = span_of(argument_text(arguments, "department")),
                                 .domain = span_of(argument_text(arguments, "domain")),
                                 .since = span_of(argument_text(arguments, "since")),
                                 .until = span_of(argument_text(arguments, "until"))};
}

static bool trace_reading(const struct reading *reading, const uint8_t sha256[32], char receipt[TRACE_RECEIPT_BYTES],
                          struct error *err)
{
    static const char *const NAMES[] = {"by", "operator", "department", "domain", "since", "until"};
    const struct work *work = reading->work;
    AUTO(text_free) char *folder = config_state_path(work->environment->config, "trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    AUTO(buf_done) struct buf what = BUF_INIT;
    struct trace_entry entry = {.at_ms = clock_now_ms(work->environment->clock),
                                .receipt = receipt,
                                .by = span_of(work->spec->person),
                                .domain = SPAN("(trace)"),
                                .purpose = span_of(argument_text(work->arguments, "reason")),
                                .uscc = reading->wanted.uscc,
                                .status = 200,
                                .answer_sha256 = sha256};

    buf_add_text(&what, "export");
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (argument_text(work->arguments, NAMES[i])[0])
            buf_addf(&what, " %s=%s", NAMES[i], argument_text(work->arguments, NAMES[i]));
    }
    entry.authorisation = buf_span(&what);
    if (!trace_writer_open(folder, &writer, err))
        return false;
    trace_next_receipt(writer, receipt);
    trace_add(writer, &entry);
    return trace_flush(writer, err);
}

/* --- the report --- */

struct told {
    const struct reading *reading;
    const char *receipt;
    const uint8_t *sha256;
};

static bool write_json(FILE *out, void *context, struct error *err)
{
    const struct told *told = context;
    AUTO(buf_done) struct buf hex = BUF_INIT;

    (void)err;
    hex_add(&hex, told->sha256, 32);
    fprintf(out, "{\"count\":%llu,\"cut\":%s,\"looked\":%llu,\"receipt\":\"%s\",\"sha256\":\"%s\"}\n",
            (unsigned long long)told->reading->rows, told->reading->is_cut ? "true" : "false",
            (unsigned long long)told->reading->looked, told->receipt, buf_text(&hex));
    return true;
}

static bool write_text(FILE *out, void *context, struct error *err)
{
    const struct told *told = context;
    const struct work *work = told->reading->work;

    (void)err;
    fprintf(out,
            work_is_chinese(work) ? "导出 %llu 条（共查阅 %llu 条）。本次查阅已留痕：%s。\n"
                                  : "%llu entries of %llu that were looked at. This reading is traced: %s.\n",
            (unsigned long long)told->reading->rows, (unsigned long long)told->reading->looked, told->receipt);
    if (told->reading->is_cut)
        fputs(work_say(work, "后面还有更多：请缩小查询范围。\n", "There are more: narrow the search.\n"), out);
    return true;
}

bool run_trace_export(struct work *work, struct error *err)
{
    struct reading reading = {.work = work};
    struct exhibit_column columns[COUNT_OF(MEMBERS)];
    struct exhibit_form form = {"查询留痕", "trace", columns, COUNT_OF(MEMBERS)};
    char receipt[TRACE_RECEIPT_BYTES] = "";
    uint8_t sha256[32];
    struct told told = {&reading, receipt, sha256};

    for (size_t i = 0; i < COUNT_OF(MEMBERS); i++)
        columns[i] = MEMBERS[i].column;
    take_wanted(work->arguments, &reading.wanted);
    if (!exhibit_write(work, &form, fill, &reading, sha256, err))
        return false;
    if (!trace_reading(&reading, sha256, receipt, err)) {
        exhibit_remove(work);
        return false;
    }
    work->done = work->of = reading.looked;
    work_count(work, "count", reading.rows);
    return work_report(work, "report.json", write_json, &told, err) &&
           work_report(work, "report.txt", write_text, &told, err);
}
