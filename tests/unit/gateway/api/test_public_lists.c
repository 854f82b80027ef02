/* The public lists through the door of outside systems: first what must never be on them. (Without a certificate:
 * tests/flow/public_lists.sh.) */
#include "gate.h"

#define SAMPLE "91440224MAYUCHK485"
#define DISTRICT "440224"

TestSuite(public_lists, .init = gate_open, .fini = gate_close, .timeout = 60);

/* The sample as it stands when it was closed by order on that day, in time or late. */
static struct obligation closed_row(const char *exit_date, const char *state)
{
    struct obligation row = sample_row();

    row.field[COLUMN_MEASURE] = span_of("依法关停退出");
    row.field[COLUMN_STATE] = span_of(state);
    row.field[COLUMN_EXIT_DATE] = span_of(exit_date);
    return row;
}

static struct obligation rectifying_row(const char *deadline)
{
    struct obligation row = sample_row();

    row.field[COLUMN_STATE] = span_of("整改中");
    row.field[COLUMN_DEADLINE] = span_of(deadline);
    return row;
}

static size_t rows_of(const char *path)
{
    cr_assert_eq(ask("bank", path), 200, "%s: %ld %s", path, G.status, buf_text(&G.body));
    return json_array_size(json_object_get(G.json, "rows"));
}

static const json_t *row_at(size_t index)
{
    return json_array_get(json_object_get(G.json, "rows"), index);
}

static const char *text_at(size_t index, const char *name)
{
    const char *text = json_text_of(row_at(index), name);

    return text ? text : "(none)";
}

static const char *refused(const char *path, long status)
{
    cr_assert_eq(ask("bank", path), status, "%s: %ld %s", path, G.status, buf_text(&G.body));
    return told("rule");
}

/* A record of the sample with that scope, made while it was overdue; afterwards the register says what `row` says. */
static void record_then(int scope, struct obligation row)
{
    static char id[RECORD_ID_BYTES];
    struct proposal proposal = sample_proposal();
    struct obligation before = row;

    before.field[COLUMN_STATE] = span_of("逾期未退出");
    before.field[COLUMN_EXIT_DATE] = SPAN_NONE;
    import_row(before);
    proposal.scope = scope;
    cr_assert_str_eq(propose_row(before, &proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    import_row(row);
}

/* --- what must not be asked --- */

Test(public_lists, what_cannot_be_asked_is_refused)
{
    gate_start();
    cr_assert_str_eq(refused("/v1/public/all", 404), "http.path");
    cr_assert_str_eq(refused("/v1/public", 404), "http.path");
    cr_assert_str_eq(refused("/v1/public/exits/2026", 404), "http.path");
    cr_assert_str_eq(refused("/v1/public/yellow?year=2026", 400), "query.unknown");
    cr_assert_str_eq(refused("/v1/public/exits?as_of=2025-01-01", 400), "query.unknown");
    cr_assert_str_eq(refused("/v1/public/exits?year=99999999999", 400), "query.number");
    cr_assert_str_eq(refused("/v1/public/exits?year=2026&year=2027", 400), "query.unknown");
    cr_assert_str_eq(refused("/v1/public/exits?limit=0", 400), "query.number");
    cr_assert_str_eq(refused("/v1/public/exits?limit=1001", 400), "query.number");
    cr_assert_str_eq(refused("/v1/public/exits?ground=weather", 400), "query.ground");
    cr_assert_str_eq(refused("/v1/public/exits?division=44%25", 400), "query.division");
    cr_assert_str_eq(refused("/v1/public/exits?division=4402240", 400), "query.division");
    cr_assert_str_eq(refused("/v1/public/exits?from=zz", 400), "query.from");
    cr_assert_str_eq(refused("/v1/public/exits?from=00", 400), "query.from");
    cr_assert_str_eq(refused("/v1/public/exits?format=xml", 400), "query.format");
    cr_assert_str_eq(refused("/v1/public/exits?lang=fr", 400), "query.lang");
    cr_assert_eq(ask_as("bank", "POST", "/v1/public/exits"), 405);
    cr_assert_eq(ask("bank", "/public/?list=%3Cscript%3E"), 400);
    cr_assert_null(strstr(buf_text(&G.body), "<script"));
}

/* A mark is a stranger's: it leads to nothing outside of what was asked. */
Test(public_lists, a_made_up_mark_shows_no_more_than_the_list)
{
    import_row(closed_row("2025-06-30", "按期退出"));
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2026&from=0000000000000000000000000000000000000000"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2025&from=ffffffffffffffffffffffffffffffffffffffff"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2025&from=0000000000000000000000000000000000000000"), 1);
}

/* --- what must not be shown --- */

Test(public_lists, what_is_for_the_government_or_by_authorisation_is_on_no_list)
{
    static const int SCOPES[] = {SCOPE_GOVERNMENT, SCOPE_AUTHORISED};

    for (size_t i = 0; i < COUNT_OF(SCOPES); i++) {
        struct obligation row = closed_row("2026-08-03", "逾期后退出");

        row.field[COLUMN_DOCUMENT] = span_of(i == 0 ? "韶工信节能〔2025〕11号" : "韶工信节能〔2025〕12号");
        record_then(SCOPES[i], row);
    }
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 0);
    cr_assert_eq(rows_of("/v1/public/red"), 0);
    cr_assert_null(strstr(buf_text(&G.body), SAMPLE));
}

Test(public_lists, a_record_that_was_repaired_takes_its_order_off_the_red_list_but_not_the_exit)
{
    struct proposal repair = blank_change(OP_WITHDRAWN);
    char id[RECORD_ID_BYTES];

    record_then(SCOPE_PUBLIC, closed_row("2026-08-03", "逾期后退出"));
    memcpy(id, T.last.record, sizeof id);
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 1);
    gate_stop();
    gate_reopen();
    cr_assert_str_eq(change(id, repair), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 1);
}

