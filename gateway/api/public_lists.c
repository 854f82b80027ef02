/* GET /v1/public/{exits|yellow|red}: for anybody, with or without a client certificate. Nobody is traced here: there is
 * nothing to prove to a reader of what is public, and his address is nobody's business. */
#include "gateway/api/public_lists.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "gateway/api/asking.h"
#include "gateway/api/query.h"
#include "gateway/journal/event.h"
#include "gateway/journal/journal.h"

const char *const LIST_SLUGS[ANNOUNCED_LIST_COUNT] = {"exits", "yellow", "red"};

enum { YEAR_MIN = 1900, YEAR_MAX = 2199 };

const char *list_title(const struct list_request *request)
{
    static const char *const TITLES[ANNOUNCED_LIST_COUNT][2] = {
        {"年度落后产能退出企业名单、设备（生产线）和产能情况", "Outdated capacity retired in a year"},
        {"“黄牌”名单和超标排放企业名单", "Yellow list and excess emissions"},
        {"“红牌”名单和超标排放情节严重的企业名单", "Red list and serious excess emissions"}};

    return TITLES[request->question.list][request->is_english];
}

bool list_admits(const struct visit *visit)
{
    struct api *api = visit->api;
    struct error err;

    if (admission_read(&api->desk, visit->request->peer, &api->admission, &err))
        return true;
    visit_refuse_admission(visit, &err, NULL);
    return false;
}

/* --- what is asked --- */

static const struct query_number YEAR = {.name = "year", .least = YEAR_MIN, .most = YEAR_MAX, .may_be_empty = true};
static const struct query_number LIMIT = {
    .name = "limit", .least = 1, .most = BULLETIN_LIMIT_MAX, .may_be_empty = true};

static bool take_ground(struct list_request *request, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    request->question.ground = -1;
    if (!http_query_of(request->visit->request, "ground", &text) || text.bytes == 0)
        return true;
    for (int i = 0; i < GROUND_COUNT; i++) {
        if (span_is(buf_span(&text), GROUND_SLUGS[i]) || span_is(buf_span(&text), GROUND_NAMES[i]))
            request->question.ground = i;
    }
    return request->question.ground >= 0 ||
           refuse(err, ERR_INVALID, "query.ground", "ground is one of energy, environment, quality, safety, technology",
                  "ground 应为 "
                  "energy（能耗）、environment（环保）、quality（质量）、safety（安全）、technology（技术）之一");
}

static bool take_division(struct list_request *request, struct error *err)
{
    struct span text;
    int64_t number;

    if (!http_query_of(request->visit->request, "division", &request->division) || request->division.bytes == 0)
        return true;
    text = buf_span(&request->division);
    request->question.division = text;
    return (text.bytes <= DIVISION_CODE_BYTES && text.bytes % 2 == 0 && integer_parse(text, &number)) ||
           refuse(err, ERR_INVALID, "query.division", "division is the code of a division or its first 2 or 4 digits",
                  "division 应为行政区划代码，或其前 2 位、前 4 位");
}

static bool take_mark(struct list_request *request, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf mark = BUF_INIT;

    if (!http_query_of(request->visit->request, "from", &text) || text.bytes == 0)
        return true;
    if (!hex_decode(buf_span(&text), &mark) || mark.bytes != ANNOUNCED_MARK_BYTES)
        return refuse(err, ERR_INVALID, "query.from", "from is what `next` of the page before said",
                      "from 应为上一页的 next");
    memcpy(request->question.mark, mark.data, ANNOUNCED_MARK_BYTES);
    request->question.mark_bytes = ANNOUNCED_MARK_BYTES;
    return true;
}

static bool take_lang(struct list_request *request, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (!http_query_of(request->visit->request, "lang", &text) || span_is(buf_span(&text), "zh"))
        return true;
    request->is_english = span_is(buf_span(&text), "en");
    return request->is_english || refuse(err, ERR_INVALID, "query.lang", "lang is zh or en", "lang 应为 zh 或 en");
}

