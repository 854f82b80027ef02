/* `creditgate show`: the life of a record as it stands in the journal, or what is known of an enterprise. */
#include "gateway/cli/show.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/cli/client.h"
#include "gateway/cli/columns.h"
#include "gateway/cli/words.h"

enum { INDENT = 4, DEEPER = 8, BODY_COLUMNS_MAX = 2000 };

struct page {
    const struct cli *cli;
    FILE *to;
    const char *record; /* whose life this is; NULL: of no one record */
};

static const char *say(const struct page *page, const char *zh, const char *en)
{
    return cli_say(page->cli, zh, en);
}

static void print_text(const struct page *page, const char *text, size_t indent)
{
    AUTO(buf_done) struct buf safe = BUF_INIT;

    columns_safe_add(&safe, span_of(text), indent);
    fputs(buf_text(&safe), page->to);
}

/* "label: text", when there is a text. */
static void print_line(const struct page *page, size_t indent, const char *label, const char *text)
{
    if (!text || !*text)
        return;
    fprintf(page->to, "%*s%s%s", (int)indent, "", label, say(page, "：", ": "));
    print_text(page, text, indent + INDENT);
    fputc('\n', page->to);
}

static void print_instant(const struct page *page, const char *rfc3339)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    columns_instant_add(&text, rfc3339);
    fputs(text.data, page->to);
}

/* "提出：author 2026-08-03 09:00:00 [#5]" */
static void print_deed(const struct page *page, const char *label, const char *by, const char *at, int64_t sequence)
{
    fprintf(page->to, "%*s%s%s", INDENT, "", label, say(page, "：", ": "));
    print_text(page, words_person(page->cli, by), 0);
    fputs("  ", page->to);
    print_instant(page, at);
    fprintf(page->to, "  #%lld\n", (long long)sequence);
}

/* --- deliveries --- */

static bool names(const json_t *row, const char *record)
{
    const char *member;
    const json_t *value;

    json_object_foreach((json_t *)row, member, value)
    {
        if (json_is_string(value) && strcmp(json_string_value(value), record) == 0)
            return true;
    }
    return false;
}

/* The object in one of the lists of an answer, or of an object in it, that names this record. Borrowed; NULL when there
 * is none. */
static const json_t *own_row(const struct page *page, const json_t *answer, size_t *of, bool goes_deeper)
{
    const json_t *found = NULL;
    const char *member;
    const json_t *list;
    size_t i;
    const json_t *row;

    json_object_foreach((json_t *)answer, member, list)
    {
        if (goes_deeper && json_is_object(list))
            found = own_row(page, list, of, false);
        json_array_foreach(list, i, row)
        {
            if (names(row, page->record)) {
                *of = json_array_size(list);
                return row;
            }
        }
        if (found)
            return found;
    }
    return NULL;
}

/* The tag of an XML answer that names this record, and how many of its name there are. */
static struct span own_tag(const struct page *page, const char *body, size_t *of)
{
    AUTO(buf_done) struct buf quoted = BUF_INIT;
    AUTO(buf_done) struct buf name = BUF_INIT;
    const char *at;
    const char *from;
    const char *end;

    buf_addf(&quoted, "\"%s\"", page->record);
    at = strstr(body, buf_text(&quoted));
    from = at ? memrchr(body, '<', (size_t)(at - body)) : NULL;
    end = at ? strchr(at, '>') : NULL;
    if (!from || !end)
        return SPAN_NONE;
    buf_add(&name, from, strcspn(from, " "));
    buf_add_byte(&name, ' ');
    *of = 0;
    for (at = body; (at = strstr(at, buf_text(&name))) != NULL; at++)
        ++*of;
    return (struct span){from, (size_t)(end + 1 - from)};
}

/* An answer speaks of all rows that went in one call: what it says of this record is what is asked for here. */
static bool print_own_row(const struct page *page, const char *body)
{
    AUTO(json_release) json_t *answer = NULL;
    AUTO(text_free) char *text = NULL;
    size_t of = 0;
    const json_t *row = NULL;
    struct error ignored;

    if (!page->record)
        return false;
    if (body[0] == '<')
        text = memory_copy_span(own_tag(page, body, &of));
    else if (json_read(span_of(body), strlen(body), &answer, &ignored))
        row = own_row(page, answer, &of, true);
    if (row)
        text = json_dumps(row, JSON_COMPACT);
    if (of < 2)
        return false;
    fprintf(page->to, "%*s", DEEPER + INDENT, "");
    print_text(page, text, DEEPER + INDENT);
    fprintf(page->to, "%s%zu%s\n", say(page, "（同批 ", " (of "), of,
            say(page, " 行中的本记录；全文见 --json）", " rows in one call; --json has all)"));
    return true;
}

