/* Answers made wrong, of each of the three ways in which outcomes are told. */
#include "sandbox/distort.h"

#include <criterion/criterion.h>

#include "base/text.h"

#define GUANGDONG                                                                                                      \
    "{\"errorCode\":\"200\",\"rows\":[{\"ROWID\":\"R1\",\"VERSION\":1,\"result\":\"0\"},{\"ROWID\":\"R2\","            \
    "\"VERSION\":1,"                                                                                                   \
    "\"result\":\"40001\"}]}"
#define NATIONAL                                                                                                       \
    "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R1\",\"state\":\"1\"},{\"ROWID\":\"R2\",\"state\":\"9\"}]}}"
#define CHINA "<ACKS file=\"f\"><ACK ROWID=\"R1\" result=\"accepted\"/><ACK ROWID=\"R2\" result=\"rejected\"/></ACKS>"

static const struct {
    enum fault_kind kind;
    const char *before;
    const char *after;
} OUTCOMES[] = {
    {FAULT_ROWS_MISSING, GUANGDONG,
     "{\"errorCode\":\"200\",\"rows\":[{\"ROWID\":\"R1\",\"VERSION\":1,\"result\":\"0\"}]}"},
    {FAULT_ROWS_MISSING, NATIONAL, "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R1\",\"state\":\"1\"}]}}"},
    {FAULT_ROWS_MISSING, CHINA, "<ACKS file=\"f\"><ACK ROWID=\"R1\" result=\"accepted\"/></ACKS>"},
    {FAULT_ROWS_OPPOSITE, GUANGDONG,
     "{\"errorCode\":\"200\",\"rows\":[{\"ROWID\":\"R1\",\"VERSION\":1,\"result\":\"40001\"},{\"ROWID\":\"R2\","
     "\"VERSION\":1,\"result\":\"0\"}]}"},
    {FAULT_ROWS_OPPOSITE, NATIONAL,
     "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R1\",\"state\":\"9\"},{\"ROWID\":\"R2\",\"state\":\"1\"}]}}"},
    {FAULT_ROWS_OPPOSITE, CHINA,
     "<ACKS file=\"f\"><ACK ROWID=\"R1\" result=\"rejected\"/><ACK ROWID=\"R2\" result=\"accepted\"/></ACKS>"},
    {FAULT_ROWS_TWICE, NATIONAL,
     "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R1\",\"state\":\"1\"},{\"ROWID\":\"R2\",\"state\":\"9\"},"
     "{\"ROWID\":\"R1\",\"state\":\"1\"},{\"ROWID\":\"R2\",\"state\":\"9\"}]}}"},
    {FAULT_ROWS_TWICE, CHINA,
     "<ACKS file=\"f\"><ACK ROWID=\"R1\" result=\"accepted\"/><ACK ROWID=\"R1\" result=\"accepted\"/><ACK "
     "ROWID=\"R2\" result=\"rejected\"/><ACK ROWID=\"R2\" result=\"rejected\"/></ACKS>"},
    {FAULT_ROWS_CONTRADICT, NATIONAL,
     "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R1\",\"state\":\"1\"},{\"ROWID\":\"R2\",\"state\":\"9\"},"
     "{\"ROWID\":\"R1\",\"state\":\"9\"},{\"ROWID\":\"R2\",\"state\":\"1\"}]}}"},
    {FAULT_ROWS_CONTRADICT, CHINA,
     "<ACKS file=\"f\"><ACK ROWID=\"R1\" result=\"accepted\"/><ACK ROWID=\"R1\" result=\"rejected\"/><ACK "
     "ROWID=\"R2\" result=\"rejected\"/><ACK ROWID=\"R2\" result=\"accepted\"/></ACKS>"},
    {FAULT_ROWS_FOREIGN, NATIONAL,
     "{\"code\":\"0\",\"data\":{\"rows\":[{\"ROWID\":\"R1\",\"state\":\"1\"},{\"ROWID\":\"R2\",\"state\":\"9\"},"
     "{\"ROWID\":\"R00000000000000000000\",\"state\":\"1\"}]}}"},
    {FAULT_ROWS_FOREIGN, CHINA,
     "<ACKS file=\"f\"><ACK ROWID=\"R1\" result=\"accepted\"/><ACK ROWID=\"R00000000000000000000\" "
     "result=\"accepted\"/><ACK ROWID=\"R2\" result=\"rejected\"/></ACKS>"},
};

