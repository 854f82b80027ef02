#include "gateway/cli/trace.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/client.h"
#include "gateway/cli/columns.h"

/* Strangers may ask about any domain; so many are told apart. */
enum { COUNTED_MAX = 5000, MONTH_BYTES = 7 };

/* Columns, in their order; members of an entry. */
/* New ones come last, so that whoever reads by place goes on reading right. */
static const char *const COLUMNS[] = {"at",    "by",       "domain",     "purpose",     "authorisation",
                                      "uscc",  "as_of",    "verdict",    "status",      "receipt",
                                      "shown", "operator", "department", "matter",      "case",
                                      "name",  "sequence", "rules",      "certificate", "test"};
static const char *const SEARCHED[] = {"uscc", "by", "operator", "department", "domain", "since", "until", "reason"};
static const char *const VERDICTS[] = {"listed", "not-listed", "unknown"};

enum form { FORM_LINES, FORM_CSV, FORM_JSON };

struct trace_export {
    const struct cli *cli;
    enum form form;
    FILE *to;
    json_t *counts; /* NULL: entries are printed; else "month domain" → [asked, listed, not-listed, unknown, refused] */
    struct buf line;
};

/* --- entries --- */

void trace_cell_add(struct span text, struct buf *out)
{
    buf_add_byte(out, '"');
    if (text.bytes && strchr("=+-@\t\r", text.at[0]) && text.at[0])
        buf_add_byte(out, '\'');
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, text.at[i]);
    }
    buf_add_byte(out, '"');
}

/* A text as it is, null as nothing, anything else as JSON. */
static void value_add(const json_t *value, struct buf *out)
{
    AUTO(text_free) char *text = NULL;

    if (!value || json_is_null(value))
        return;
    if (json_is_string(value)) {
        buf_add(out, json_string_value(value), json_string_length(value));
        return;
    }
    text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    buf_add_text(out, text ? text : "");
}

static void print_csv(struct trace_export *export, const json_t *entry)
{
    for (size_t i = 0; i < COUNT_OF(COLUMNS); i++) {
        AUTO(buf_done) struct buf value = BUF_INIT;

        value_add(json_object_get(entry, COLUMNS[i]), &value);
        if (i)
            buf_add_byte(&export->line, ',');
        trace_cell_add(buf_span(&value), &export->line);
    }
    buf_add_text(&export->line, "\r\n");
}

static void print_line(struct trace_export *export, const json_t *entry)
{
    static const char *const SHOWN[] = {"at", "by", "domain", "uscc", "verdict", "status", "receipt"};

    for (size_t i = 0; i < COUNT_OF(SHOWN); i++) {
        AUTO(buf_done) struct buf value = BUF_INIT;

        value_add(json_object_get(entry, SHOWN[i]), &value);
        if (i)
            buf_add_text(&export->line, "  ");
        if (value.bytes)
            columns_safe_add(&export->line, buf_span(&value), 0);
        else
            buf_add_byte(&export->line, '-');
    }
    buf_add_byte(&export->line, '\n');
}

static void print_json(struct trace_export *export, const json_t *json)
{
    AUTO(text_free) char *text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);

    buf_addf(&export->line, "%s\n", text ? text : "null");
}

/* --- counts --- */

static void count_at(json_t *counts, size_t place)
{
    json_t *number = json_array_get(counts, place);

    json_integer_set(number, json_integer_value(number) + 1);
}

/* What was answered from the test list is no question about an enterprise. */
static void count(struct trace_export *export, const json_t *entry)
{
    const char *at = json_text_of(entry, "at");
    const char *domain = json_text_of(entry, "domain");
    const char *verdict = json_text_of(entry, "verdict");
    AUTO(buf_done) struct buf key = BUF_INIT;
    json_t *counts;

    if (json_bool_of(entry, "test", false))
        return;
    buf_addf(&key, "%.*s %s", MONTH_BYTES, at ? at : "", domain ? domain : "-");
    if (!json_object_get(export->counts, key.data) && json_object_size(export->counts) >= COUNTED_MAX) {
        buf_clear(&key);
        buf_add_text(&key, "- (other)");
    }
    counts = json_object_get(export->counts, key.data);
    if (!counts) {
        counts = json_pack("[i,i,i,i,i]", 0, 0, 0, 0, 0);
        (void)json_object_set_new(export->counts, key.data, counts);
    }
    count_at(counts, 0);
    for (size_t i = 0; i < COUNT_OF(VERDICTS); i++) {
        if (verdict && strcmp(verdict, VERDICTS[i]) == 0)
            count_at(counts, 1 + i);
    }
    if (!verdict)
        count_at(counts, 1 + COUNT_OF(VERDICTS));
}

