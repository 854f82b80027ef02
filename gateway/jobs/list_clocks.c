/* list_clocks.c - what the law's clocks ask of somebody: reports that are due, publication that ends soon, ends that a
 * channel has not confirmed, receipts that do not come. */
#include <string.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "gateway/clocks/clocks.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"

enum { NAME_COLUMNS = 40 };

static const struct listing_column COLUMNS[] = {
    {"事项", "what", 0, false},
    {"记录或批次", "record or call", 0, false},
    {"企业", "enterprise", NAME_COLUMNS, false},
    {"统一社会信用代码", "code", 0, false},
    {"起算", "since", 0, false},
    {"期限", "due", 0, false},
    {"剩余", "left", 0, true},
    {"现状", "where it stands", 0, false},
};

const char *const KIND_CLOCKS[] = {"report", "ending", "unconfirmed", "receipt", NULL};
enum clock_item { ITEM_REPORT, ITEM_ENDING, ITEM_UNCONFIRMED, ITEM_RECEIPT, ITEM_COUNT };
static const struct {
    const char *zh;
    const char *en;
} ITEM_NAMES[ITEM_COUNT] = {
    {"七个工作日内上报", "report within 7 working days"},
    {"公示将满", "publication ends soon"},
    {"停止公示未确认", "end not confirmed"},
    {"回执超期", "receipt overdue"},
};

static const struct {
    const char *zh;
    const char *en;
} STATE_TEXTS[DELIVERY_STATE_COUNT] = {
    [DELIVERY_QUEUED] = {"已排队", "queued"},
    [DELIVERY_SENDING] = {"发送中", "being sent"},
    [DELIVERY_IN_DOUBT] = {"待查证", "in doubt"},
    [DELIVERY_RECEIVED] = {"对方已接收，待业务回执", "received, no business receipt yet"},
    [DELIVERY_ACKNOWLEDGED] = {"已确认", "acknowledged"},
    [DELIVERY_REFUSED] = {"被拒，须人工处理", "refused: a person must act"},
    [DELIVERY_SUPERSEDED] = {"已被新版本取代", "superseded"},
};
_Static_assert(DELIVERY_STATE_COUNT == DELIVERY_SUPERSEDED + 1, "a text for each state");

static const struct {
    const char *zh;
    const char *en;
} CHANNEL_TEXTS[CHANNEL_COUNT] = {[CHANNEL_CREDIT_GUANGDONG] = {"信用广东", "credit-guangdong"},
                                  [CHANNEL_NATIONAL_PLATFORM] = {"全国信用信息共享平台", "national-platform"},
                                  [CHANNEL_CREDIT_CHINA] = {"信用中国", "credit-china"},
                                  [CHANNEL_FEEDBACK] = {"反馈报送", "feedback"}};
_Static_assert(CHANNEL_COUNT == CHANNEL_FEEDBACK + 1, "a text for each channel");

struct telling {
    struct work *work;
    struct store_txn *txn;
    struct listing *listing;
    struct windows *windows;
    struct calendar *calendar;
    uint64_t counts[ITEM_COUNT];
    uint64_t late;
    uint64_t soon;
    bool is_provisional;
    bool has_failed;
    struct buf hold;
    struct buf state; /* where it stands, in words */
    struct buf more;  /* members of the item that only its kind has, each with a comma before it */
    struct buf json;
    struct error *err;
};

/* One line. */
struct item {
    enum clock_item kind;
    const char *id; /* a record, or a call */
    struct span name;
    struct span uscc;
    int32_t since;
    int32_t due; /* DAY_NONE: none */
    int left;    /* working days; of publication: days */
    bool is_provisional;
};

static const char *say(const struct telling *telling, const char *zh, const char *en)
{
    return work_say(telling->work, zh, en);
}