Test(distort, what_tells_no_outcomes_has_none)
{
    static const char *const NONE[] = {
        "",   "{",     "[]",           "{\"rows\":[]}", "{\"rows\":[1]}", "{\"rows\":{}}", "{\"data\":{\"rows\":[]}}",
        "{}", "<ACK ", "<ACKS></ACKS>"};

    for (size_t i = 0; i < COUNT_OF(NONE); i++)
        cr_assert_not(distort_has_outcomes(span_of(NONE[i])), "%s", NONE[i]);
    cr_assert(distort_has_outcomes(SPAN(GUANGDONG)));
    cr_assert(distort_has_outcomes(SPAN(NATIONAL)));
    cr_assert(distort_has_outcomes(SPAN(CHINA)));
}

Test(distort, outcomes_are_told_as_ordered)
{
    for (size_t i = 0; i < COUNT_OF(OUTCOMES); i++) {
        const struct fault fault = {.kind = OUTCOMES[i].kind, .rows = 1};
        AUTO(buf_done) struct buf body = BUF_INIT;

        buf_add_text(&body, OUTCOMES[i].before);
        distort_outcomes(&fault, &body);
        cr_assert_str_eq(buf_text(&body), OUTCOMES[i].after, "%s: %s", fault_name(fault.kind), buf_text(&body));
    }
}

Test(distort, more_missing_than_there_are_leaves_none)
{
    const struct fault fault = {.kind = FAULT_ROWS_MISSING, .rows = 7};
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf xml = BUF_INIT;

    buf_add_text(&json, NATIONAL);
    buf_add_text(&xml, CHINA);
    distort_outcomes(&fault, &json);
    distort_outcomes(&fault, &xml);
    cr_assert_str_eq(buf_text(&json), "{\"code\":\"0\",\"data\":{\"rows\":[]}}");
    cr_assert_str_eq(buf_text(&xml), "<ACKS file=\"f\"></ACKS>");
}

Test(distort, every_member_changes_its_type)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_add_text(&body, "{\"a\":\"200\",\"b\":\"x\",\"c\":3,\"d\":[1],\"e\":{},\"f\":true}");
    distort_types(&body);
    cr_assert_str_eq(buf_text(&body), "{\"a\":200,\"b\":true,\"c\":\"3\",\"d\":{},\"e\":[],\"f\":\"\"}");
    buf_clear(&body);
    buf_add_text(&body, "<ACKS/>");
    distort_types(&body);
    cr_assert_str_eq(buf_text(&body), "[]");
}

Test(distort, a_secret_is_not_whole_blocks_any_more)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_add_text(&body, "{\"code\":\"0\",\"data\":{\"secret\":\"AAAA\",\"secretEndTime\":\"1\"}}");
    distort_secret(&body);
    cr_assert(strstr(buf_text(&body), "\"bm90IHdob2xlIGJsb2NrcyE=\""), "%s", buf_text(&body));
    cr_assert(strstr(buf_text(&body), "\"secretEndTime\":\"1\""));
}

Test(distort, white_space_fills_up_to_the_size)
{
    AUTO(buf_done) struct buf body = BUF_INIT;

    buf_add_text(&body, "{}");
    distort_size(1, &body);
    cr_assert_eq(body.bytes, 2);
    distort_size(5, &body);
    cr_assert_str_eq(buf_text(&body), "{}   ");
}

Test(distort, each_platform_refuses_in_its_own_words)
{
    AUTO(buf_done) struct buf body = BUF_INIT;
    int status = 0;

    distort_refusal(FAULT_AT_GUANGDONG, "5003", "x", &status, &body);
    cr_assert(status == 200 && strstr(buf_text(&body), "{\"errorCode\":\"5003\",\"errorMsg\":\"x\","), "%s",
              buf_text(&body));
    distort_refusal(FAULT_AT_NATIONAL, "E-101", "x", &status, &body);
    cr_assert(status == 200);
    cr_assert_str_eq(buf_text(&body), "{\"code\":\"E-101\",\"message\":\"x\"}");
    distort_refusal(FAULT_AT_CHINA, "412", "x", &status, &body);
    cr_assert_eq(status, 412);
    cr_assert_str_eq(buf_text(&body), "x");
    distort_refusal(FAULT_AT_CHINA, "E-1", "x", &status, &body);
    cr_assert_eq(status, 400);
}