bool list_take(struct list_request *request, struct error *err)
{
    static const size_t ROWS[] = {
        [LIST_JSON] = LISTS_JSON_ROWS, [LIST_CSV] = LISTS_CSV_ROWS, [LIST_HTML] = LISTS_HTML_ROWS};
    struct bulletin_question *question = &request->question;
    const struct api *api = request->visit->api;
    int64_t limit = (int64_t)ROWS[request->form];
    int64_t year;
    int this_year, month, day;

    request->at_ms = clock_now_ms(api->options.clock);
    question->day = day_of_instant(request->at_ms);
    question->windows = api->windows;
    question->divisions = api->divisions;
    day_to_civil(question->day, &this_year, &month, &day);
    year = this_year;
    if (!query_number(request->visit->request, &YEAR, &year, err) ||
        !query_number(request->visit->request, &LIMIT, &limit, err) || !take_ground(request, err) ||
        !take_division(request, err) || !take_mark(request, err) || !take_lang(request, err))
        return false;
    question->year = (int)year;
    question->limit = (size_t)limit;
    return true;
}

void list_query_add(const struct list_request *request, struct buf *out)
{
    const struct bulletin_question *question = &request->question;

    if (question->list == ANNOUNCED_EXITS)
        buf_addf(out, "year=%d&", question->year);
    if (question->ground >= 0)
        buf_addf(out, "ground=%s&", GROUND_SLUGS[question->ground]);
    if (question->division.bytes > 0) /* digits */
        buf_addf(out, "division=%.*s&", (int)question->division.bytes, question->division.at);
}

void list_mark_add(const struct list_request *request, struct buf *out)
{
    hex_add(out, request->page.mark, request->page.mark_bytes);
}

/* --- has it changed --- */

