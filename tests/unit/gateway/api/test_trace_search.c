/* Who asked what, for auditors: page by page, and every page is itself in the trace. */
#include "gate.h"

#include "base/walk.h"
#include "gateway/trace/trace.h"

enum { ENTRIES = 5200 }; /* more than one page looks at */

static void open_gate(void)
{
    char staff[160];

    gate_open();
    snprintf(staff, sizeof staff, "staff: [{name: inspector, uid: %u, roles: auditor, title: 李四}]\n",
             (unsigned)getuid());
    gate_configure(staff);
}

TestSuite(trace_search, .init = open_gate, .fini = gate_close, .timeout = 120);

static void integrate(void)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    uint64_t taken;

    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
}

/* Entry i: of bank i % 2, about enterprise i % 3, on the day of the month 1 + i % 4 of August. */
static void fill(int count)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    char receipt[TRACE_RECEIPT_BYTES], code[32];

    cr_assert(trace_writer_open(folder, &writer, &T.err), "%s", T.err.text);
    for (int i = 0; i < count; i++) {
        struct trace_entry entry = {.at_ms = day_start_ms(on("2026-08-01") + i % 4),
                                    .receipt = receipt,
                                    .by = i % 2 ? SPAN("bank-1") : SPAN("bank-0"),
                                    .operator= i % 5 ? SPAN("li\"si") : SPAN("zhangsan"),
                                    .department = i % 7 ? SPAN("信贷部") : SPAN_NONE,
                                    .domain = SPAN("lending"),
                                    .status = 200,
                                    .sequence = (uint64_t)i,
                                    .verdict = "listed"};

        snprintf(code, sizeof code, "code-%d", i % 3);
        entry.uscc = span_of(code);
        trace_next_receipt(writer, receipt);
        trace_add(writer, &entry);
    }
    cr_assert(trace_flush(writer, &T.err), "%s", T.err.text);
    integrate();
}

/* All pages of a search; how many entries there are, and `pages`. */
static size_t search(const char *query, size_t *pages)
{
    char path[512];
    size_t found = 0;
    int64_t next = 0, end = -1;

    for (*pages = 0; next >= 0; (*pages)++) {
        int bytes = snprintf(path, sizeof path, "/admin/v1/trace?from=%lld%s", (long long)next, query);

        if (end >= 0)
            snprintf(path + bytes, sizeof path - (size_t)bytes, "&end=%lld", (long long)end);
        cr_assert_eq(admin(path), 200, "%s: %s", path, buf_text(&G.body));
        found += json_array_size(json_object_get(G.json, "entries"));
        next = json_integer_of(G.json, "next", -1);
        end = json_integer_of(G.json, "end", -1);
    }
    return found;
}

Test(trace_search, what_makes_no_sense_is_refused)
{
    static const struct {
        const char *query;
        const char *rule;
    } BAD[] = {{"?since=yesterday", "query.day"},
               {"?until=2026-02-30", "query.day"},
               {"?from=-1", "query.number"},
               {"?end=x", "query.number"},
               {"?name=x", "query.unknown"},
               {"?by=a&by=b", "query.unknown"},
               {"?uscc=01234567890123456789012345678901234567890123456789"
                "012345678901234567890123456789012345678901234567890",
                "query.long"}};
    char path[512];

    gate_start();
    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        snprintf(path, sizeof path, "/admin/v1/trace%s", BAD[i].query);
        cr_expect_eq(admin(path), 400, "%s: %s", path, buf_text(&G.body));
        cr_expect_str_eq(told("rule"), BAD[i].rule, "%s", path);
    }
    cr_expect_eq(ask("bank", "/admin/v1/trace"), 404, "not by TLS");
}

Test(trace_search, only_auditors_may)
{
    char staff[160];

    snprintf(staff, sizeof staff, "staff: [{name: author, uid: %u, roles: \"operator,reviewer,administrator\"}]\n",
             (unsigned)getuid());
    gate_configure(staff);
    gate_start();
    cr_expect_eq(admin("/admin/v1/trace"), 403, "%s", buf_text(&G.body));
    cr_expect_str_eq(told("rule"), "staff.role");
}

