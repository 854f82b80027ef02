/* Each folder of tests/cases/credit-china is one case: an answer and what it means. A body that no JSON text can hold
 * stands there as "body_hex". */
#include <libxml/parser.h>

#include "adapters/china_ack.h"
#include "adapters/china_file.h"
#include "base/encode.h"
#include "keys/digest.h"
#include "keys/key.h"
#include "tests/unit/adapters/cases.h"
#include "tests/unit/adapters/layouts.h"

#define CASES "credit-china"
#define NAME "001503_20260302_00007"

static struct adapter_config CONFIG = {
    .base_url = "https://localhost:1/china",
    .file_code = "001503",
    .provider_code = "4400GXT",
    .provider_name = "广东省工业和信息化厅",
    .exchange_unit = "广东省信用中心",
};
static const struct adapter_row ROWS[] = {
    {"R0000000000000000000a", 1, {"{\"A\":\"x\",\"VERSION\":1}", 21}},
    {"R0000000000000000000b", 3, {"{\"B\":\"字\"}", 11}},
};
static const char FILE_TEXT[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                                "<DATAS>\n"
                                "<DATA><A>x</A><VERSION>1</VERSION></DATA>\n"
                                "<DATA><B>字</B></DATA>\n"
                                "</DATAS>\n";
static struct adapter_call call;
static struct layout *layout;
static struct error err;

/* As a call is when it was restored. */
static void setup(void)
{
    call = (struct adapter_call){
        .id = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
        .at_ms = 1772438400123,
        .number = 7,
        .file_code = "001503",
        .rows = ROWS,
        .row_count = COUNT_OF(ROWS),
        .payload_bytes = sizeof FILE_TEXT - 1,
    };
    cr_assert(day_parse(SPAN("2026-03-02"), &call.day));
    memset(call.sm3, 0x5d, sizeof call.sm3);
    layout = layout_for_test("credit-china");
    CONFIG.layout = layout;
}

static void teardown(void)
{
    layout_free(layout);
}

TestSuite(credit_china, .init = setup, .fini = teardown);

/* --- answers --- */

static void check_reply(const char *name, const json_t *input, const json_t *expected)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf raw = BUF_INIT;
    struct span body = case_text(input, "body");
    const char *next = json_text_of(expected, "next");

    if (json_object_get(input, "body_hex")) {
        cr_assert(hex_decode(case_text(input, "body_hex"), &raw), "%s", name);
        body = buf_span(&raw);
    }
    adapter_credit_china.reply(&call, case_step(name, input), (int)json_integer_of(input, "status", -1), body, &result);
    case_check_result(name, &result, expected);
    cr_assert_eq(result.ending == ADAPTER_NEXT, next != NULL, "%s", name);
    if (next)
        cr_assert(result.next == ADAPTER_SECOND && strcmp(next, "second") == 0, "%s", name);
}

Test(credit_china, every_answer_means_what_its_case_says)
{
    cr_assert_geq(cases_visit(CASES, "ask-", check_reply), 120);
    cr_assert_geq(cases_visit(CASES, "doubt-", check_reply), 30);
    cr_assert_geq(cases_visit(CASES, "upload-", check_reply), 15);
    cr_assert_geq(cases_visit(CASES, "second-", check_reply), 10);
}

/* The receipt that both rows were accepted, with `message` for the first. */
static void receipt_add(struct buf *out, const char *message)
{
    buf_addf(out,
             "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
             "<ACKS file=\"" NAME ".xml\"><ACK ROWID=\"%s\" VERSION=\"1\" result=\"accepted\" message=\"%s\"/>"
             "<ACK ROWID=\"%s\" VERSION=\"3\" result=\"accepted\"/></ACKS>",
             ROWS[0].record, message, ROWS[1].record);
}

static enum adapter_ending ask(struct span body, struct adapter_result *result)
{
    adapter_credit_china.reply(&call, ADAPTER_ASK, 200, body, result);
    cr_assert_eq(result->outcome_count, result->ending == ADAPTER_OUTCOMES ? COUNT_OF(ROWS) : 0);
    return result->ending;
}