static void print_body(const struct page *page, const json_t *receipt)
{
    const char *body = json_text_of(receipt, "body");
    struct span shown = utf8_cut(span_of(body), BODY_COLUMNS_MAX);
    AUTO(text_free) char *copy = memory_copy_span(shown);

    if (!body || !*body || print_own_row(page, body))
        return;
    fprintf(page->to, "%*s", DEEPER + INDENT, "");
    print_text(page, copy, DEEPER + INDENT);
    if (shown.bytes < strlen(body))
        fputs(say(page, " ……（全文见 --json）", " … (--json has all of it)"), page->to);
    fputc('\n', page->to);
}

static void print_receipt(const struct page *page, const json_t *receipt)
{
    fprintf(page->to, "%*s%s  ", DEEPER, "", words_receipt(page->cli, json_text_of(receipt, "kind")));
    print_instant(page, json_text_of(receipt, "at"));
    fprintf(page->to, "  HTTP %lld  %lld %s  #%lld\n", (long long)json_integer_of(receipt, "status", 0),
            (long long)json_integer_of(receipt, "bytes", 0), say(page, "字节", "bytes"),
            (long long)json_integer_of(receipt, "sequence", 0));
    print_body(page, receipt);
}

/* Which fields, and where each is put right. */
static void print_fields(const struct page *page, const json_t *fields)
{
    const json_t *field;
    size_t i;

    json_array_foreach(fields, i, field)
    {
        AUTO(buf_done) struct buf text = BUF_INIT;
        const char *label = json_text_of(field, say(page, "label", "label_en"));
        const char *name = json_text_of(field, "name");
        const char *how = json_text_of(field, say(page, "how_zh", "how"));

        buf_addf(&text, "%s (%s)%s%s", label ? label : "", name ? name : "", say(page, "：", ": "), how ? how : "");
        print_line(page, DEEPER, say(page, "字段", "field"), buf_text(&text));
    }
}

/* Why, what to correct, and how to send it again as it is. */
static void print_refusal(const struct page *page, const json_t *refusal)
{
    print_line(page, DEEPER, say(page, "原因", "why"), json_text_of(refusal, say(page, "why_zh", "why")));
    print_fields(page, json_object_get(refusal, "fields"));
    print_line(page, DEEPER, say(page, "怎么办", "what to do"),
               json_text_of(refusal, say(page, "advice_zh", "advice")));
    print_line(page, DEEPER, say(page, "原样再报", "as it is"),
               json_text_of(refusal, say(page, "requeue_zh", "requeue")));
}

static void print_delivery(const struct page *page, const json_t *delivery)
{
    const char *code = json_text_of(delivery, "code");
    const char *message = json_text_of(delivery, "message");
    int64_t number = json_integer_of(delivery, "delivery", 0); /* 0: held, there is none */
    char changed[INSTANT_TEXT_BYTES];
    size_t i;
    const json_t *receipt;

    fprintf(page->to, "%*s%s%s%s", INDENT, "", say(page, "报送", "delivery to "),
            words_channel(page->cli, json_text_of(delivery, "channel")), say(page, "：", ": "));
    if (number > 0)
        fprintf(page->to, "#%lld  ", (long long)number);
    fprintf(page->to, "%s  ", words_state(page->cli, json_text_of(delivery, "state")));
    print_instant(page, instant_format(json_integer_of(delivery, "changed_ms", 0), changed));
    fprintf(page->to, "  %s %lld\n", say(page, "尝试次数", "attempts"),
            (long long)json_integer_of(delivery, "attempts", 0));
    if (code || message) {
        fprintf(page->to, "%*s%s", DEEPER, "",
                number > 0 ? say(page, "对方结果：", "their result: ") : say(page, "未能报送：", "not told: "));
        print_text(page, code ? code : "-", 0);
        if (message && *message) {
            fputs("  ", page->to);
            print_text(page, message, DEEPER + INDENT);
        }
        fputc('\n', page->to);
    }
    print_refusal(page, json_object_get(delivery, "refusal"));
    print_line(page, DEEPER, say(page, "调用", "call"), json_text_of(delivery, "call"));
    json_array_foreach(json_object_get(delivery, "receipts"), i, receipt)
    {
        print_receipt(page, receipt);
    }
}