static void print_count(struct trace_export *export, struct span month, const char *domain, const json_t *counts)
{
    static const char *const NAMES[] = {"asked", "listed", "not_listed", "unknown", "other"};
    json_t *row = NULL;

    if (export->form == FORM_JSON) {
        row = json_pack("{s:s%,s:s}", "month", month.at, month.bytes, "domain", domain);
        for (size_t i = 0; i < COUNT_OF(NAMES); i++)
            (void)json_object_set(row, NAMES[i], json_array_get(counts, i));
        print_json(export, row);
        json_decref(row);
        return;
    }
    if (export->form == FORM_CSV) {
        trace_cell_add(month, &export->line);
        buf_add_byte(&export->line, ',');
        trace_cell_add(span_of(domain), &export->line);
    } else {
        buf_add_span(&export->line, month);
        buf_add_text(&export->line, "  ");
        columns_safe_add(&export->line, span_of(domain), 0);
    }
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        buf_addf(&export->line, export->form == FORM_CSV ? ",%lld" : "  %lld",
                 (long long)json_integer_value(json_array_get(counts, i)));
    buf_add_text(&export->line, export->form == FORM_CSV ? "\r\n" : "\n");
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void print_counts(struct trace_export *export)
{
    size_t size = json_object_size(export->counts);
    const char **keys = memory_new((size + 1) * sizeof *keys);
    size_t at = 0;
    const char *key;
    json_t *counts;

    json_object_foreach(export->counts, key, counts)
    {
        keys[at++] = key;
    }
    qsort(keys, size, sizeof *keys, compare_keys);
    for (size_t i = 0; i < size; i++) {
        const char *space = strchr(keys[i], ' ');

        print_count(export, (struct span){keys[i], (size_t)(space - keys[i])}, space + 1,
                    json_object_get(export->counts, keys[i]));
    }
    free(keys);
}

/* --- the pages --- */

static void print_head(struct trace_export *export)
{
    if (export->form == FORM_CSV && export->counts) {
        buf_add_text(&export->line, "month,domain,asked,listed,not_listed,unknown,other\r\n");
        return;
    }
    if (export->counts && export->form == FORM_LINES) {
        buf_addf(&export->line, "%s\n",
                 cli_say(export->cli, "月份  领域  查询  在列  不在列  不明  其他（拒绝、查阅留痕）",
                         "month  domain  asked  listed  not listed  unknown  other (refused, readings of the trace)"));
        return;
    }
    for (size_t i = 0; export->form == FORM_CSV && i < COUNT_OF(COLUMNS); i++)
        buf_addf(&export->line, "%s%s", COLUMNS[i], i + 1 < COUNT_OF(COLUMNS) ? "," : "\r\n");
}

static void take_entry(struct trace_export *export, const json_t *entry)
{
    if (export->counts)
        count(export, entry);
    else if (export->form == FORM_CSV)
        print_csv(export, entry);
    else if (export->form == FORM_JSON)
        print_json(export, entry);
    else
        print_line(export, entry);
}

static bool flush(struct trace_export *export, struct error *err)
{
    bool is_good = fwrite(buf_text(&export->line), 1, export->line.bytes, export->to) == export->line.bytes &&
                   fflush(export->to) == 0;

    buf_clear(&export->line);
    return is_good || fail(err, ERR_IO, "the export could not be written whole: %m");
}

static bool all_pages(struct trace_export *export, const json_t *arguments, struct error *err)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(buf_done) struct buf searched = BUF_INIT;
    int64_t from = 0, end = -1;

    for (size_t i = 0; i < COUNT_OF(SEARCHED); i++) {
        if (!*cli_text(arguments, SEARCHED[i]))
            continue;
        buf_addf(&searched, "&%s=", SEARCHED[i]);
        client_escape(&searched, cli_text(arguments, SEARCHED[i]));
    }
    if (!client_new(export->cli, &client, err))
        return false;
    print_head(export);
    while (from >= 0) {
        AUTO(buf_done) struct buf path = BUF_INIT;
        AUTO(json_release) json_t *page = NULL;
        size_t i;
        const json_t *entry;

        buf_addf(&path, "/admin/v1/trace?from=%lld%s", (long long)from, buf_text(&searched));
        if (end >= 0)
            buf_addf(&path, "&end=%lld", (long long)end);
        if (!client_get_json(client, path.data, &page, err))
            return false;
        json_array_foreach(json_object_get(page, "entries"), i, entry)
        {
            take_entry(export, entry);
        }
        if (!flush(export, err))
            return false;
        from = json_integer_of(page, "next", -1);
        end = json_integer_of(page, "end", 0);
    }
    if (export->counts)
        print_counts(export);
    return flush(export, err);
}

/* --- the command --- */

/* Only a whole export gets the name. */
static bool into_file(struct trace_export *export, const char *file, const json_t *arguments, struct error *err)
{
    AUTO(buf_done) struct buf part = BUF_INIT;
    mode_t before = umask(077);
    bool is_good;

    buf_addf(&part, "%s.part", file);
    export->to = fopen(part.data, "we");
    umask(before);
    if (!export->to)
        return file_fail(err, part.data, "cannot create");
    is_good = all_pages(export, arguments, err);
    if (is_good && fsync(fileno(export->to)) != 0)
        is_good = file_fail(err, part.data, "cannot sync");
    fclose(export->to);
    if (is_good && rename(part.data, file) != 0)
        is_good = file_fail(err, file, "cannot rename into place");
    if (!is_good)
        unlink(part.data);
    return is_good;
}

int trace_run(struct cli *cli, json_t *arguments)
{
    AUTO(json_release) json_t *counts = cli_flag(arguments, "counts") ? json_object() : NULL;
    struct trace_export export = {.cli = cli,
                                  .form = cli_flag(arguments, "csv") ? FORM_CSV
                                          : cli->prints_json         ? FORM_JSON
                                                                     : FORM_LINES,
                                  .to = stdout,
                                  .counts = counts,
                                  .line = BUF_INIT};
    const char *file = cli_text(arguments, "out");
    struct error err;
    bool is_good = *file ? into_file(&export, file, arguments, &err) : all_pages(&export, arguments, &err);

    buf_done(&export.line);
    return is_good ? CLI_OK : cli_fail(cli, &err);
}