Test(credit_china, a_receipt_cut_anywhere_is_malformed)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    receipt_add(&body, "好");
    for (size_t i = 0; i <= body.bytes; i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

        cr_assert_eq(ask((struct span){body.data, i}, &result), i == body.bytes ? ADAPTER_OUTCOMES : ADAPTER_MALFORMED,
                     "%zu", i);
    }
}

Test(credit_china, a_receipt_with_one_byte_changed_never_settles_other_rows)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    size_t settled = 0;

    receipt_add(&body, "");
    for (size_t i = 0; i < body.bytes; i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
        char kept = body.data[i];

        body.data[i] = (char)(kept ^ 1);
        settled += ask(buf_span(&body), &result) == ADAPTER_OUTCOMES;
        for (size_t j = 0; j < result.outcome_count; j++)
            cr_assert_eq(result.outcomes[j].kind, ADAPTER_ROW_TAKEN, "%zu", i);
        body.data[i] = kept;
    }
    cr_assert_lt(settled, 20, "only where a byte says nothing: a name that is passed over, a blank");
}

Test(credit_china, a_receipt_is_read_up_to_its_limit_and_no_further)
{
    AUTO(adapter_result_done) struct adapter_result at_limit = {.code = ""};
    AUTO(adapter_result_done) struct adapter_result beyond = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;

    receipt_add(&body, "");
    while (body.bytes < CHINA_ACK_BYTES_MAX)
        buf_add_byte(&body, '\n');
    cr_assert_eq(ask(buf_span(&body), &at_limit), ADAPTER_OUTCOMES, "%s", at_limit.message);
    buf_add_byte(&body, '\n');
    cr_assert_eq(ask(buf_span(&body), &beyond), ADAPTER_MALFORMED);
}

Test(credit_china, what_is_dear_to_parse_is_refused_before_it_is_parsed)
{
    static const char *const PIECES[] = {" a=\"\"", "<a>", "<a",  "&amp;", "<a b=\"&amp;&amp;&amp;&amp;\"/>",
                                         "\"",      "<",   "<!--"};
    int64_t from_ms = time_monotonic_ms();

    for (size_t i = 0; i < COUNT_OF(PIECES); i++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
        AUTO(buf_done) struct buf body = BUF_INIT;

        buf_add_text(&body, "<ACKS file=\"" NAME ".xml\"");
        if (i > 0)
            buf_add_byte(&body, '>');
        while (body.bytes < CHINA_ACK_BYTES_MAX - 64)
            buf_add_text(&body, PIECES[i]);
        cr_assert_eq(ask(buf_span(&body), &result), ADAPTER_MALFORMED, "%s", PIECES[i]);
    }
    cr_assert_lt(time_monotonic_ms() - from_ms, 10000);
}

Test(credit_china, a_receipt_for_a_thousand_rows_is_read_in_any_order)
{
    static char records[ADAPTER_ROWS_MAX][24];
    static struct adapter_row rows[ADAPTER_ROWS_MAX];
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_add_text(&body, "<ACKS file=\"" NAME ".xml\">\n");
    for (unsigned i = 0; i < ADAPTER_ROWS_MAX; i++) {
        unsigned at = i * 7 % ADAPTER_ROWS_MAX;

        snprintf(records[i], sizeof records[i], "R%020u", i);
        rows[i] = (struct adapter_row){records[i], i + 1, SPAN_NONE};
        buf_addf(&body, "<ACK ROWID=\"R%020u\" VERSION=\"%u\" result=\"%s\" code=\"\" message=\"\"/>\n", at, at + 1,
                 at % 3 ? "accepted" : "rejected");
    }
    buf_add_text(&body, "</ACKS>");
    call.rows = rows;
    call.row_count = ADAPTER_ROWS_MAX;
    adapter_credit_china.reply(&call, ADAPTER_ASK, 200, buf_span(&body), &result);
    cr_assert_eq(result.ending, ADAPTER_OUTCOMES, "%s", result.message);
    for (size_t i = 0; i < ADAPTER_ROWS_MAX; i++)
        cr_assert_eq(result.outcomes[i].kind, i % 3 ? ADAPTER_ROW_TAKEN : ADAPTER_ROW_REFUSED);
}