Test(public_lists, publication_that_ended_takes_the_order_off_the_red_list)
{
    record_then(SCOPE_PUBLIC, closed_row("2026-08-03", "逾期后退出"));
    set_today("2027-08-03"); /* one year, general */
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 1);
    gate_stop();
    gate_reopen();
    set_today("2027-08-04");
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 0);
}

Test(public_lists, a_closing_order_is_shown_for_three_years_at_most)
{
    import_row(closed_row("2026-02-01", "按期退出")); /* ordered on 2025-08-31 */
    set_today("2028-08-31");
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 1);
    gate_stop();
    gate_reopen();
    set_today("2028-09-01");
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 1);
}

Test(public_lists, who_is_late_is_not_on_the_yellow_list)
{
    import_row(sample_row()); /* overdue */
    import_row(rectifying_row("2026-08-03"));
    gate_start();
    cr_assert_eq(rows_of("/v1/public/yellow"), 1, "%s", buf_text(&G.body));
    cr_assert_str_eq(text_at(0, "due"), "2026-08-03");
    gate_stop();
    gate_reopen();
    set_today("2026-08-04");
    gate_start();
    cr_assert_eq(rows_of("/v1/public/yellow"), 0);
}

Test(public_lists, a_row_that_was_corrected_leaves_the_list_it_was_on)
{
    struct obligation row = closed_row("2025-12-31", "按期退出");

    import_row(row);
    row.field[COLUMN_EXIT_DATE] = span_of("2026-01-01");
    import_row(row);
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2025"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 1);
    gate_stop();
    gate_reopen();
    row.field[COLUMN_STATE] = span_of("已撤销");
    row.field[COLUMN_EXIT_DATE] = SPAN_NONE;
    import_row(row);
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 0);
    cr_assert_eq(rows_of("/v1/public/red"), 0);
}