Test(trace_search, every_entry_that_fits_is_found_once)
{
    size_t pages;

    fill(ENTRIES);
    gate_start();
    cr_expect_eq(search("", &pages), ENTRIES);
    cr_expect_eq(pages, 2);
    cr_expect_eq(search("&uscc=code-1", &pages), (ENTRIES + 1) / 3);
    cr_expect_eq(search("&by=bank-1", &pages), ENTRIES / 2);
    cr_expect_eq(search("&by=bank-1&uscc=code-1&since=2026-08-02&until=2026-08-02", &pages), (ENTRIES - 1) / 12 + 1);
    cr_expect_eq(search("&operator=zhangsan", &pages), ENTRIES / 5);
    cr_expect_eq(search("&operator=li%22si&department=%E4%BF%A1%E8%B4%B7%E9%83%A8", &pages),
                 ENTRIES - ENTRIES / 5 - (ENTRIES + 6) / 7 + (ENTRIES + 34) / 35);
    cr_expect_eq(search("&since=2026-08-04", &pages), ENTRIES / 4);
    cr_expect_eq(search("&until=2026-07-31", &pages), 0);
    cr_expect_eq(search("&domain=lendin", &pages), 0);
}

Test(trace_search, a_search_ends_where_the_log_ended_when_it_began)
{
    size_t pages;

    fill(10);
    gate_start();
    cr_expect_eq(admin("/admin/v1/trace?from=0"), 200);
    integrate();
    cr_expect_eq(search("&end=10", &pages), 10);
    integrate();
    cr_expect_eq(search("", &pages), 12, "the two readings before are entries by now");
}

Test(trace_search, a_reading_is_traced_with_person_and_reason)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint64_t index, taken;

    fill(10);
    gate_start();
    cr_assert_eq(admin("/admin/v1/trace?by=bank-1&uscc=code-1&reason=%E6%8A%95%E8%AF%89"), 200);
    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_find(log, told("receipt"), &index, &T.err) && trace_log_read(log, index, &entry, &T.err), "%s",
              T.err.text);
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "by"), "inspector"));
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "domain"), "(trace)"));
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "purpose"), "投诉"));
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "uscc"), "code-1"));
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "authorisation"), "from=0 by=bank-1"), "%s", entry.data);
}

struct asked {
    const char *by;
    const char *domain;
    bool is_test;
    const char *kind; /* NULL: an entry of before this was written */
};

static void fill_with(const struct asked *asked, size_t count)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_writer_free) struct trace_writer *writer = NULL;
    char receipt[TRACE_RECEIPT_BYTES];

    cr_assert(trace_writer_open(folder, &writer, &T.err), "%s", T.err.text);
    for (size_t i = 0; i < count; i++) {
        struct trace_entry entry = {.at_ms = day_start_ms(on("2026-08-01")),
                                    .receipt = receipt,
                                    .by = span_of(asked[i].by),
                                    .kind = span_of(asked[i].kind),
                                    .domain = span_of(asked[i].domain),
                                    .is_test = asked[i].is_test,
                                    .uscc = i < 4 ? SPAN("code-1") : SPAN("code-2"),
                                    .status = 200,
                                    .verdict = "listed"};

        trace_next_receipt(writer, receipt);
        trace_add(writer, &entry);
    }
    cr_assert(trace_flush(writer, &T.err), "%s", T.err.text);
    integrate();
}

/* Three lenders' and others' questions, in two domains, one of them a test. */
static void fill_for_supervisor(void)
{
    static const struct asked ASKED[] = {{"bank", "lending", false, NULL},       {"bank", "lending", true, NULL},
                                         {"bank", "bond-issuance", false, NULL}, {"land", "lending", false, NULL},
                                         {"land", "land-supply", false, NULL},   {"nobody", "lending", false, NULL},
                                         {"inspector", "(trace)", false, NULL},  {"bank", "lending", false, NULL}};

    fill_with(ASKED, COUNT_OF(ASKED));
}

static size_t entries_told(const char *path)
{
    cr_assert_eq(ask("stranger", path), 200, "%s: %s", path, buf_text(&G.body));
    return json_array_size(json_object_get(G.json, "entries"));
}

