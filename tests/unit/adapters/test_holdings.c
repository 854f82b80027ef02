/* Each folder of tests/cases/holdings is one case: a page as an upstream answered, and what it means. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "adapters/holdings.h"
#include "base/encode.h"
#include "base/json.h"
#include "tests/support/support.h"

#define CASES TEST_SOURCE "/tests/cases/holdings"

static struct error err;

static struct span body_of(const json_t *input)
{
    const json_t *body = json_object_get(input, "body");

    return (struct span){json_string_value(body), json_string_length(body)};
}

static void check_rows(const char *name, const struct adapter_page *page, const json_t *expected)
{
    const json_t *row;
    size_t i;

    cr_assert_eq(page->count, json_array_size(expected), "%s", name);
    json_array_foreach(expected, i, row)
    {
        AUTO(buf_done) struct buf hex = BUF_INIT;

        hex_add(&hex, page->rows[i].sm3, sizeof page->rows[i].sm3);
        cr_assert_str_eq(page->rows[i].record, json_string_value(json_array_get(row, 0)), "%s", name);
        cr_assert_eq(page->rows[i].version, json_integer_value(json_array_get(row, 1)), "%s", name);
        cr_assert_eq((int)page->rows[i].op, json_integer_value(json_array_get(row, 2)), "%s", name);
        cr_assert_str_eq(buf_text(&hex), json_string_value(json_array_get(row, 3)), "%s", name);
    }
}

static void check_case(const char *name, const json_t *input, const json_t *expected)
{
    AUTO(adapter_page_done) struct adapter_page page = {0};
    const char *message = json_text_of(expected, "message");
    const char *next = json_text_of(expected, "next");

    holdings_read((int)json_integer_of(input, "status", 0), body_of(input), &page);
    cr_assert_str_eq(adapter_ending_name(page.ending), json_text_of(expected, "ending"), "%s: %s", name, page.message);
    if (message)
        cr_assert_str_eq(page.message, message, "%s", name);
    if (page.ending == ADAPTER_MALFORMED)
        cr_assert_neq(page.message[0], '\0', "%s", name);
    cr_assert_str_eq(page.next, next ? next : "", "%s", name);
    check_rows(name, &page, json_object_get(expected, "rows"));
}

Test(holdings, every_page_means_what_its_case_says)
{
    DIR *folder = opendir(CASES);
    struct dirent *entry;
    int count = 0;

    cr_assert(folder);
    while ((entry = readdir(folder)) != NULL) {
        char path[2 * TEST_PATH_BYTES];
        AUTO(json_release) json_t *input = NULL;
        AUTO(json_release) json_t *expected = NULL;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s/input", CASES, entry->d_name);
        cr_assert(json_read_file(path, &input, &err), "%s", err.text);
        snprintf(path, sizeof path, "%s/%s/expected", CASES, entry->d_name);
        cr_assert(json_read_file(path, &expected, &err), "%s", err.text);
        check_case(entry->d_name, input, expected);
        count++;
    }
    closedir(folder);
    cr_assert_gt(count, 40);
}

static void add_rows(struct buf *body, unsigned count)
{
    buf_add_text(body, "{\"rows\":[");
    for (unsigned i = 0; i < count; i++)
        buf_addf(body, "%s{\"ROWID\":\"R%06u\",\"VERSION\":1,\"OP\":1,\"sm3\":\"%064u\"}", i ? "," : "", i, i);
    buf_add_text(body, "],\"next\":null}");
}

Test(holdings, a_page_has_a_thousand_rows_and_not_one_more)
{
    AUTO(buf_done) struct buf full = BUF_INIT;
    AUTO(buf_done) struct buf over = BUF_INIT;
    AUTO(adapter_page_done) struct adapter_page page = {0};
    AUTO(adapter_page_done) struct adapter_page refused = {0};

    add_rows(&full, ADAPTER_PAGE_ROWS_MAX);
    add_rows(&over, ADAPTER_PAGE_ROWS_MAX + 1);
    holdings_read(200, buf_span(&over), &refused);
    cr_assert_eq(refused.ending, ADAPTER_MALFORMED);
    cr_assert_eq(refused.count, 0);
    cr_assert_null(refused.rows);
    holdings_read(200, buf_span(&full), &page);
    cr_assert_eq(page.ending, ADAPTER_LISTED, "%s", page.message);
    cr_assert_eq(page.count, ADAPTER_PAGE_ROWS_MAX);
}

Test(holdings, a_page_of_more_than_its_bytes_is_not_read)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    AUTO(adapter_page_done) struct adapter_page page = {0};

    add_rows(&body, 1);
    while (body.bytes <= HOLDINGS_BYTES_MAX)
        buf_add_byte(&body, ' ');
    holdings_read(200, buf_span(&body), &page);
    cr_assert_eq(page.ending, ADAPTER_MALFORMED);
}

Test(holdings, a_page_cut_anywhere_is_malformed)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    add_rows(&body, 2);
    for (size_t bytes = 0; bytes < body.bytes; bytes++) {
        AUTO(adapter_page_done) struct adapter_page page = {0};

        holdings_read(200, (struct span){body.data, bytes}, &page);
        cr_assert_eq(page.ending, ADAPTER_MALFORMED, "%zu bytes", bytes);
        cr_assert_eq(page.count, 0);
    }
}

Test(holdings, the_address_escapes_what_is_no_plain_character)
{
    AUTO(buf_done) struct buf first = BUF_INIT;
    AUTO(buf_done) struct buf url = BUF_INIT;

    holdings_address_add(&first, "");
    cr_assert_str_eq(buf_text(&first), "/holdings?after=&limit=1000");
    buf_add_text(&url, "https://h/b");
    holdings_address_add(&url, "R1&x=/%#~");
    cr_assert_str_eq(buf_text(&url), "https://h/b/holdings?after=R1%26x%3D%2F%25%23~&limit=1000");
}

Test(holdings, credit_guangdong_asks_for_a_page_with_its_gateway_headers)
{
    static const struct adapter_config CONFIG = {.base_url = "https://localhost:1/gd", .paasid = "p", .token = "t"};
    const struct adapter_attempt attempt = {
        .step = ADAPTER_HOLDINGS, .now_ms = 1500000000000, .nonce = "n", .after = "R1"};
    AUTO(adapter_request_done) struct adapter_request request = {0};

    adapter_credit_guangdong.request(&CONFIG, NULL, NULL, NULL, &attempt, &request);
    cr_assert_str_eq(request.method, "GET");
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/gd/holdings?after=R1&limit=1000");
    cr_assert_eq(request.header_count, 5);
    cr_assert_eq(request.body.bytes, 0);
    cr_assert_eq(adapter_credit_guangdong.holdings, holdings_read);
}