/* --- versions --- */

static void print_record(const struct page *page, const json_t *record)
{
    AUTO(buf_done) struct buf classes = BUF_INIT;

    print_line(page, INDENT, say(page, "认定机关", "authority"), json_text_of(record, "listing_authority"));
    print_line(page, INDENT, say(page, "认定文书", "document"), json_text_of(record, "document"));
    print_line(page, INDENT, say(page, "认定日期", "decided on"), json_text_of(record, "decided_on"));
    print_line(page, INDENT, say(page, "主要失信事实", "facts"), json_text_of(record, "facts"));
    if (json_object_get(record, "severity"))
        buf_addf(&classes, "%s  %s", words_severity(page->cli, json_integer_of(record, "severity", -1)),
                 words_scope(page->cli, json_integer_of(record, "scope", -1)));
    print_line(page, INDENT, say(page, "严重程度、使用范围", "severity, scope"), buf_text(&classes));
    print_line(page, INDENT, say(page, "公示截止", "published until"), json_text_of(record, "publication_end"));
    print_line(page, INDENT, say(page, "承诺与整改", "commitment"), json_text_of(record, "statement"));
    print_line(page, INDENT, say(page, "行为已纠正的依据", "act corrected"), json_text_of(record, "corrected"));
    print_line(page, INDENT, say(page, "义务已履行的依据", "duties performed"), json_text_of(record, "duties"));
    print_line(page, INDENT, say(page, "依法", "by law"), json_text_of(record, "statute"));
}

static void print_kids(const struct page *page, const json_t *kids)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    size_t i;
    const json_t *kid;

    json_array_foreach(kids, i, kid)
    {
        buf_addf(&text, "%s%s", i ? ", " : "", json_string_value(kid) ? json_string_value(kid) : "?");
    }
    print_line(page, INDENT, say(page, "签封密钥", "sealed by"), buf_text(&text));
}

static void print_version(const struct page *page, const json_t *version)
{
    bool is_returned = strcmp(json_text_of(version, "state") ? json_text_of(version, "state") : "", "returned") == 0;
    size_t i;
    const json_t *delivery;

    fprintf(page->to, "\n%s%lld%s  %s  %s\n", say(page, "第 ", "version "),
            (long long)json_integer_of(version, "version", 0), say(page, " 版", ""),
            words_op(page->cli, json_text_of(version, "op")), words_state(page->cli, json_text_of(version, "state")));
    print_deed(page, say(page, "提出", "proposed"), json_text_of(version, "proposed_by"),
               json_text_of(version, "proposed_at"), json_integer_of(version, "proposal", 0));
    print_line(page, DEEPER, say(page, "理由", "why"), json_text_of(version, "reason"));
    if (json_text_of(version, "decided_by"))
        print_deed(page, is_returned ? say(page, "退回", "returned") : say(page, "复核通过", "approved"),
                   json_text_of(version, "decided_by"), json_text_of(version, "decided_at"),
                   json_integer_of(version, "decision", 0));
    print_line(page, DEEPER, say(page, "理由", "why"), json_text_of(version, "decision_reason"));
    print_record(page, json_object_get(version, "record"));
    print_kids(page, json_object_get(version, "seal_kids"));
    json_array_foreach(json_object_get(version, "deliveries"), i, delivery)
    {
        print_delivery(page, delivery);
    }
}

/* --- the whole --- */

static void add_instant(struct columns *columns, const char *rfc3339)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    columns_instant_add(&text, rfc3339);
    columns_add(columns, text.data);
}

static void print_events(const struct page *page, const json_t *events)
{
    AUTO(columns_free) struct columns *columns = columns_new(4);
    size_t i;
    const json_t *event;

    fprintf(page->to, "\n%s\n", say(page, "日志中的事件", "events in the journal"));
    columns_add(columns, say(page, "序号", "sequence"));
    columns_add(columns, say(page, "时间", "at"));
    columns_add(columns, say(page, "人员", "by"));
    columns_add(columns, say(page, "事件", "event"));
    json_array_foreach(events, i, event)
    {
        columns_add_number(columns, json_integer_of(event, "sequence", 0));
        add_instant(columns, json_text_of(event, "at"));
        columns_add(columns, words_person(page->cli, json_text_of(event, "by")));
        columns_add(columns, words_event(page->cli, json_text_of(event, "type")));
    }
    columns_print(columns, INDENT, page->to);
}