static void item_json(const struct telling *telling, const struct item *item, struct buf *out)
{
    buf_clear(out);
    lists_text(out, "{\"kind\":", span_of(KIND_CLOCKS[item->kind]));
    lists_text(out, item->kind == ITEM_RECEIPT ? ",\"call\":" : ",\"record\":", span_of(item->id));
    lists_text(out, ",\"name\":", item->name);
    lists_text(out, ",\"uscc\":", item->uscc);
    lists_day(out, ",\"since\":", item->since);
    lists_day(out, ",\"due\":", item->due);
    buf_addf(out, ",\"left\":%d,\"unit\":\"%s\",\"provisional\":%s", item->left,
             item->kind == ITEM_ENDING ? "days" : "working-days", item->is_provisional ? "true" : "false");
    lists_text(out, ",\"state\":", buf_span(&telling->state));
    buf_add_span(out, buf_span(&telling->more));
    buf_add_byte(out, '}');
}

static void add(struct telling *telling, const struct item *item)
{
    char since[DAY_TEXT_BYTES], due[DAY_TEXT_BYTES], left[24];
    struct span cells[COUNT_OF(COLUMNS)];

    snprintf(left, sizeof left, "%d%s", item->left, item->is_provisional ? "?" : "");
    cells[0] = span_of(say(telling, ITEM_NAMES[item->kind].zh, ITEM_NAMES[item->kind].en));
    cells[1] = span_of(item->id);
    cells[2] = item->name;
    cells[3] = item->uscc;
    cells[4] = span_of(day_format(item->since, since));
    cells[5] = item->due == DAY_NONE ? SPAN("-") : span_of(day_format(item->due, due));
    cells[6] = span_of(left);
    cells[7] = buf_span(&telling->state);
    item_json(telling, item, &telling->json);
    listing_row(telling->listing, cells, buf_span(&telling->json));
    telling->counts[item->kind]++;
    telling->is_provisional = telling->is_provisional || item->is_provisional;
}

static void begin_item(struct telling *telling)
{
    buf_clear(&telling->state);
    buf_clear(&telling->more);
}

/* The newest version of a record; its texts are in telling->hold. */
static bool load(struct telling *telling, const char *record, struct record_version *version)
{
    telling->has_failed = !records_load(telling->txn, span_of(record), 0, version, &telling->hold, telling->err);
    return !telling->has_failed;
}

/* --- reports --- */

/* Channel by channel, the oldest version first: the last one seen of the first channel is its newest. */
static bool see_first_channel(const struct delivery *delivery, void *context)
{
    struct delivery *newest = context;

    if (delivery->channel == CHANNEL_CREDIT_GUANGDONG && delivery->version >= newest->version)
        *newest = *delivery;
    return true;
}

static bool say_report(struct telling *telling, const struct record_version *version)
{
    struct delivery newest = {.version = 0};

    if (!outbox_of_record(telling->txn, version->record.id, see_first_channel, &newest, telling->err))
        return false;
    if (newest.version > 0)
        buf_add_text(&telling->state, say(telling, STATE_TEXTS[newest.state].zh, STATE_TEXTS[newest.state].en));
    else if (version->state == RECORD_EFFECTIVE || version->record.version > 1)
        buf_add_text(&telling->state, say(telling, "已生效，未报送", "in force, not pushed"));
    else
        buf_add_text(&telling->state, say(telling, "待复核", "waits for review"));
    return true;
}

static bool add_report(const char *record, int32_t decided_on, void *context)
{
    struct telling *telling = context;
    int32_t today = telling->work->today;
    struct item item = {.kind = ITEM_REPORT, .id = record, .since = decided_on};
    struct record_version version;

    begin_item(telling);
    if (!load(telling, record, &version))
        return false;
    telling->has_failed = !say_report(telling, &version);
    item.name = version.record.name;
    item.uscc = version.record.uscc;
    item.due = clocks_report_due(telling->calendar, decided_on, &item.is_provisional);
    item.left = calendar_working_days_between(telling->calendar, today, item.due, &item.is_provisional);
    telling->late += item.due < today;
    telling->soon += item.due >= today && item.left <= CLOCKS_SOON_DAYS;
    add(telling, &item);
    return !telling->has_failed;
}

static bool tell_reports(struct telling *telling)
{
    return clocks_reports(telling->txn, add_report, telling, telling->err) && !telling->has_failed;
}

/* --- publication --- */

