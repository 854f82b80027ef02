/* GET /public/: the public lists as a page for people. Chinese first, English by ?lang=en. No script, nothing from
 * another host, and a policy (CSP) under which a mistake in escaping could not run anything either. */
#include <stdio.h>
#include <string.h>

#include "gateway/api/public_lists.h"

/* Every text of the page, zh and en. */
enum word {
    WORD_LANG,
    WORD_SITE,
    WORD_LISTS,
    WORD_FILTERS,
    WORD_YEAR,
    WORD_DIVISION,
    WORD_WHOLE,
    WORD_GROUND,
    WORD_ALL,
    WORD_SHOW,
    WORD_AS_OF,
    WORD_DOWNLOAD,
    WORD_CAPTION,
    WORD_NONE,
    WORD_NO_MORE_HERE,
    WORD_NEXT,
    WORD_FIRST,
    WORD_OBJECT,
    WORD_MASKED,
    WORD_REFUSED,
    WORD_BACK,
    WORD_COUNT
};
static const char *const WORDS[WORD_COUNT][2] = {
    [WORD_LANG] = {"zh-CN", "en"},
    [WORD_SITE] = {"推动落后产能退出公示", "Retirement of outdated capacity: public lists"},
    [WORD_LISTS] = {"名单", "Lists"},
    [WORD_FILTERS] = {"筛选", "Filters"},
    [WORD_YEAR] = {"年度", "Year"},
    [WORD_DIVISION] = {"行政区划", "Division"},
    [WORD_WHOLE] = {"全省", "Whole province"},
    [WORD_GROUND] = {"退出维度", "Ground"},
    [WORD_ALL] = {"全部", "All"},
    [WORD_SHOW] = {"查看", "Show"},
    [WORD_AS_OF] = {"截至", "As of"},
    [WORD_DOWNLOAD] = {"下载本名单：", "Download this list:"},
    [WORD_CAPTION] = {"本页条数", "Entries on this page"},
    [WORD_NONE] = {"没有符合条件的企业。", "No enterprise fits these filters."},
    [WORD_NO_MORE_HERE] = {"本页没有符合条件的企业，请看下一页。", "Nothing fits on this page; there is another one."},
    [WORD_NEXT] = {"下一页", "Next page"},
    [WORD_FIRST] = {"回到第一页", "Back to the first page"},
    [WORD_OBJECT] = {"对公示内容有异议的，请向责令机关或信用中国网站提出；异议处理期间予以标注。",
                     "Objections are raised with the authority or through 信用中国; meanwhile the entry is marked."},
    [WORD_MASKED] = {"个体工商户的名称、代码和设备只显示开头，不公开个人信息。撤销、修复或公示期满的信息不再显示。",
                     "Of individual proprietors only the beginning of name, code and equipment is shown. What was "
                     "withdrawn, repaired or whose publication is over is no longer shown."},
    [WORD_REFUSED] = {"无法显示", "This cannot be shown"},
    [WORD_BACK] = {"返回名单", "Back to the lists"},
};

static const char *const NAVIGATION[ANNOUNCED_LIST_COUNT][2] = {
    {"年度退出企业", "Exits of a year"}, {"“黄牌”与超标排放", "Yellow list"}, {"“红牌”与情节严重", "Red list"}};

static const char *const ABOUT[ANNOUNCED_LIST_COUNT][2] = {
    {"当年已退出落后产能的企业、主体设备（生产线）和产能，接受社会监督（任务分工第25项）。",
     "Enterprises, equipment and capacity retired in the year, for the public to watch (task 25)."},
    {"不达标应限期整改、期限未满的企业（“黄牌”，任务分工第26项）；环保方面为超标排放企业（第27项）。期限届满即不再列入"
     "。",
     "Enterprises that must rectify by a date which is not over (task 26); on the ground of environment those with "
     "excess emissions (task 27)."},
    {"经整改仍不达标、已依法关闭的企业（“红牌”，任务分工第26项）；环保方面为超标排放情节严重、被责令停业、关闭的企业（"
     "第27"
     "项）。自决定之日起至多公示三年。列入“红牌”不等于未按期退出。",
     "Enterprises that still failed and were lawfully closed (task 26); on the ground of environment those ordered to "
     "close for serious excess (task 27). At most three years from the order. Being here does not mean that an exit "
     "was "
     "late."}};