/* RFC 9110 section 5.6.7. */
static void http_date(int64_t at_ms, char text[40])
{
    static const char *const DAYS[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t seconds = at_ms / 1000;
    int32_t day = (int32_t)(seconds / 86400);
    int in_day = (int)(seconds % 86400);
    int year, month, day_of_month;

    day_to_civil(day, &year, &month, &day_of_month);
    snprintf(text, 40, "%s, %02d %s %04d %02d:%02d:%02d GMT", DAYS[day % 7], day_of_month, MONTHS[month - 1], year,
             in_day / 3600, in_day / 60 % 60, in_day % 60);
}

static bool read_state(struct list_request *request, struct store_txn *txn, int64_t *changed_ms, struct error *err)
{
    struct event event;
    struct span bytes;

    request->sequence = journal_size(txn);
    *changed_ms = day_start_ms(request->question.day); /* lists change with the day as well */
    if (request->sequence == 0)
        return store_txn_is_good(txn, err);
    if (!journal_read(txn, request->sequence - 1, &bytes) || !event_parse(bytes, &event, err))
        return store_txn_is_good(txn, err) && fail(err, ERR_CORRUPT, "the journal's last event cannot be read");
    if (event.at_ms > *changed_ms && event.at_ms <= request->at_ms)
        *changed_ms = event.at_ms;
    return true;
}

bool list_is_new(struct list_request *request)
{
    const struct visit *visit = request->visit;
    struct span known = http_header_of(visit->request, "if-none-match");
    struct store_txn *txn;
    char day[DAY_TEXT_BYTES], tag[64], date[40];
    int64_t changed_ms;
    struct error err;
    bool is_good;

    txn = api_read(visit->api, &err);
    is_good = txn && read_state(request, txn, &changed_ms, &err);
    if (!is_good) {
        visit_refuse(visit, &err);
        return false;
    }
    snprintf(tag, sizeof tag, "\"%llu-%s-%c%s\"", (unsigned long long)request->sequence,
             day_format(request->question.day, day), "jch"[request->form], request -> is_english ? "e" : "");
    http_date(changed_ms, date);
    http_reply_header(visit->reply, "ETag", tag);
    http_reply_header(visit->reply, "Last-Modified", date);
    /* What was withdrawn or repaired must be gone at once: a copy is asked about before each use, which is cheap. */
    http_reply_header(visit->reply, "Cache-Control", "public, no-cache");
    http_reply_header(visit->reply, "Vary", "Accept");
    if (!memmem(known.at ? known.at : "", known.bytes, tag, strlen(tag)))
        return true;
    visit->reply->status = 304;
    visit->reply->content_type = NULL;
    return false;
}

/* --- the answer --- */

static void add_row(const struct bulletin_row *row, void *context)
{
    const struct list_request *request = context;

    list_row_add(request, row, &request->visit->reply->body);
}

static void link_next(const struct list_request *request)
{
    AUTO(buf_done) struct buf link = BUF_INIT;

    if (request->page.mark_bytes == 0)
        return;
    buf_addf(&link, "</v1/public/%s?", LIST_SLUGS[request->question.list]);
    list_query_add(request, &link);
    buf_addf(&link, "%s%slimit=%zu&from=", request->is_english ? "lang=en&" : "",
             request->form == LIST_CSV ? "format=csv&" : "", request->question.limit);
    list_mark_add(request, &link);
    buf_add_text(&link, ">; rel=\"next\"");
    http_reply_header(request->visit->reply, "Link", buf_text(&link));
}

static void name_file(const struct list_request *request)
{
    char line[80];
    char day[DAY_TEXT_BYTES];

    request->visit->reply->content_type = "text/csv; charset=utf-8; header=present";
    snprintf(line, sizeof line, "attachment; filename=\"%s-%s.csv\"", LIST_SLUGS[request->question.list],
             day_format(request->question.day, day));
    http_reply_header(request->visit->reply, "Content-Disposition", line);
}

static void answer(struct list_request *request)
{
    struct http_reply *reply = request->visit->reply;
    struct api *api = request->visit->api;
    struct error err;

    if (!list_is_new(request)) {
        api_end_read(api);
        return;
    }
    list_head_add(request, &reply->body);
    if (!bulletin_read(api->txn, &request->question, add_row, request, &request->page, &err)) {
        api_end_read(api);
        visit_refuse(request->visit, &err);
        return;
    }
    api_end_read(api);
    list_end_add(request, &reply->body);
    link_next(request);
    if (request->form == LIST_CSV)
        name_file(request);
}

static bool take_form(struct list_request *request, struct error *err)
{
    struct span accept = http_header_of(request->visit->request, "accept");
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (!http_query_of(request->visit->request, "format", &text)) {
        request->form = accept.bytes > 0 && memmem(accept.at, accept.bytes, "text/csv", 8) ? LIST_CSV : LIST_JSON;
        return true;
    }
    request->form = span_is(buf_span(&text), "csv") ? LIST_CSV : LIST_JSON;
    return request->form == LIST_CSV || span_is(buf_span(&text), "json") ||
           refuse(err, ERR_INVALID, "query.format", "format is json or csv", "format 应为 json 或 csv");
}

void public_lists_handle(struct visit *visit)
{
    static const char *const EXITS[] = {"year", "division", "ground", "format", "lang", "limit", "from", NULL};
    struct list_request request = {.visit = visit};
    struct span list = SPAN_NONE;
    struct error err;

    if (!visit_segment(&visit->rest, &list) || visit->rest.bytes > 0)
        list = SPAN_NONE;
    while (request.question.list < ANNOUNCED_LIST_COUNT && !span_is(list, LIST_SLUGS[request.question.list]))
        request.question.list++;
    if (request.question.list == ANNOUNCED_LIST_COUNT) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, EXITS + (request.question.list != ANNOUNCED_EXITS)) ||
        !list_admits(visit))
        return;
    if (take_form(&request, &err) && list_take(&request, &err))
        answer(&request);
    else
        visit_refuse(visit, &err);
    buf_done(&request.division);
}