Test(credit_china, a_call_that_was_not_restored_believes_no_receipt)
{
    AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
    AUTO(buf_done) struct buf body = BUF_INIT;

    receipt_add(&body, "");
    memset(call.file_code, 0, sizeof call.file_code);
    cr_assert_eq(ask(buf_span(&body), &result), ADAPTER_MALFORMED);
}

Test(credit_china, steps_that_are_not_its_own_are_never_answered)
{
    for (int step = ADAPTER_KEY; step < ADAPTER_STEP_COUNT; step++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};

        adapter_credit_china.reply(&call, (enum adapter_step)step, 200, SPAN("{}"), &result);
        cr_assert_eq(result.ending, ADAPTER_MALFORMED);
    }
}

/* --- names --- */

Test(credit_china, a_name_needs_six_digits_a_day_and_a_number_of_five)
{
    static const char *const BAD_CODES[] = {"", "00150", "0015033", "00150a", "00150 ", "../503", "００1503"};
    char name[CHINA_NAME_BYTES];

    for (size_t i = 0; i < COUNT_OF(BAD_CODES); i++) {
        cr_assert_not(china_name(BAD_CODES[i], call.day, 1, name), "%s", BAD_CODES[i]);
        cr_assert_str_eq(name, "");
    }
    cr_assert_not(china_name("001503", 0, 1, name));
    cr_assert_not(china_name("001503", -1, 1, name));
    cr_assert_not(china_name("001503", DAY_NONE, 1, name));
    cr_assert_not(china_name("001503", INT32_MAX, 1, name));
    cr_assert_not(china_name("001503", call.day, 0, name));
    cr_assert_not(china_name("001503", call.day, 100000, name));
    cr_assert_not(china_name("001503", call.day, UINT32_MAX, name));
    cr_assert(china_name("001503", call.day, 99999, name));
    cr_assert_str_eq(name, "001503_20260302_99999");
    cr_assert(china_name("001501", day_from_civil(2018, 3, 7), 1, name));
    cr_assert_str_eq(name, "001501_20180307_00001", "the example of the file mode that ran");
}

/* --- the file --- */

static bool data_of(const char *row, struct buf *out)
{
    err.code = ERR_NONE;
    return china_data_add(span_of(row), out, &err);
}

Test(credit_china, a_row_that_cannot_be_xml_is_refused_and_adds_nothing)
{
    static const char *const BAD[] = {
        "",
        "{}",
        "[]",
        "[\"A\"]",
        "\"A\"",
        "{\"A\":1",
        "{\"A\":1}x",
        "{\"A\":1} ",
        "{\"A\"}",
        "{\"A\":}",
        "{\"A\":null}",
        "{\"A\":true}",
        "{\"A\":{}}",
        "{\"A\":[1]}",
        "{\"A\":-}",
        "{\"A\":\"\\ud800\"}",
        "{\"A\":\"\\u0000\"}",
        "{\"A\":\"\\u0001\"}",
        "{\"A\":\"\\u001f\"}",
        "{\"A\":\"\\b\"}",
        "{\"A\":\"\\ufffe\"}",
        "{\"A\":\"\\uffff\"}",
        "{\"A\":\"\xef\xbf\xbe\"}",
        "{\"A\":\"\xef\xbf\xbf\"}",
        "{\"A\":\"\xff\"}",
        "{\"A\":\"\xe5\x8c\"}",
        "{\"\":1}",
        "{\"1A\":1}",
        "{\"-A\":1}",
        "{\"A B\":1}",
        "{\"A>\":1}",
        "{\"A/\":1}",
        "{\"x:A\":1}",
        "{\"字\":1}",
        "{\"xml\":1}",
        "{\"XmlRow\":1}",
        "{\"B\":1,\"A\":1}",
        "{\"A\":1,\"A\":1}",
        "{\"AB\":1,\"A\":1}",
        "{\"a1234567890123456789012345678901234567890123456789012345678901234\":1}",
    };

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf out = BUF_INIT;

        buf_add_text(&out, "before");
        cr_assert_not(data_of(BAD[i], &out), "%s", BAD[i]);
        cr_assert_eq(err.code, ERR_INVALID, "%s", BAD[i]);
        cr_assert_str_eq(buf_text(&out), "before", "%s", BAD[i]);
    }
}