static const char STYLE[] =
    ":root{color-scheme:light;--ink:#1c2430;--soft:#55606e;--line:#d5dbe3;--link:#0b4f9e;--band:#f4f6f9}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;max-width:82rem;padding:1rem 1.25rem 3rem;color:var(--ink);background:#fff;"
    "font:1rem/1.6 \"Noto Sans CJK SC\",\"Source Han Sans SC\",\"Microsoft YaHei\",\"PingFang SC\",sans-serif}"
    "header{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:.25rem 1rem;"
    "border-bottom:3px solid var(--link)}"
    "h1{font-size:1.5rem;margin:.4rem 0}h2{font-size:1.2rem;margin:1.25rem 0 .25rem}"
    "a{color:var(--link)}a:focus-visible,button:focus-visible,select:focus-visible,input:focus-visible{"
    "outline:3px solid #f0a500;outline-offset:2px}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;margin:1rem 0 0;padding:0}"
    "nav a{display:block;padding:.35rem .9rem;border:1px solid var(--line);border-radius:.3rem;text-decoration:none}"
    "nav a[aria-current]{background:var(--link);border-color:var(--link);color:#fff}"
    "p{margin:.35rem 0;max-width:60rem}.soft{color:var(--soft)}"
    "form{display:flex;flex-wrap:wrap;gap:.75rem 1.25rem;align-items:end;margin:1rem 0;padding:.75rem 1rem;"
    "background:var(--band);border-radius:.3rem}"
    "label{display:block;font-size:.9rem;color:var(--soft)}"
    "select,input,button{font:inherit;min-height:2.4rem;padding:.2rem .6rem;border:1px solid #8a94a1;border-radius:"
    ".3rem;background:#fff;color:inherit}input{width:7rem}"
    "button{background:var(--link);border-color:var(--link);color:#fff;padding:.2rem 1.4rem;cursor:pointer}"
    ".table{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.93rem}"
    "caption{text-align:left;color:var(--soft);padding:.25rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.45rem .6rem;border-bottom:1px solid var(--line)}"
    "thead th{background:var(--band)}tbody th{font-weight:600;min-width:13rem}"
    ".number{text-align:right!important;font-variant-numeric:tabular-nums}.day{white-space:nowrap}"
    "footer{margin-top:1.5rem;border-top:1px solid var(--line);font-size:.9rem;color:var(--soft)}"
    "@media print{nav,form,.links{display:none}body{max-width:none;padding:0;font-size:10pt}.table{overflow:visible}"
    "thead{display:table-header-group}tr{break-inside:avoid}a{color:inherit;text-decoration:none}}";

static const char *word(const struct list_request *request, enum word which)
{
    return WORDS[which][request->is_english];
}

static void protect(struct http_reply *reply)
{
    http_reply_header(reply, "Content-Security-Policy",
                      "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
                      "frame-ancestors 'none'");
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
    http_reply_header(reply, "Referrer-Policy", "no-referrer");
}

/* --- parts of the page --- */

static void add_head(const struct list_request *request, const char *title, struct buf *out)
{
    bool is_english = request->is_english;

    buf_addf(out,
             "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
             "content=\"width=device-width,initial-scale=1\"><title>%s · %s</title><link rel=\"stylesheet\" "
             "href=\"/public/style.css\"></head><body>\n<header><h1>%s</h1><a class=\"links\" lang=\"%s\" "
             "hreflang=\"%s\" href=\"/public/?list=%s&amp;",
             word(request, WORD_LANG), title, word(request, WORD_SITE), word(request, WORD_SITE),
             WORDS[WORD_LANG][!is_english], WORDS[WORD_LANG][!is_english], LIST_SLUGS[request->question.list]);
    list_query_add(request, out);
    buf_addf(out, "lang=%s\">%s</a></header>\n", is_english ? "zh" : "en", is_english ? "中文" : "English");
}

static void add_navigation(const struct list_request *request, struct buf *out)
{
    buf_addf(out, "<nav aria-label=\"%s\"><ul>", word(request, WORD_LISTS));
    for (size_t i = 0; i < ANNOUNCED_LIST_COUNT; i++)
        buf_addf(out, "<li><a href=\"/public/?list=%s%s\"%s>%s</a></li>", LIST_SLUGS[i],
                 request->is_english ? "&amp;lang=en" : "", i == request->question.list ? " aria-current=\"page\"" : "",
                 NAVIGATION[i][request->is_english]);
    buf_add_text(out, "</ul></nav>\n");
}

static void add_option(const char *value, const char *text, bool is_chosen, struct buf *out)
{
    buf_addf(out, "<option value=\"%s\"%s>", value, is_chosen ? " selected" : "");
    html_add(out, span_of(text));
    buf_add_text(out, "</option>");
}