Test(trace_search, a_supervisor_reads_what_lenders_asked_in_its_domains_and_no_more)
{
    gate_configure("  - {name: cbirc, kind: supervisor, certificate: stranger.pem, domains: [lending]}\n");
    fill_for_supervisor();
    gate_start();
    cr_expect_eq(entries_told("/v1/trace?reason=x"), 2);
    cr_expect_eq(entries_told("/v1/trace?reason=x&by=land"), 0);
    cr_expect_eq(entries_told("/v1/trace?reason=x&by=bank&uscc=code-2"), 1);
    cr_expect_eq(entries_told("/v1/trace?reason=x&domain=bond-issuance"), 0);
    cr_expect_eq(entries_told("/v1/trace?reason=x&domain=(trace)"), 0);
    cr_expect_eq(entries_told("/v1/trace?reason=x&until=2026-07-31"), 0);
    cr_expect_eq(entries_told("/v1/trace?reason=x&from=1"), 1);
}

Test(trace_search, what_a_lender_asked_stays_in_view_when_it_is_no_longer_configured)
{
    static const struct asked ASKED[] = {
        {"gone-bank", "lending", false, "lender"}, {"gone-land", "lending", false, "government"},
        {"gone-older", "lending", false, NULL},    {"land", "lending", false, "lender"}, /* what it was then */
        {"bank", "lending", false, "procurement"}, /* … decides, not what it is now */
        {"gone-bank", "lending", true, "lender"},  {"gone-bank", "land-supply", false, "lender"}};

    gate_configure("  - {name: cbirc, kind: supervisor, certificate: stranger.pem, domains: [lending]}\n");
    fill_with(ASKED, COUNT_OF(ASKED));
    gate_start();
    cr_expect_eq(entries_told("/v1/trace?reason=x"), 2, "%s", buf_text(&G.body));
    cr_expect_eq(entries_told("/v1/trace?reason=x&by=gone-bank"), 1);
    cr_expect_eq(entries_told("/v1/trace?reason=x&by=land"), 1);
    cr_expect_eq(entries_told("/v1/trace?reason=x&by=bank"), 0);
}

Test(trace_search, only_a_supervisor_with_a_reason_and_it_asks_nothing)
{
    gate_configure("  - {name: cbirc, kind: supervisor, certificate: stranger.pem, domains: [lending]}\n");
    fill_for_supervisor();
    gate_start();
    cr_expect_eq(ask("bank", "/v1/trace?reason=x"), 403);
    cr_expect_str_eq(told("rule"), "client.kind");
    cr_expect_eq(ask("land", "/v1/trace?reason=x"), 403);
    cr_expect_eq(ask("stranger", "/v1/trace"), 400);
    cr_expect_str_eq(told("rule"), "purpose.missing");
    cr_expect_eq(ask("stranger", "/v1/trace?reason=x&colour=red"), 400);
    cr_expect_eq(ask("stranger", "/v1/trace/1?reason=x"), 404);
    cr_expect_eq(ask_as("stranger", "POST", "/v1/trace?reason=x"), 405);
    cr_expect_eq(ask("stranger", "/v1/lookups/lending/91440224MAYUCHK485?purpose=credit-review"), 403);
    cr_expect_eq(ask("stranger", "/v1/changes?domain=lending&purpose=credit-review"), 403);
}

Test(trace_search, a_supervisors_reading_is_traced_too)
{
    AUTO(text_free) char *folder = path_join(T.folder, "trace");
    AUTO(trace_log_free) struct trace_log *log = NULL;
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint64_t index, taken;

    gate_configure("  - {name: cbirc, kind: supervisor, certificate: stranger.pem, domains: [lending]}\n");
    fill_for_supervisor();
    gate_start();
    cr_assert_eq(entries_told("/v1/trace?reason=EXAM-3&by=bank"), 2);
    cr_assert(trace_log_open(folder, &log, &T.err) && trace_log_integrate(log, &taken, &T.err), "%s", T.err.text);
    cr_assert(trace_log_find(log, told("receipt"), &index, &T.err) && trace_log_read(log, index, &entry, &T.err), "%s",
              T.err.text);
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "by"), "cbirc"));
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "domain"), "(trace)"));
    cr_expect(span_is(walk_plain_of(buf_span(&entry), "purpose"), "EXAM-3"));
    cr_expect_eq(walk_plain_of(buf_span(&entry), "certificate").bytes, 64);
}
