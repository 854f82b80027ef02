/* tool_console PORT CA CERTIFICATE KEY ACCOUNT ROUNDS - pages of the register as the console asks for them.
 *
 * Signs in by certificate; then for each of the lists below asks for a page of 50 rows ROUNDS times over one
 * connection, slice after slice (docs/console-api.md), and prints a JSON object: {"list", "matched", "requests",
 * "p50_ms", "p99_ms", "turn_p99_ms", "turn_max_ms"}. The time of a page is that of all its requests, from the question
 * to the whole answer; a turn is one request. The middle and the last page are those of the order of codes: their marks
 * are found by turning all pages of 200 rows, and it is an error when a row is there twice or left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/json.h"
#include "base/text.h"

enum { PAGE = 50, LONG_PAGE = 200, PLACE_TEXT = 80, ANSWER_MAX = 4 * 1024 * 1024, ROUNDS_MAX = 100000, URL_MAX = 2048 };

struct browser {
    CURL *easy;
    const char *port;
    struct buf answer;
};

struct page {
    uint64_t matched;
    uint64_t looked;
    size_t rows;
    size_t requests;
    double ms;
    char last[PLACE_TEXT + 1]; /* the place of its last row */
    long long as_of;           /* -1: of now */
};

struct times {
    double *ms;
    size_t count;
};

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static size_t keep(char *data, size_t size, size_t count, void *context)
{
    buf_add(context, data, size * count);
    return size * count;
}

static bool ask(struct browser *browser, const char *path, const char *body, double *ms, struct error *err)
{
    char url[URL_MAX];
    double before;
    CURLcode code;
    long status = 0;

    snprintf(url, sizeof url, "https://localhost:%s%s", browser->port, path);
    buf_clear(&browser->answer);
    curl_easy_setopt(browser->easy, CURLOPT_URL, url);
    if (body)
        curl_easy_setopt(browser->easy, CURLOPT_POSTFIELDS, body);
    else
        curl_easy_setopt(browser->easy, CURLOPT_HTTPGET, 1L);
    before = now_ms();
    code = curl_easy_perform(browser->easy);
    *ms = now_ms() - before;
    if (code != CURLE_OK)
        return fail(err, ERR_IO, "%s: %s", path, curl_easy_strerror(code));
    curl_easy_getinfo(browser->easy, CURLINFO_RESPONSE_CODE, &status);
    return status == 200 || fail(err, ERR_IO, "%s: %ld %s", path, status, buf_text(&browser->answer));
}

/* --- a page --- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

struct gathered {
    char (*places)[PLACE_TEXT + 1];
    size_t count;
};

static bool take_slice(const json_t *slice, struct page *page, struct gathered *all, struct error *err)
{
    const json_t *rows = json_object_get(slice, "obligations");

    page->matched += (uint64_t)json_integer_of(slice, "matched", 0);
    page->looked += (uint64_t)json_integer_of(slice, "looked", 0);
    page->as_of = json_integer_of(slice, "as_of", -1);
    all->places = memory_resize(all->places, (all->count + json_array_size(rows) + 1) * sizeof *all->places);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *place = json_text_of(json_array_get(rows, i), "place");

        if (!place || strlen(place) > PLACE_TEXT)
            return fail(err, ERR_CORRUPT, "a row without a place");
        snprintf(all->places[all->count++], sizeof all->places[0], "%s", place);
    }
    return true;
}

/* `turns` NULL: nobody wants them. page->last and page->as_of say where it begins; afterwards where it ends. */
static bool turn_page(struct browser *browser, const char *query, int limit, struct page *page, struct times *turns,
                      struct error *err)
{
    struct gathered all = {NULL, 0};
    char path[URL_MAX / 2], from[64] = "", after[PLACE_TEXT + 1];
    bool is_good = true;
    double ms;

    snprintf(after, sizeof after, "%s", page->last);
    page->matched = page->looked = 0;
    page->requests = 0;
    page->ms = 0;
    do {
        AUTO(json_release) json_t *slice = NULL;
        char as_of[32] = "";
        const char *next;

        if (page->as_of >= 0)
            snprintf(as_of, sizeof as_of, "%lld", page->as_of);
        snprintf(path, sizeof path, "/console/api/obligations?%s&limit=%d&after=%s&from=%s&as_of=%s", query, limit,
                 after, from, as_of);
        is_good = ask(browser, path, NULL, &ms, err) &&
                  json_read(buf_span(&browser->answer), ANSWER_MAX, &slice, err) && take_slice(slice, page, &all, err);
        page->ms += ms;
        page->requests++;
        if (turns)
            turns->ms[turns->count++] = ms;
        next = is_good ? json_text_of(slice, "next") : NULL;
        snprintf(from, sizeof from, "%s", next ? next : "");
    } while (is_good && from[0]);
    if (is_good && all.count > 0)
        qsort(all.places, all.count, sizeof *all.places, compare_texts);
    page->rows = all.count < (size_t)limit ? all.count : (size_t)limit;
    if (is_good && page->rows > 0)
        snprintf(page->last, sizeof page->last, "%s", all.places[page->rows - 1]);
    free(all.places);
    return is_good;
}