/* The cities; a district that was asked for by its code stays chosen. */
static void add_divisions(const struct list_request *request, struct buf *out)
{
    const struct bulletin_question *question = &request->question;
    bool is_listed = question->division.bytes == 0;

    buf_addf(out, "<div><label for=\"division\">%s</label><select id=\"division\" name=\"division\">",
             word(request, WORD_DIVISION));
    add_option("", word(request, WORD_WHOLE), is_listed, out);
    for (int i = 1; i < 100; i++) {
        char code[16], name[64];
        const struct division *city;
        bool is_chosen;

        snprintf(code, sizeof code, "44%02d00", i);
        city = divisions_find(question->divisions, (struct span){code, DIVISION_CODE_BYTES});
        if (!city || city->kind != DIVISION_CITY)
            continue;
        code[4] = '\0';
        is_chosen = span_is(question->division, code);
        is_listed = is_listed || is_chosen;
        snprintf(name, sizeof name, "%.*s", (int)utf8_cut(city->name, sizeof name - 1).bytes, city->name.at);
        add_option(code, name, is_chosen, out);
    }
    if (!is_listed) /* digits */
        add_option(buf_text(&request->division), buf_text(&request->division), true, out);
    buf_add_text(out, "</select></div>");
}

static void add_form(const struct list_request *request, struct buf *out)
{
    const struct bulletin_question *question = &request->question;

    buf_addf(
        out,
        "<form method=\"get\" action=\"/public/\" aria-label=\"%s\"><input type=\"hidden\" name=\"list\" value=\"%s\">",
        word(request, WORD_FILTERS), LIST_SLUGS[question->list]);
    if (request->is_english)
        buf_add_text(out, "<input type=\"hidden\" name=\"lang\" value=\"en\">");
    if (question->list == ANNOUNCED_EXITS)
        buf_addf(out,
                 "<div><label for=\"year\">%s</label><input id=\"year\" name=\"year\" type=\"number\" min=\"1900\" "
                 "max=\"2199\" value=\"%d\"></div>",
                 word(request, WORD_YEAR), question->year);
    add_divisions(request, out);
    buf_addf(out, "<div><label for=\"ground\">%s</label><select id=\"ground\" name=\"ground\">",
             word(request, WORD_GROUND));
    add_option("", word(request, WORD_ALL), question->ground < 0, out);
    for (int i = 0; i < GROUND_COUNT; i++)
        add_option(GROUND_SLUGS[i], request->is_english ? GROUND_SLUGS[i] : GROUND_NAMES[i], question->ground == i,
                   out);
    buf_addf(out, "</select></div><button type=\"submit\">%s</button></form>\n", word(request, WORD_SHOW));
}

static void add_downloads(const struct list_request *request, struct buf *out)
{
    const struct bulletin_question *question = &request->question;
    const char *lang = request->is_english ? "&amp;lang=en" : "";

    buf_addf(out, "<p class=\"links\">%s <a href=\"/v1/public/%s?", word(request, WORD_DOWNLOAD),
             LIST_SLUGS[question->list]);
    list_query_add(request, out);
    buf_addf(out, "format=csv%s\">CSV（Excel）</a> · <a href=\"/v1/public/%s?", lang, LIST_SLUGS[question->list]);
    list_query_add(request, out);
    buf_addf(out, "format=json%s\">JSON</a></p>\n", lang);
}

static void add_top(const struct list_request *request, struct buf *out)
{
    const struct bulletin_question *question = &request->question;
    char title[200], day[DAY_TEXT_BYTES];

    if (question->list == ANNOUNCED_EXITS)
        snprintf(title, sizeof title, request->is_english ? "%2$s (%1$d)" : "%1$d %2$s", question->year,
                 list_title(request));
    else
        snprintf(title, sizeof title, "%s", list_title(request));
    add_head(request, title, out);
    add_navigation(request, out);
    buf_addf(out, "<main><h2>%s</h2><p>%s</p><p class=\"soft\">%s <time>%s</time></p>\n", title,
             ABOUT[question->list][request->is_english], word(request, WORD_AS_OF), day_format(question->day, day));
    add_form(request, out);
}

static void add_pages(const struct list_request *request, struct buf *out)
{
    const char *lang = request->is_english ? "lang=en&amp;" : "";

    buf_add_text(out, "<p class=\"links\">");
    if (request->question.mark_bytes > 0) {
        buf_addf(out, "<a href=\"/public/?%s", lang);
        list_query_add(request, out);
        buf_addf(out, "list=%s\">%s</a> ", LIST_SLUGS[request->question.list], word(request, WORD_FIRST));
    }
    if (request->page.mark_bytes > 0) {
        buf_addf(out, "<a rel=\"next\" href=\"/public/?%s", lang);
        list_query_add(request, out);
        buf_addf(out, "list=%s&amp;from=", LIST_SLUGS[request->question.list]);
        list_mark_add(request, out);
        buf_addf(out, "\">%s</a>", word(request, WORD_NEXT));
    }
    buf_add_text(out, "</p>\n");
}