static bool add_ending(const struct clocks_end *end, void *context)
{
    struct telling *telling = context;
    int32_t today = telling->work->today;
    struct item item = {.kind = ITEM_ENDING, .id = end->record, .since = end->decided_on, .due = end->end};
    struct record_version version;

    begin_item(telling);
    if (!load(telling, end->record, &version))
        return false;
    item.name = version.record.name;
    item.uscc = version.record.uscc;
    item.left = end->end - today;
    buf_addf(&telling->state, "%s%s%s", say(telling, SEVERITY_NAMES[end->severity], SEVERITY_SLUGS[end->severity]),
             say(telling, "，", ", "),
             item.left < 0 ? say(telling, "已期满，待系统撤下", "over: about to be taken down")
                           : say(telling, "公示中", "published"));
    add(telling, &item);
    return true;
}

static bool tell_endings(struct telling *telling)
{
    int32_t today = telling->work->today;

    return clocks_ends(telling->txn, telling->windows, today, today + CLOCKS_ENDING_DAYS, add_ending, telling,
                       telling->err) &&
           !telling->has_failed;
}

/* --- ends that nobody confirms --- */

static bool add_unconfirmed(const struct clocks_over *over, void *context)
{
    struct telling *telling = context;
    struct item item = {
        .kind = ITEM_UNCONFIRMED, .id = over->record, .since = day_of_instant(over->since_ms), .due = DAY_NONE};
    struct record_version version;
    const char *before;

    begin_item(telling);
    if (!load(telling, over->record, &version))
        return false;
    item.name = version.record.name;
    item.uscc = version.record.uscc;
    item.left =
        -calendar_working_days_between(telling->calendar, item.since, telling->work->today, &item.is_provisional);
    buf_addf(&telling->state, "%s%s", say(telling, OP_NAMES[over->op], OP_SLUGS[over->op]),
             say(telling, "尚未确认：", ", not confirmed by "));
    lists_text(&telling->more, ",\"op\":", span_of(OP_SLUGS[over->op]));
    buf_add_text(&telling->more, ",\"channels\":[");
    before = "";
    for (int i = 0; i < STAGE_COUNT; i++) {
        if (!over->is_missing[i])
            continue;
        buf_addf(&telling->more, "%s\"%s\"", *before ? "," : "", CHANNEL_NAMES[i]);
        buf_addf(&telling->state, "%s%s", before, say(telling, CHANNEL_TEXTS[i].zh, CHANNEL_TEXTS[i].en));
        before = say(telling, "、", ", ");
    }
    buf_add_byte(&telling->more, ']');
    add(telling, &item);
    return true;
}

static bool tell_unconfirmed(struct telling *telling)
{
    return clocks_unconfirmed(telling->txn, add_unconfirmed, telling, telling->err) && !telling->has_failed;
}

/* --- receipts --- */

static int limit_of(const struct telling *telling, enum channel channel)
{
    int64_t days = telling->work->environment->config->channels[channel].receipt_limit_days;

    return days > 0 ? (int)days : RECEIPT_LIMIT_DAYS;
}

static bool add_receipt(const struct clocks_receipt *receipt, void *context)
{
    struct telling *telling = context;
    AUTO(buf_done) struct buf id = BUF_INIT;
    struct item item = {.kind = ITEM_RECEIPT, .since = day_of_instant(receipt->since_ms)};
    struct call call;

    telling->has_failed = !outbox_call(telling->txn, receipt->call, &call, telling->err);
    if (telling->has_failed)
        return false;
    hex_add(&id, receipt->call, sizeof receipt->call);
    item.id = buf_text(&id);
    item.due = calendar_working_days_after(telling->calendar, item.since, limit_of(telling, receipt->channel),
                                           &item.is_provisional);
    item.left = calendar_working_days_between(telling->calendar, telling->work->today, item.due, &item.is_provisional);
    begin_item(telling);
    buf_addf(&telling->state,
             work_is_chinese(telling->work) ? "%s：%u 行待业务回执" : "%s: %u rows without a business receipt",
             say(telling, CHANNEL_TEXTS[receipt->channel].zh, CHANNEL_TEXTS[receipt->channel].en), call.open_rows);
    lists_text(&telling->more, ",\"channel\":", span_of(CHANNEL_NAMES[receipt->channel]));
    json_count_add(&telling->more, ",\"open_rows\":", call.open_rows);
    add(telling, &item);
    return true;
}