/* --- the lists --- */

static int compare_ms(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

static double part_of(struct times *times, double part)
{
    size_t at = (size_t)((double)times->count * part);

    qsort(times->ms, times->count, sizeof *times->ms, compare_ms);
    return times->ms[at < times->count ? at : times->count - 1];
}

struct list {
    const char *name;
    const char *query;
    const struct page *begin; /* NULL: the first page */
};

static bool measure(struct browser *browser, const struct list *list, size_t rounds, struct error *err)
{
    enum { TURNS_A_PAGE = 2000 };
    struct times pages = {memory_new(rounds * sizeof(double)), 0};
    struct times turns = {memory_new(rounds * TURNS_A_PAGE * sizeof(double)), 0};
    struct page page = {.as_of = -1};
    bool is_good = true;

    for (size_t i = 0; is_good && i < rounds; i++) {
        page = list->begin ? *list->begin : (struct page){.as_of = -1};
        is_good = turn_page(browser, list->query, PAGE, &page, &turns, err);
        pages.ms[pages.count++] = page.ms;
    }
    if (is_good)
        printf("{\"list\": \"%s\", \"matched\": %llu, \"rows\": %zu, \"requests\": %zu, \"p50_ms\": %.2f, \"p99_ms\": "
               "%.2f, "
               "\"turn_p99_ms\": %.2f, \"turn_max_ms\": %.2f}\n",
               list->name, (unsigned long long)page.matched, page.rows, page.requests, part_of(&pages, 0.5),
               part_of(&pages, 0.99), part_of(&turns, 0.99), part_of(&turns, 1));
    free(pages.ms);
    free(turns.ms);
    return is_good;
}

/* All pages, so that the marks are known, and that nothing is twice or missing. */
static bool turn_all(struct browser *browser, struct page *middle, struct page *last, struct error *err)
{
    struct page page = {.as_of = -1};
    char before[PLACE_TEXT + 1] = "";
    uint64_t rows = 0;

    for (;;) {
        struct page begin = page;

        if (!turn_page(browser, "order=code", LONG_PAGE, &page, NULL, err))
            return false;
        if (page.rows == 0)
            break;
        if (strcmp(page.last, before) <= 0)
            return fail(err, ERR_INTERNAL, "a page goes back");
        snprintf(before, sizeof before, "%s", page.last);
        if (rows <= page.matched / 2)
            *middle = begin;
        *last = begin;
        rows += page.rows;
    }
    if (rows == 0 || rows != page.matched || page.looked != page.matched)
        return fail(err, ERR_INTERNAL, "%llu rows on all pages, %llu fit", (unsigned long long)rows,
                    (unsigned long long)page.matched);
    return true;
}

static bool run(struct browser *browser, const char *account, size_t rounds, struct error *err)
{
    struct page middle, last;
    char body[256];
    double ms;

    snprintf(body, sizeof body, "{\"account\":\"%s\"}", account);
    if (!ask(browser, "/console/api/sign-in", body, &ms, err) || !turn_all(browser, &middle, &last, err))
        return false;
    const struct list lists[] = {
        {"first", "", NULL},
        {"middle", "order=code", &middle},
        {"last", "order=code", &last},
        {"rare-name", "name=%E7%92%9E%E5%BB%AA&order=due", NULL},
        {"no-match", "name=%E6%B2%A1%E6%9C%89%E8%BF%99%E5%AE%B6", NULL},
        {"all-filters",
         "region=%E4%BB%81%E5%8C%96&industry=%E9%92%A2&ground=energy&state=overdue&division=44&due_from=2010-01-01",
         NULL},
        {"late-unproposed", "overdue_on=2026-01-01&unproposed=on&order=due", NULL},
    };

    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        if (!measure(browser, &lists[i], rounds, err))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct browser browser = {.easy = curl_easy_init(), .answer = BUF_INIT};
    struct error err;
    int64_t rounds;
    bool is_good;

    if (argc != 7 || !integer_parse(span_of(argv[6]), &rounds) || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: tool_console PORT CA CERTIFICATE KEY ACCOUNT ROUNDS\n");
        return 2;
    }
    browser.port = argv[1];
    curl_easy_setopt(browser.easy, CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(browser.easy, CURLOPT_SSLCERT, argv[3]);
    curl_easy_setopt(browser.easy, CURLOPT_SSLKEY, argv[4]);
    curl_easy_setopt(browser.easy, CURLOPT_COOKIEFILE, ""); /* cookies are kept */
    curl_easy_setopt(browser.easy, CURLOPT_PROXY, "");
    curl_easy_setopt(browser.easy, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(browser.easy, CURLOPT_WRITEDATA, &browser.answer);
    is_good = run(&browser, argv[5], (size_t)rounds, &err);
    curl_easy_cleanup(browser.easy);
    buf_done(&browser.answer);
    if (!is_good)
        fprintf(stderr, "tool_console: %s\n", err.text);
    return is_good ? 0 : 1;
}