/* GB 32100: 92 is an individual's business. */
Test(public_lists, of_a_person_only_the_beginning_is_shown)
{
    struct obligation row = closed_row("2026-02-01", "按期退出");

    row.field[COLUMN_USCC] = span_of("92440224MAYUCHK47Y");
    row.field[COLUMN_NAME] = span_of("仁化县璞廪石灰窑");
    row.field[COLUMN_EQUIPMENT] = span_of("璞廪家土立窑");
    import_row(row);
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 1);
    cr_assert_str_eq(text_at(0, "name"), "仁**");
    cr_assert_str_eq(text_at(0, "uscc"), "92**");
    cr_assert_str_eq(text_at(0, "equipment"), "璞**");
    cr_assert(json_bool_of(row_at(0), "masked", false));
    cr_assert_null(strstr(buf_text(&G.body), "MAYUCHK"));
    cr_assert_eq(ask("bank", "/public/?year=2026"), 200);
    cr_assert_null(strstr(buf_text(&G.body), "石灰窑"));
    cr_assert_eq(ask("bank", "/v1/public/red?format=csv"), 200);
    cr_assert_null(strstr(buf_text(&G.body), "石灰窑"));
}

/* What a cell must not do to a spreadsheet, nor a name to a page. */
Test(public_lists, hostile_texts_stay_texts)
{
    struct obligation row = closed_row("2026-02-01", "按期退出");

    row.field[COLUMN_EQUIPMENT] = span_of("=HYPERLINK(\"http://x\",\"立窑\")<b onclick='x'>&");
    import_row(row);
    gate_start();
    cr_assert_eq(ask("bank", "/v1/public/exits?year=2026&format=csv"), 200);
    cr_assert_not_null(strstr(buf_text(&G.body), ",\"'=HYPERLINK(\"\"http://x\"\",\"\"立窑\"\")<b onclick='x'>&\",1,"),
                       "%s", buf_text(&G.body));
    cr_assert(has_header("content-type: text/csv; charset=utf-8"));
    cr_assert(has_header("content-disposition: attachment"));
    cr_assert_eq(strncmp(buf_text(&G.body), "\xEF\xBB\xBF企业名称,", 15), 0);
    cr_assert_eq(ask("bank", "/public/?year=2026"), 200);
    cr_assert_null(strstr(buf_text(&G.body), "<b "));
    cr_assert_not_null(strstr(buf_text(&G.body), "&lt;b onclick=&#39;x&#39;&gt;&amp;"));
    cr_assert(has_header("content-security-policy: default-src 'none'; style-src 'self'"));
}

/* --- what is shown --- */

Test(public_lists, an_exit_belongs_to_the_year_of_its_day_in_shanghai)
{
    import_row(closed_row("2025-12-31", "按期退出"));
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2025&ground=energy&division=4402"), 1);
    cr_assert_str_eq(text_at(0, "uscc"), SAMPLE);
    cr_assert_str_eq(text_at(0, "division_name"), "韶关市仁化县");
    cr_assert_str_eq(text_at(0, "equipment"), "25吨转炉");
    cr_assert_float_eq(json_real_value(json_object_get(row_at(0), "capacity")), 31.47, 1e-9);
    cr_assert_null(json_object_get(row_at(0), "document"));
    cr_assert_null(json_object_get(row_at(0), "due"));
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2024"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2025&ground=safety"), 0);
    cr_assert_eq(rows_of("/v1/public/exits?year=2025&division=4401"), 0);
    gate_stop();
    gate_reopen();
    /* 2025-12-31 16:30 UTC is already the new year: without a year it is 2026 that is meant. */
    T.now_ms = day_start_ms(on("2026-01-01")) + 30 * 60 * 1000;
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits"), 0);
    cr_assert_eq(json_integer_of(G.json, "year", 0), 2026);
    cr_assert_str_eq(json_text_of(json_object_get(G.json, "as_of"), "day"), "2026-01-01");
}

Test(public_lists, a_dispute_marks_and_does_not_hide)
{
    struct proposal dispute = blank_change(OP_DISPUTED);
    char id[RECORD_ID_BYTES];

    record_then(SCOPE_PUBLIC, closed_row("2026-08-03", "逾期后退出"));
    memcpy(id, T.last.record, sizeof id);
    cr_assert_str_eq(change(id, dispute), "done");
    cr_assert_str_eq(approve_as("reviewer", id), "done");
    gate_start();
    cr_assert_eq(rows_of("/v1/public/red"), 1);
    cr_assert(json_bool_of(row_at(0), "disputed", false));
    cr_assert_eq(ask("bank", "/public/?list=red"), 200);
    cr_assert_not_null(strstr(buf_text(&G.body), "异议处理中"));
}