static void print_basis(const struct page *page, const json_t *basis)
{
    AUTO(columns_free) struct columns *columns = columns_new(4);
    size_t i;
    const json_t *version;

    columns_add(columns, say(page, "任务版本", "version of the order"));
    columns_add(columns, say(page, "状态", "state"));
    columns_add(columns, say(page, "登记时间", "recorded at"));
    columns_add(columns, say(page, "序号", "sequence"));
    json_array_foreach(basis, i, version)
    {
        columns_add_number(columns, json_integer_of(version, "version", 0));
        columns_add(columns, words_state(page->cli, json_text_of(version, "state")));
        add_instant(columns, json_text_of(version, "at"));
        columns_add_number(columns, json_integer_of(version, "sequence", 0));
    }
    columns_print(columns, INDENT, page->to);
}

static void print_life(const struct page *page, const json_t *json)
{
    const json_t *versions = json_object_get(json, "versions");
    const json_t *newest = json_object_get(json_array_get(versions, json_array_size(versions) - 1), "record");
    size_t i;
    const json_t *version;

    print_line(page, 0, say(page, "失信记录", "record"), json_text_of(json, "record"));
    print_line(page, 0, say(page, "企业", "enterprise"), json_text_of(newest, "name"));
    print_line(page, 0, say(page, "统一社会信用代码", "code"), json_text_of(newest, "uscc"));
    print_line(page, 0, say(page, "退出任务", "obligation"), json_text_of(json, "obligation"));
    print_basis(page, json_object_get(json, "basis"));
    json_array_foreach(versions, i, version)
    {
        print_version(page, version);
    }
    print_events(page, json_object_get(json, "events"));
}

static void print_obligation(const struct page *page, const json_t *obligation)
{
    AUTO(columns_free) struct columns *columns = columns_new(5);
    const char *id = json_text_of(obligation, "obligation");
    size_t i;
    const json_t *record;

    fprintf(page->to, "\n%s%s%s  %s  %s  %s%s", say(page, "退出任务", "obligation"), say(page, "：", ": "),
            id ? id : "-", words_ground(page->cli, json_text_of(obligation, "ground")),
            words_state(page->cli, json_text_of(obligation, "state")), say(page, "期限 ", "due "),
            json_text_of(obligation, "due") ? json_text_of(obligation, "due") : "-");
    fputc('\n', page->to);
    json_array_foreach(json_object_get(obligation, "records"), i, record)
    {
        char version[24];

        snprintf(version, sizeof version, "v%lld", (long long)json_integer_of(record, "version", 0));
        columns_add(columns, json_text_of(record, "record"));
        columns_add(columns, version);
        columns_add(columns, words_op(page->cli, json_text_of(record, "op")));
        columns_add(columns, words_state(page->cli, json_text_of(record, "state")));
        columns_add(columns, json_text_of(record, "document"));
    }
    columns_print(columns, INDENT, page->to);
}

void show_print(const struct cli *cli, const json_t *json, FILE *to)
{
    struct page page = {cli, to, json_text_of(json, "record")};
    size_t i;
    const json_t *obligation;

    if (page.record) {
        print_life(&page, json);
        return;
    }
    print_line(&page, 0, say(&page, "企业", "enterprise"), json_text_of(json, "name"));
    print_line(&page, 0, say(&page, "统一社会信用代码", "code"), json_text_of(json, "uscc"));
    json_array_foreach(json_object_get(json, "obligations"), i, obligation)
    {
        print_obligation(&page, obligation);
    }
}

int show_run(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct error err;

    buf_add_text(&path, "/admin/v1/records/");
    client_escape(&path, cli_id(arguments, 0));
    if (!client_new(cli, &client, &err) || !client_get_json(client, path.data, &json, &err))
        return cli_fail(cli, &err);
    if (cli->prints_json) {
        json_dumpf(json, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        show_print(cli, json, stdout);
    }
    return CLI_OK;
}
