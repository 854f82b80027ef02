#include "gateway/api/problem.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/json.h"

static struct http_reply reply;
static json_t *problem;

static void parse(void)
{
    struct error err;

    json_decref(problem);
    problem = NULL;
    cr_assert(json_read(buf_span(&reply.body), JSON_BYTES_MAX, &problem, &err), "%s: %s", err.text,
              buf_text(&reply.body));
    cr_assert_str_eq(reply.content_type, "application/problem+json");
    cr_assert_eq(json_integer_of(problem, "status", 0), reply.status);
}

static const char *member(const char *name)
{
    const char *text = json_text_of(problem, name);

    return text ? text : "(none)";
}

static void teardown(void)
{
    json_decref(problem);
    problem = NULL;
    buf_done(&reply.body);
    buf_done(&reply.headers);
}

TestSuite(problem, .fini = teardown);

Test(problem, a_refusal_says_it_in_both_languages_and_names_its_rule)
{
    struct error err;

    error_set_both(&err, ERR_INVALID, "uscc.check", "the check character is wrong", "校验码不正确");
    problem_reply(&reply, &err, "r-1");
    parse();
    cr_assert_eq(reply.status, 400);
    cr_assert_str_eq(member("detail"), "the check character is wrong");
    cr_assert_str_eq(member("detail_zh"), "校验码不正确");
    cr_assert_str_eq(member("rule"), "uscc.check");
    cr_assert_str_eq(member("instance"), "r-1");
    cr_assert_str_eq(member("type"), "urn:creditgate:problem:invalid");
    cr_assert_str_eq(member("title_zh"), "请求有误");
}

Test(problem, what_was_quoted_and_cut_within_a_character_is_still_json)
{
    struct error err;

    error_set_both(&err, ERR_INVALID, "x.y", "\"%.40s\" is %.1s none", "“%.40s”%.1s没有",
                   "汉汉汉汉汉汉汉汉汉汉汉汉汉汉", "\xFF\xFE");
    problem_reply(&reply, &err, NULL);
    parse();
    cr_assert_str_eq(member("detail"), "\"汉汉汉汉汉汉汉汉汉汉汉汉汉\xEF\xBF\xBD\" is \xEF\xBF\xBD none");
    cr_assert_str_eq(member("detail_zh"), "“汉汉汉汉汉汉汉汉汉汉汉汉汉\xEF\xBF\xBD”\xEF\xBF\xBD没有");
}

Test(problem, what_is_for_the_operator_is_not_told_to_callers)
{
    struct error err;

    error_set(&err, ERR_IO, "/var/lib/secret-place: disk on fire");
    problem_reply(&reply, &err, NULL);
    parse();
    cr_assert_eq(reply.status, 500);
    cr_assert_null(strstr(buf_text(&reply.body), "secret-place"));
    cr_assert_str_eq(member("detail_zh"), "网关暂时无法应答，原因见其日志");
}

Test(problem, a_full_disk_is_called_a_full_disk)
{
    struct error err;

    error_set(&err, ERR_FULL, "/var/lib/secret-place: no space left");
    problem_reply(&reply, &err, NULL);
    parse();
    cr_assert_eq(reply.status, 507);
    cr_assert_null(strstr(buf_text(&reply.body), "secret-place"));
    cr_assert_not_null(strstr(member("detail_zh"), "磁盘已满"));
    cr_assert_not_null(strstr(member("detail"), "disk is full"));
}

Test(problem, a_fault_of_the_caller_without_chinese_words_is_told_under_a_chinese_title)
{
    struct error err;

    error_set(&err, ERR_INVALID, "arguments: line 1 column 4: no value");
    problem_reply(&reply, &err, NULL);
    parse();
    cr_assert_str_eq(member("detail"), "arguments: line 1 column 4: no value");
    cr_assert_str_eq(member("detail_zh"), "请求有误：arguments: line 1 column 4: no value");
    cr_assert_str_eq(member("rule"), "(none)");
}

Test(problem, hostile_text_stays_one_json_string)
{
    struct error err;

    error_set_both(&err, ERR_INVALID, "x", "%s", "%s", "\",\"status\":200,\"\n\x01\\");
    problem_reply(&reply, &err, NULL);
    parse();
    cr_assert_str_eq(member("detail"), "\",\"status\":200,\"\n\x01\\");
}

Test(problem, another_status_has_its_own_type)
{
    struct error err;

    error_set_both(&err, ERR_LIMIT, "client.limit", "too often", "过于频繁");
    problem_reply_status(&reply, 429, &err, NULL);
    parse();
    cr_assert_eq(reply.status, 429);
    cr_assert_str_eq(member("type"), "urn:creditgate:problem:too-many-requests");
}

Test(problem, whatever_the_server_refuses_is_a_problem_in_both_languages)
{
    static const int STATUSES[] = {400, 408, 411, 413, 414, 417, 431, 501, 503, 505};

    for (size_t i = 0; i < COUNT_OF(STATUSES); i++) {
        problem_of_server(NULL, STATUSES[i], "the reason", &reply);
        parse();
        cr_assert_eq(reply.status, STATUSES[i]);
        cr_assert_str_eq(member("detail"), "the reason");
        cr_assert_not_null(strstr(member("detail_zh"), "：the reason"));
        cr_assert_not_null(strstr(member("type"), "urn:creditgate:problem:"));
        cr_assert_gt(strlen(member("title_zh")), 3);
    }
}

Test(problem, what_can_be_tried_again_says_when)
{
    struct error err;

    error_set_both(&err, ERR_UNAVAILABLE, "", "later", "稍后");
    problem_reply(&reply, &err, NULL);
    cr_assert_eq(reply.status, 503);
    cr_assert_not_null(strstr(buf_text(&reply.headers), "Retry-After: 1"));
}