Test(credit_china, the_refusal_names_the_member)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_not(data_of("{\"JGQC\":\"x\",\"ZYSXSS\":\"\\u0007\"}", &out));
    cr_assert(strstr(err.text, "ZYSXSS"), "%s", err.text);
}

Test(credit_china, a_row_becomes_elements_in_its_order)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(
        data_of("{\"A\":\"<a b='c'>&\\\"\",\"A.1\":\"\\r\\n\\t \",\"B-\":12,\"B_\":-0.5e3,\"Z\":\"\",\"_\":\"]]>\"}",
                &out),
        "%s", err.text);
    cr_assert_str_eq(buf_text(&out),
                     "<DATA><A>&lt;a b='c'&gt;&amp;\"</A><A.1>&#13;\n\t </A.1><B->12</B-><B_>-0.5e3</B_>"
                     "<Z></Z><_>]]&gt;</_></DATA>\n");
}

/* Every character that XML knows, a few hundred a row, comes back from a parser as it was. */
Test(credit_china, whatever_text_xml_can_carry_comes_back_from_a_parser)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf file = BUF_INIT;
    struct adapter_row only = {"R", 1, SPAN_NONE};
    xmlChar *content;
    xmlDocPtr document;

    buf_add_text(&text, "\t\n\r\r\n]]>&lt;&amp;&#13;<![CDATA[x]]><!--");
    for (unsigned point = ' '; point < 0x10ffff; point += point < 0x3000 ? 1 : 97) {
        char utf8[5] = {0};

        if ((point >= 0xd800 && point < 0xe000) || point == 0xfffe || point == 0xffff)
            continue;
        if (point < 0x80) {
            utf8[0] = (char)point;
        } else if (point < 0x800) {
            utf8[0] = (char)(0xc0 | point >> 6);
            utf8[1] = (char)(0x80 | (point & 63));
        } else if (point < 0x10000) {
            utf8[0] = (char)(0xe0 | point >> 12);
            utf8[1] = (char)(0x80 | (point >> 6 & 63));
            utf8[2] = (char)(0x80 | (point & 63));
        } else {
            utf8[0] = (char)(0xf0 | point >> 18);
            utf8[1] = (char)(0x80 | (point >> 12 & 63));
            utf8[2] = (char)(0x80 | (point >> 6 & 63));
            utf8[3] = (char)(0x80 | (point & 63));
        }
        buf_add_text(&text, utf8);
    }
    buf_add_text(&row, "{\"A\":");
    json_string_add(&row, buf_span(&text));
    buf_add_byte(&row, '}');
    only.json = buf_span(&row);
    cr_assert(china_file_add(&only, 1, &file, &err), "%s", err.text);
    document = xmlReadMemory(file.data, (int)file.bytes, NULL, NULL, XML_PARSE_NONET);
    cr_assert(document);
    content = xmlNodeGetContent(xmlFirstElementChild(xmlFirstElementChild(xmlDocGetRootElement(document))));
    cr_assert_str_eq((const char *)content, buf_text(&text));
    xmlFree(content);
    xmlFreeDoc(document);
}