Test(public_lists, pages_together_are_the_list_each_entry_once)
{
    char path[256] = "/v1/public/exits?year=2026&limit=2", from[64];
    size_t count = 0, pages = 0;

    for (int i = 0; i < 5; i++) {
        struct obligation row = closed_row("2026-02-01", "按期退出");
        char equipment[32];

        snprintf(equipment, sizeof equipment, "%d号转炉", i + 1);
        row.field[COLUMN_EQUIPMENT] = span_of(equipment);
        import_row(row);
    }
    gate_start();
    for (; pages < 4; pages++) {
        count += rows_of(path);
        if (json_is_null(json_object_get(G.json, "next")))
            break;
        cr_assert(has_header("link: </v1/public/exits?year=2026&limit=2&from="));
        snprintf(from, sizeof from, "%s", told("next"));
        snprintf(path, sizeof path, "/v1/public/exits?year=2026&limit=2&from=%s", from);
    }
    cr_assert_eq(count, 5);
    cr_assert_eq(pages, 2);
}

Test(public_lists, what_has_not_changed_is_not_sent_again)
{
    char field[128] = "If-None-Match: ";
    const char *tag;

    import_row(closed_row("2026-02-01", "按期退出"));
    gate_start();
    cr_assert_eq(rows_of("/v1/public/exits?year=2026"), 1);
    cr_assert(has_header("last-modified: Mon, 03 Aug 2026 01:00:00 GMT"), "%s", buf_text(&G.headers));
    cr_assert(has_header("cache-control: public, no-cache"));
    tag = strcasestr(buf_text(&G.headers), "etag: ");
    cr_assert_not_null(tag);
    snprintf(field + strlen(field), sizeof field - strlen(field), "%.*s", (int)strcspn(tag + 6, "\r\n"), tag + 6);
    cr_assert_eq(ask_with("bank", "GET", "/v1/public/exits?year=2026", field), 304);
    cr_assert_eq(G.body.bytes, 0);
    /* Another form is another thing, and so is the list after an event. */
    cr_assert_eq(ask_with("bank", "GET", "/v1/public/exits?year=2026&format=csv", field), 200);
    gate_stop();
    gate_reopen();
    import_row(rectifying_row("2026-12-31"));
    gate_start();
    cr_assert_eq(ask_with("bank", "GET", "/v1/public/exits?year=2026", field), 200);
}

/* On one connection: so many in a minute that the limit is met, whatever the handshakes cost. */
static long ask_often(const char *name, const char *path, int times)
{
    CURL *curl = curl_easy_init();
    char text[TEST_PATH_BYTES + 64];

    snprintf(text, sizeof text, "%s/ca.pem", T.folder);
    curl_easy_setopt(curl, CURLOPT_CAINFO, text);
    snprintf(text, sizeof text, "%s/%s.pem", T.folder, name);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, text);
    snprintf(text, sizeof text, "%s/%s.key", T.folder, name);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, text);
    snprintf(text, sizeof text, "https://127.0.0.1:%u%s", G.port, path);
    G.status = 0;
    for (int i = 0; i < times && G.status != 429; i++)
        gate_perform(curl, text);
    curl_easy_cleanup(curl);
    return G.status;
}

/* Whoever comes with a certificate that is nobody's may read as well; all such readers have one bucket. */
Test(public_lists, readers_have_a_limit_of_their_own)
{
    gate_start();
    cr_assert_eq(ask("stranger", "/v1/public/yellow"), 200);
    cr_assert_eq(ask_often("stranger", "/v1/public/yellow", 3000), 429);
    cr_assert(has_header("retry-after: "));
    cr_assert_str_eq(told("rule"), "client.limit");
    cr_assert_eq(ask("bank", "/v1/public/yellow"), 200);
    /* Their bucket is not that of unknown certificates: those are still told, and traced. */
    cr_assert_eq(ask("stranger", "/v1/lookups/lending/" SAMPLE "?purpose=credit-review"), 403);
}