static bool tell_receipts(struct telling *telling)
{
    return clocks_receipts(telling->txn, add_receipt, telling, telling->err) && !telling->has_failed;
}

/* --- the whole --- */

static bool tell_all(struct telling *telling)
{
    static bool (*const KINDS[ITEM_COUNT])(struct telling * telling) = {tell_reports, tell_endings, tell_unconfirmed,
                                                                        tell_receipts};
    AUTO(store_abort) struct store_txn *txn = NULL;
    int only = argument_choice(telling->work->arguments, "kind", KIND_CLOCKS);

    if (!work_read(telling->work, &txn, telling->err) || !clocks_check(txn, telling->err))
        return false;
    telling->txn = txn;
    for (int i = 0; i < ITEM_COUNT; i++) {
        if ((only < 0 || only == i) && !KINDS[i](telling))
            return false;
    }
    return true;
}

static bool load_rules(struct telling *telling)
{
    const char *data = telling->work->environment->config->data;
    AUTO(text_free) char *windows = path_join(data, "schemas/data/publication-windows.json");
    AUTO(text_free) char *calendar = path_join(data, "schemas/data/calendar.json");

    return windows_load(windows, &telling->windows, telling->err) &&
           calendar_load(calendar, &telling->calendar, telling->err);
}

static void closing_add(const struct telling *telling, struct buf *out)
{
    const uint64_t *counts = telling->counts;

    buf_addf(out,
             work_is_chinese(telling->work)
                 ? "待上报 %llu 项（超期 %llu，两个工作日内到期 %llu）；30 日内公示期满 %llu 项；停止公示未确认 %llu "
                   "项；回执超期 %llu 批。"
                 : "%llu to report (%llu late, %llu due within two working days); publication of %llu ends within 30 "
                   "days; %llu ends not confirmed; %llu receipts overdue.",
             (unsigned long long)counts[ITEM_REPORT], (unsigned long long)telling->late,
             (unsigned long long)telling->soon, (unsigned long long)counts[ITEM_ENDING],
             (unsigned long long)counts[ITEM_UNCONFIRMED], (unsigned long long)counts[ITEM_RECEIPT]);
    if (telling->is_provisional)
        buf_add_text(out, say(telling, "标 ? 者涉及尚未公布放假安排的年份，工作日为暂计。",
                              " With ?: a year whose holidays are not announced yet; working days are provisional."));
}

static bool finish(struct telling *telling)
{
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(buf_done) struct buf closing = BUF_INIT;
    char day[DAY_TEXT_BYTES];

    buf_addf(&head,
             "\"on\":\"%s\",\"provisional\":%s,\"late\":%llu,\"soon\":%llu,\"report\":%llu,\"ending\":%llu,"
             "\"unconfirmed\":%llu,\"receipt\":%llu,",
             day_format(telling->work->today, day), telling->is_provisional ? "true" : "false",
             (unsigned long long)telling->late, (unsigned long long)telling->soon,
             (unsigned long long)telling->counts[ITEM_REPORT], (unsigned long long)telling->counts[ITEM_ENDING],
             (unsigned long long)telling->counts[ITEM_UNCONFIRMED], (unsigned long long)telling->counts[ITEM_RECEIPT]);
    closing_add(telling, &closing);
    return lists_finish(telling->work, telling->listing, buf_span(&head), buf_span(&closing), telling->err);
}

bool run_clocks(struct work *work, struct error *err)
{
    struct telling telling = {.work = work, .err = err};
    bool is_good =
        listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &telling.listing, err) &&
        load_rules(&telling) && tell_all(&telling) && finish(&telling);

    listing_free(telling.listing);
    windows_free(telling.windows);
    calendar_free(telling.calendar);
    buf_done(&telling.hold);
    buf_done(&telling.state);
    buf_done(&telling.more);
    buf_done(&telling.json);
    return is_good;
}