static void add_end(const struct list_request *request, struct buf *out)
{
    buf_addf(out, "</main>\n<footer><p>%s</p><p>%s</p></footer>\n</body></html>\n", word(request, WORD_OBJECT),
             word(request, WORD_MASKED));
}

/* --- the answer --- */

struct rows {
    const struct list_request *request;
    struct buf *out;
};

static void add_row(const struct bulletin_row *row, void *context)
{
    const struct rows *rows = context;

    list_row_add(rows->request, row, rows->out);
}

static void add_rows(const struct list_request *request, const struct buf *rows, struct buf *out)
{
    if (request->page.count == 0) {
        buf_addf(out, "<p><strong>%s</strong></p>\n",
                 word(request, request->page.mark_bytes > 0 ? WORD_NO_MORE_HERE : WORD_NONE));
        return;
    }
    buf_addf(
        out,
        "<div class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table><caption>%s: %zu</caption>\n",
        word(request, WORD_LISTS), word(request, WORD_CAPTION), request->page.count);
    list_head_add(request, out);
    buf_add_span(out, buf_span(rows));
    list_end_add(request, out);
    buf_add_text(out, "</table></div>\n");
}

static bool answer(struct list_request *request, struct error *err)
{
    AUTO(buf_done) struct buf rows = BUF_INIT;
    struct buf *out = &request->visit->reply->body;
    struct api *api = request->visit->api;
    bool is_good =
        bulletin_read(api->txn, &request->question, add_row, &(struct rows){request, &rows}, &request->page, err);

    api_end_read(api);
    if (!is_good)
        return false;
    add_top(request, out);
    add_downloads(request, out);
    add_rows(request, &rows, out);
    add_pages(request, out);
    add_end(request, out);
    return true;
}

/* A problem as people read it, with the status it has. */
static void show_refusal(struct list_request *request, const struct error *err)
{
    struct http_reply *reply = request->visit->reply;

    visit_refuse(request->visit, err);
    reply->content_type = "text/html; charset=utf-8";
    buf_clear(&reply->body);
    request->question.list = ANNOUNCED_YELLOW; /* whose address has no year, which may be what was refused */
    request->question.ground = -1;
    request->question.division = SPAN_NONE;
    add_head(request, word(request, WORD_REFUSED), &reply->body);
    buf_addf(&reply->body, "<main><h2>%s</h2><p>", word(request, WORD_REFUSED));
    html_add(&reply->body, span_of(request->is_english ? err->text : err->zh));
    buf_addf(&reply->body, "</p><p><a href=\"/public/\">%s</a></p></main></body></html>\n", word(request, WORD_BACK));
}

static bool take_list(struct list_request *request, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (!http_query_of(request->visit->request, "list", &text))
        return true;
    for (size_t i = 0; i < ANNOUNCED_LIST_COUNT; i++) {
        if (span_is(buf_span(&text), LIST_SLUGS[i])) {
            request->question.list = (enum announced_list)i;
            return true;
        }
    }
    return refuse(err, ERR_INVALID, "query.list", "list is one of exits, yellow, red",
                  "list 应为 exits（年度退出）、yellow（黄牌）、red（红牌）之一");
}

static void show_page(struct visit *visit)
{
    static const char *const NAMES[] = {"list", "year", "division", "ground", "lang", "limit", "from", NULL};
    struct list_request request = {.visit = visit, .form = LIST_HTML};
    struct error err;
    bool is_good;

    if (!visit_takes(visit, NAMES) || !list_admits(visit))
        return;
    protect(visit->reply);
    visit->reply->content_type = "text/html; charset=utf-8";
    is_good = take_list(&request, &err) && list_take(&request, &err);
    if (is_good && list_is_new(&request))
        is_good = answer(&request, &err);
    else
        api_end_read(visit->api);
    if (!is_good)
        show_refusal(&request, &err);
    buf_done(&request.division);
}

void public_page_handle(struct visit *visit)
{
    static const char *const NO_QUERY[] = {NULL};

    if (!visit_is_get(visit))
        return;
    if (visit->rest.bytes == 0 || span_is(visit->rest, "/")) {
        show_page(visit);
        return;
    }
    if (!span_is(visit->rest, "/style.css")) {
        visit_not_found(visit);
        return;
    }
    if (!visit_takes(visit, NO_QUERY))
        return;
    visit->reply->content_type = "text/css; charset=utf-8";
    http_reply_header(visit->reply, "Cache-Control", "public, max-age=3600");
    http_reply_header(visit->reply, "X-Content-Type-Options", "nosniff");
    buf_add_text(&visit->reply->body, STYLE);
}