Test(credit_china, a_file_has_one_to_a_thousand_rows)
{
    static struct adapter_row rows[ADAPTER_ROWS_MAX + 1];
    AUTO(buf_done) struct buf out = BUF_INIT;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = (struct adapter_row){"R", 1, SPAN("{\"A\":1}")};
    cr_assert_not(china_file_add(rows, 0, &out, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_not(china_file_add(rows, COUNT_OF(rows), &out, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert(china_file_add(rows, ADAPTER_ROWS_MAX, &out, &err), "%s", err.text);
}

/* The rows that grow most, as many as the courier puts into one call. */
Test(credit_china, rows_within_the_limit_of_bytes_never_make_a_file_that_is_too_long)
{
    static struct adapter_row rows[ADAPTER_ROWS_MAX];
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;
    size_t bytes = CHINA_ROWS_BYTES_MAX / ADAPTER_ROWS_MAX - 1;

    buf_add_text(&row, "{\"A\":\"");
    while (row.bytes < bytes - 2)
        buf_add_byte(&row, '&');
    buf_add_text(&row, "\"}");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = (struct adapter_row){"R", 1, buf_span(&row)};
    cr_assert(china_file_add(rows, COUNT_OF(rows), &out, &err), "%s", err.text);
    cr_assert_gt(out.bytes, (size_t)CHINA_FILE_BYTES_MAX / 5 * 4);
    cr_assert_leq(out.bytes, (size_t)CHINA_FILE_BYTES_MAX);
}

Test(credit_china, a_file_that_would_be_too_long_is_refused)
{
    static struct adapter_row rows[ADAPTER_ROWS_MAX];
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;

    buf_add_text(&row, "{\"A\":\"");
    while (row.bytes < 20000)
        buf_add_byte(&row, 'x');
    buf_add_text(&row, "\"}");
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        rows[i] = (struct adapter_row){"R", 1, buf_span(&row)};
    cr_assert_not(china_file_add(rows, COUNT_OF(rows), &out, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
}

/* --- the row --- */

static const struct adapter_record RECORD = {
    .record = SPAN("R0123456789abcdef0123"),
    .version = 2,
    .op = ADAPTER_OP_CHANGE,
    .name = SPAN("韶关市璞廪钢铁有限公司"),
    .code = SPAN("91440224MAYUCHK485"),
    .facts = SPAN("能耗：25吨转炉1台"),
    .order = SPAN("韶经信节能〔2017〕10号"),
    .listed_on = 17702,
    .published_until = 18067,
    .authority = SPAN("韶关市发展和改革局"),
    .document = SPAN("韶发改信〔2018〕3号"),
    .provided_on = 17713,
    .division = SPAN("440224"),
    .severity = 2,
};

Test(credit_china, a_record_with_a_character_that_xml_cannot_carry_is_refused_by_its_own_row)
{
    struct adapter_record record = RECORD;
    AUTO(buf_done) struct buf row = BUF_INIT;

    buf_add_text(&row, "before");
    record.facts = SPAN("能耗\xef\xbf\xbf");
    cr_assert_not(adapter_credit_china.row(&CONFIG, &record, &row, &err));
    cr_assert_eq(err.code, ERR_REFUSED);
    cr_assert_str_eq(err.rule, "row.characters");
    cr_assert(strstr(err.text, "ZYSXSS") && strstr(err.zh, "ZYSXSS"), "%s", err.text);
    cr_assert_str_eq(buf_text(&row), "before");
    record.facts = SPAN("");
    cr_assert_not(adapter_credit_china.row(&CONFIG, &record, &row, &err));
    cr_assert_str_eq(err.rule, "row.empty");
}

Test(credit_china, the_row_of_a_record_is_the_one_of_the_other_channels)
{
    AUTO(buf_done) struct buf row = BUF_INIT;
    AUTO(buf_done) struct buf other = BUF_INIT;
    AUTO(buf_done) struct buf data = BUF_INIT;

    cr_assert(adapter_credit_china.row(&CONFIG, &RECORD, &row, &err), "%s", err.text);
    cr_assert(adapter_credit_guangdong.row(&CONFIG, &RECORD, &other, &err), "%s", err.text);
    cr_assert_str_eq(buf_text(&row), buf_text(&other));
    cr_assert(china_data_add(buf_span(&row), &data, &err), "%s", err.text);
    cr_assert(strstr(buf_text(&data), "<ROWID>R0123456789abcdef0123</ROWID>"), "%s", buf_text(&data));
    cr_assert(strstr(buf_text(&data), "<VERSION>2</VERSION>"));
}

/* --- draft, fix, restore --- */

static void draft(struct adapter_draft *out)
{
    cr_assert(adapter_credit_china.draft(&CONFIG, &call, out, &err), "%s", err.text);
}

Test(credit_china, a_call_that_can_have_no_name_is_not_drafted)
{
    AUTO(adapter_draft_done) struct adapter_draft out = {.payload_at = 0};
    struct adapter_config config = CONFIG;

    call.number = 0;
    cr_assert_not(adapter_credit_china.draft(&CONFIG, &call, &out, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    call.number = 1;
    call.day = 0;
    cr_assert_not(adapter_credit_china.draft(&CONFIG, &call, &out, &err));
    teardown();
    setup();
    config.file_code = "15";
    memset(call.file_code, 0, sizeof call.file_code);
    cr_assert_not(adapter_credit_china.draft(&config, &call, &out, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(credit_china, the_message_is_the_digest_and_then_the_file)
{
    AUTO(adapter_draft_done) struct adapter_draft out = {.payload_at = 0};
    uint8_t sm3[32];

    draft(&out);
    digest_sm3(SPAN(FILE_TEXT), sm3);
    cr_assert_eq(out.payload_at, 32);
    cr_assert_eq(out.signed_bytes, 32);
    cr_assert_arr_eq(out.message.data, sm3, 32);
    cr_assert_arr_eq(out.sm3, sm3, 32);
    cr_assert_str_eq(out.message.data + 32, FILE_TEXT);
}

Test(credit_china, the_signature_is_over_the_digest_alone)
{
    AUTO(adapter_draft_done) struct adapter_draft out = {.payload_at = 0};
    AUTO(key_free) struct key *key = NULL;
    AUTO(buf_done) struct buf signature = BUF_INIT;
    uint8_t sm3[32];

    draft(&out);
    cr_assert(key_generate(KEY_SM2, "push-1", &key, &err), "%s", err.text);
    cr_assert(key_sign(key, (struct span){out.message.data, out.signed_bytes}, &signature, &err), "%s", err.text);
    /* The receiver: the digest of the file as it came. */
    digest_sm3(SPAN(FILE_TEXT), sm3);
    cr_assert(key_verify(key, (struct span){(const char *)sm3, sizeof sm3}, buf_span(&signature), &err), "%s",
              err.text);
    sm3[0] ^= 1;
    cr_assert_not(key_verify(key, (struct span){(const char *)sm3, sizeof sm3}, buf_span(&signature), &err));
}

static void fix(struct adapter_draft *drafted, struct buf *fixed)
{
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};

    buf_add_text(&signature.bytes, "0123");
    draft(drafted);
    adapter_credit_china.fix(&CONFIG, &call, drafted, &signature, fixed);
}

Test(credit_china, what_is_fixed_is_canonical_and_holds_the_name)
{
    AUTO(adapter_draft_done) struct adapter_draft drafted = {.payload_at = 0};
    AUTO(buf_done) struct buf fixed = BUF_INIT;
    AUTO(buf_done) struct buf again = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;

    memset(call.file_code, 0, sizeof call.file_code); /* as it is before it was restored */
    fix(&drafted, &fixed);
    cr_assert(json_read(buf_span(&fixed), 4096, &json, &err), "%s", err.text);
    cr_assert(json_canonical_add(json, &again, &err));
    cr_assert_str_eq(buf_text(&fixed), buf_text(&again));
    cr_assert_str_eq(json_text_of(json, "day"), "2026-03-02");
    cr_assert_str_eq(json_text_of(json, "file_code"), "001503");
    cr_assert_eq(json_integer_of(json, "number", 0), 7);
    cr_assert_eq(json_integer_of(json, "payload_bytes", 0), sizeof FILE_TEXT - 1);
    cr_assert_eq(json_object_size(json), 8);
}

Test(credit_china, a_restored_call_makes_the_same_bytes_whatever_the_settings_say_now)
{
    AUTO(adapter_draft_done) struct adapter_draft first = {.payload_at = 0};
    AUTO(adapter_draft_done) struct adapter_draft second = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = ""};
    AUTO(adapter_request_done) struct adapter_request request = {.method = NULL};
    AUTO(buf_done) struct buf fixed = BUF_INIT;
    struct adapter_attempt attempt = {.step = ADAPTER_DOUBT};
    struct adapter_call restored = {.rows = ROWS, .row_count = COUNT_OF(ROWS)};
    struct adapter_config config = CONFIG;

    fix(&first, &fixed);
    cr_assert(adapter_credit_china.restore(buf_span(&fixed), &restored, &signature, &err), "%s", err.text);
    config.file_code = "009903";
    cr_assert(adapter_credit_china.draft(&config, &restored, &second, &err), "%s", err.text);
    cr_assert_arr_eq(second.sm3, restored.sm3, sizeof restored.sm3);
    cr_assert_eq(first.message.bytes, second.message.bytes);
    cr_assert_arr_eq(first.message.data, second.message.data, first.message.bytes);
    cr_assert_eq(restored.at_ms, call.at_ms);
    cr_assert_eq(restored.day, call.day);
    cr_assert_eq(restored.number, 7);
    cr_assert_eq(restored.payload_bytes, sizeof FILE_TEXT - 1);
    cr_assert_str_eq(restored.kid, "push-1");
    cr_assert_str_eq(signature.kid, "push-1");
    cr_assert(span_is(buf_span(&signature.bytes), "0123"));
    adapter_credit_china.request(&config, &restored, NULL, NULL, &attempt, &request);
    cr_assert_str_eq(buf_text(&request.url), "https://localhost:1/china/inbox/" NAME ".sm3",
                     "once named, always named");
}

/* One place of what was fixed, written differently. */
static void check_not_restored(const struct buf *fixed, const char *from, const char *to)
{
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "kept"};
    AUTO(buf_done) struct buf changed = BUF_INIT;
    const char *at = strstr(buf_text(fixed), from);
    struct adapter_call restored = {.number = 3};

    cr_assert(at, "%s", from);
    buf_add(&changed, fixed->data, (size_t)(at - fixed->data));
    buf_add_text(&changed, to);
    buf_add_text(&changed, at + strlen(from));
    cr_assert_not(adapter_credit_china.restore(buf_span(&changed), &restored, &signature, &err), "%s",
                  buf_text(&changed));
    cr_assert_eq(err.code, ERR_CORRUPT);
    cr_assert_eq(restored.number, 3, "untouched");
    cr_assert_str_eq(signature.kid, "kept");
}

Test(credit_china, what_was_fixed_is_restored_from_its_own_bytes_only)
{
    static const char *const CHANGES[][2] = {
        {"{", "["},
        {"{", "{\"a\":1,"},
        {"{", "{ "},
        {"}", ",\"z\":1}"},
        {"}", "} "},
        {"}", ""},
        {"\"at_ms\":1", "\"at_ms\":-1"},
        {"\"at_ms\":1", "\"at_ms\":01"},
        {"\"day\":\"2026-03-02\"", "\"day\":\"2026-02-30\""},
        {"\"day\":\"2026-03-02\"", "\"day\":\"1969-03-02\""},
        {"\"day\":\"2026-03-02\",", ""},
        {"\"001503\"", "\"00150\""},
        {"\"001503\"", "\"00150x\""},
        {"\"001503\"", "\"0015033\""},
        {"\"001503\"", "\"../../../etc\""},
        {"\"001503\"", "1503"},
        {"\"push-1\"", "\"\""},
        {"\"push-1\"", "\"push\\u002d1\""},
        {"\"number\":7", "\"number\":0"},
        {"\"number\":7", "\"number\":-7"},
        {"\"number\":7", "\"number\":07"},
        {"\"number\":7", "\"number\":\"7\""},
        {"\"number\":7", "\"number\":100000"},
        {"\"number\":7", "\"number\":4294967303"},
        {"\"number\":7,", ""},
        {"\"payload_bytes\":1", "\"payload_bytes\":99999999991"},
        {"\"payload_bytes\":1", "\"payload_bytes\":-1"},
        {"\"MDEyMw==\"", "\"MDEyMw\""},
        {"\"MDEyMw==\"", "\"\""},
        {"\"sm3\":\"", "\"sm3\":\"0"},
        {"\"sm3\":\"", "\"sm3\":\"00"},
        {"\"sm3\"", "\"SM3\""},
    };
    AUTO(adapter_draft_done) struct adapter_draft drafted = {.payload_at = 0};
    AUTO(buf_done) struct buf fixed = BUF_INIT;

    fix(&drafted, &fixed);
    for (size_t i = 0; i < COUNT_OF(CHANGES); i++)
        check_not_restored(&fixed, CHANGES[i][0], CHANGES[i][1]);
    for (size_t i = 0; i < fixed.bytes; i++) {
        AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = ""};
        struct adapter_call restored = {.number = 0};

        cr_assert_not(adapter_credit_china.restore((struct span){fixed.data, i}, &restored, &signature, &err), "%zu",
                      i);
    }
}

/* --- requests --- */

static void request(enum adapter_step step, struct adapter_request *out)
{
    AUTO(adapter_draft_done) struct adapter_draft drafted = {.payload_at = 0};
    AUTO(adapter_signature_done) struct adapter_signature signature = {.kid = "push-1"};
    struct adapter_attempt attempt = {.step = step, .now_ms = 1772438500000, .nonce = "abc", .after = "R1"};

    buf_add_text(&signature.bytes, "sig");
    draft(&drafted);
    if (step == ADAPTER_UPLOAD || step == ADAPTER_SECOND)
        adapter_credit_china.request(&CONFIG, &call, &drafted, &signature, &attempt, out);
    else
        adapter_credit_china.request(&CONFIG, step == ADAPTER_HOLDINGS ? NULL : &call, NULL, NULL, &attempt, out);
}

Test(credit_china, an_upload_puts_the_file_where_nothing_is)
{
    AUTO(adapter_request_done) struct adapter_request out = {.method = NULL};

    request(ADAPTER_UPLOAD, &out);
    cr_assert_str_eq(out.method, "PUT");
    cr_assert_str_eq(buf_text(&out.url), "https://localhost:1/china/inbox/" NAME ".xml");
    cr_assert_str_eq(request_header(&out, "If-None-Match"), "*");
    cr_assert_str_eq(request_header(&out, "Content-Type"), "application/xml");
    cr_assert_str_eq(buf_text(&out.body), FILE_TEXT);
    cr_assert_eq(out.body.bytes, call.payload_bytes);
}

Test(credit_china, the_second_part_puts_the_signature_beside_it)
{
    AUTO(adapter_request_done) struct adapter_request out = {.method = NULL};

    request(ADAPTER_SECOND, &out);
    cr_assert_str_eq(out.method, "PUT");
    cr_assert_str_eq(buf_text(&out.url), "https://localhost:1/china/inbox/" NAME ".sig");
    cr_assert_str_eq(request_header(&out, "If-None-Match"), "*");
    cr_assert_str_eq(request_header(&out, "Content-Type"), "application/json");
    cr_assert_str_eq(buf_text(&out.body),
                     "{\"alg\":\"SM2-SM3\",\"bytes\":122,\"file\":\"" NAME
                     ".xml\",\"kid\":\"push-1\",\"signature\":\"c2ln\","
                     "\"sm3\":\"5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d5d\"}");
}

Test(credit_china, questions_go_where_the_answers_are)
{
    static const struct {
        enum adapter_step step;
        const char *url;
    } WANTED[] = {
        {ADAPTER_DOUBT, "https://localhost:1/china/inbox/" NAME ".sm3"},
        {ADAPTER_ASK, "https://localhost:1/china/outbox/" NAME ".ack.xml"},
        {ADAPTER_HOLDINGS, "https://localhost:1/china/holdings?after=R1&limit=1000"},
    };

    for (size_t i = 0; i < COUNT_OF(WANTED); i++) {
        AUTO(adapter_request_done) struct adapter_request out = {.method = NULL};

        request(WANTED[i].step, &out);
        cr_assert_str_eq(out.method, "GET");
        cr_assert_str_eq(buf_text(&out.url), WANTED[i].url);
        cr_assert_eq(out.body.bytes, 0);
    }
}

Test(credit_china, it_is_found_by_its_name_and_numbers_its_calls)
{
    cr_assert_eq(adapter_find("credit-china"), &adapter_credit_china);
    cr_assert(adapter_credit_china.is_numbered);
    cr_assert_not(adapter_credit_china.needs_secret);
    cr_assert_eq(adapter_credit_china.rows_max, 1000);
    cr_assert_leq(adapter_credit_china.rows_max, (unsigned)ADAPTER_ROWS_MAX);
    cr_assert(adapter_credit_china.holdings);
}
