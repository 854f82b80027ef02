#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/schema.h"
#include "tests/support/support.h"

static struct error err;
static const struct schema_options STRICT = {.asserts_format = true};

static struct schema *compile(const char *text)
{
    AUTO(json_release) json_t *document = NULL;
    struct schema *schema = NULL;

    cr_assert(json_read(span_of(text), JSON_BYTES_MAX, &document, &err), "%s", err.text);
    cr_assert(schema_compile(document, "", &STRICT, &schema, &err), "%s", err.text);
    return schema;
}

static void expect_refused(const char *text, enum error_code code, const char *words)
{
    AUTO(json_release) json_t *document = NULL;
    struct schema *schema = NULL;

    cr_assert(json_read(span_of(text), JSON_BYTES_MAX, &document, &err), "%s", err.text);
    cr_assert_not(schema_compile(document, "", &STRICT, &schema, &err), "%s", text);
    cr_assert_null(schema);
    cr_assert_eq(err.code, code, "%s", err.text);
    cr_assert(strstr(err.text, words), "'%s' says nothing of '%s'", err.text, words);
}

static void keep(void *context, const struct schema_problem *problem)
{
    buf_addf(context, "%s %s %s|", problem->instance, problem->keyword, problem->schema);
    cr_assert(problem->en[0] && problem->zh[0]);
    cr_assert(utf8_is_valid(span_of(problem->zh), NULL) && utf8_is_valid(span_of(problem->en), NULL));
}

static void expect_problems(const char *schema_text, const char *value_text, size_t limit, const char *expected)
{
    AUTO(schema_free) struct schema *schema = compile(schema_text);
    AUTO(json_release) json_t *value = NULL;
    AUTO(buf_done) struct buf said = BUF_INIT;
    const struct schema_report report = {keep, &said, limit};

    cr_assert(json_read(span_of(value_text), JSON_BYTES_MAX, &value, &err), "%s", err.text);
    cr_assert_eq(schema_check(schema, value, &report), expected[0] == '\0');
    cr_assert_eq(schema_check(schema, value, NULL), expected[0] == '\0');
    cr_assert_str_eq(buf_text(&said), expected);
}

Test(schema, a_keyword_we_do_not_check_is_refused_with_its_pointer)
{
    expect_refused("{\"properties\":{\"a/b\":{\"unevaluatedItems\":false}}}", ERR_REFUSED,
                   "/properties/a~1b/unevaluatedItems: the keyword \"unevaluatedItems\" is not supported");
    cr_assert(strstr(err.zh, "不支持关键字"), "%s", err.zh);
    cr_assert_str_eq(err.rule, "schema.keyword-unsupported");
    expect_refused("{\"allOf\":[true,{\"$dynamicRef\":\"#x\"}]}", ERR_REFUSED, "/allOf/1/$dynamicRef");
    expect_refused("{\"maxLenght\":1}", ERR_REFUSED, "/maxLenght");
}

Test(schema, another_draft_is_refused)
{
    expect_refused("{\"$schema\":\"http://json-schema.org/draft-07/schema#\"}", ERR_REFUSED, "/$schema");
}

Test(schema, misused_keywords_are_refused)
{
    expect_refused("{\"maxLength\":-1}", ERR_INVALID, "/maxLength");
    expect_refused("{\"type\":\"strng\"}", ERR_INVALID, "/type");
    expect_refused("{\"multipleOf\":0}", ERR_INVALID, "/multipleOf");
    expect_refused("{\"pattern\":\"(\"}", ERR_INVALID, "/pattern: no regular expression");
    expect_refused("{\"properties\":[]}", ERR_INVALID, "/properties");
    expect_refused("{\"properties\":{\"a\":1}}", ERR_INVALID, "/properties/a");
    expect_refused("{\"allOf\":[]}", ERR_INVALID, "/allOf");
    expect_refused("{\"allOf\":{\"type\":\"string\"}}", ERR_INVALID, "/allOf");
    expect_refused("{\"required\":[1]}", ERR_INVALID, "/required");
    expect_refused("{\"$ref\":\"#/$defs/none\"}", ERR_INVALID, "leads to no schema");
    expect_refused("{\"$ref\":\"http://example.com/x\"}", ERR_NOT_FOUND, "http://example.com/x");
    expect_refused("{\"$id\":\"urn:a\",\"$defs\":{\"b\":{\"$id\":\"urn:a\"}}}", ERR_INVALID, "two schemas");
    expect_refused("[]", ERR_INVALID, "a schema is an object");
}

Test(schema, a_reference_in_circles_ends)
{
    expect_problems("{\"$ref\":\"#\"}", "1", 1, "  |");
}

Test(schema, a_catastrophic_pattern_ends_as_a_problem)
{
    char text[4096] = "\"";

    memset(text + 1, 'a', 4000);
    memcpy(text + 4001, "!\"", 3);
    expect_problems("{\"pattern\":\"^(a+)+$\"}", text, 1, " pattern /pattern|");
}

Test(schema, the_dollar_is_the_very_end)
{
    expect_problems("{\"pattern\":\"^a$\"}", "\"a\\n\"", 1, " pattern /pattern|");
}

Test(schema, problems_name_both_places_and_stop_at_the_limit)
{
    const char *schema =
        "{\"properties\":{\"a\":{\"items\":{\"type\":\"integer\",\"minimum\":3}},\"b~\":false,\"c\":true},"
        "\"required\":[\"c\"],\"additionalProperties\":false}";
    const char *value = "{\"a\":[3,\"x\",2],\"z\":1}";

    expect_problems(schema, value, 10,
                    " required /required|/a/1 type /properties/a/items/type|"
                    "/a/2 minimum /properties/a/items/minimum| additionalProperties /additionalProperties|");
    expect_problems(schema, value, 2, " required /required|/a/1 type /properties/a/items/type|");
    expect_problems(schema, value, 0, " required /required|");
    expect_problems(schema, "{\"c\":0,\"b~\":1}", 9, "/b~0  |");
    expect_problems(schema, "{\"c\":0}", 9, "");
}

Test(schema, under_any_of_only_the_choice_is_a_problem)
{
    expect_problems("{\"anyOf\":[{\"type\":\"null\"},{\"minLength\":3}]}", "\"ab\"", 9, " anyOf /anyOf|");
    expect_problems("{\"anyOf\":[{\"type\":\"null\"},{\"minLength\":3}]}", "\"abc\"", 9, "");
    expect_problems("{\"if\":{\"type\":\"string\"},\"then\":{\"maxLength\":1}}", "\"ab\"", 9,
                    " maxLength /then/maxLength|");
}

Test(schema, lengths_count_characters)
{
    expect_problems("{\"maxLength\":2}", "\"\\ud83d\\ude00煤\"", 9, "");
    expect_problems("{\"maxLength\":2}", "\"\\ud83d\\ude00煤炭\"", 9, " maxLength /maxLength|");
}

Test(schema, multiples_are_decimal)
{
    expect_problems("{\"multipleOf\":0.000001}", "31.47", 9, "");
    expect_problems("{\"multipleOf\":0.000001}", "999999999.999999", 9, "");
    expect_problems("{\"multipleOf\":0.000001}", "0.0000001", 9, " multipleOf /multipleOf|");
    expect_problems("{\"multipleOf\":0.01}", "4.35", 9, "");
    expect_problems("{\"multipleOf\":0.3}", "0.9", 9, "");
    expect_problems("{\"multipleOf\":0.3}", "1", 9, " multipleOf /multipleOf|");
    expect_problems("{\"multipleOf\":7}", "9223372036854775807", 9, "");
    expect_problems("{\"multipleOf\":0.123456789}", "1e308", 9, " multipleOf /multipleOf|");
}

Test(schema, register_rows_of_the_sample_all_pass)
{
    AUTO(schema_free) struct schema *schema = NULL;
    char path[TEST_PATH_BYTES];
    char line[8192];
    int count = 0;
    FILE *file;

    if (!test_data_path("register-dev.expected.jsonl", path))
        cr_skip_test("no register");
    cr_assert(schema_load(TEST_SOURCE "/schemas/register-row.schema.json", &STRICT, &schema, &err), "%s", err.text);
    cr_assert(schema_is_flat(schema));
    file = fopen(path, "r");
    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        AUTO(json_release) json_t *row = NULL;
        AUTO(buf_done) struct buf said = BUF_INIT;
        const struct schema_report report = {keep, &said, 5};

        cr_assert(json_read(span_of(line), sizeof line, &row, &err), "%s", err.text);
        cr_expect(schema_check(schema, row, &report), "row %d: %s", count + 1, buf_text(&said));
        count++;
    }
    fclose(file);
    cr_assert_eq(count, 515);
}

/* Random rows: values right and wrong of every kind, members missing, strange or in another order. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return *state >> 33;
}

static const char *const SAMPLES[] = {"",
                                      "x",
                                      "91440224MAYUCHK485",
                                      "9144022IMAYUCHK485",
                                      "钢铁",
                                      "能耗",
                                      "限期整改",
                                      "经济和信息化主管部门",
                                      "440224",
                                      "440224\n",
                                      "2018-02-28",
                                      "2018-02-29",
                                      "逾期未退出",
                                      "万吨/年",
                                      "韶关市璞廪钢铁有限公司",
                                      "0100-01-01"};
static const double NUMBERS[] = {0, 1, -1, 2.5, 31.47, 1e-7, 1e9, 999999999.999999, 100000, 100001, 5e-324, 1e300};

static void random_value(uint64_t *state, struct schema_flat_value *out)
{
    out->type = (enum schema_flat_type)(next_random(state) % 4);
    out->text = out->type == SCHEMA_FLAT_STRING ? span_of(SAMPLES[next_random(state) % COUNT_OF(SAMPLES)]) : SPAN_NONE;
    out->number = NUMBERS[next_random(state) % COUNT_OF(NUMBERS)];
    out->integer = (int64_t)(next_random(state) % 100003) - 1;
}

static json_t *json_of(const struct schema_flat_value *value)
{
    switch (value->type) {
    case SCHEMA_FLAT_STRING:
        return json_stringn(value->text.at, value->text.bytes);
    case SCHEMA_FLAT_INTEGER:
        return json_integer(value->integer);
    case SCHEMA_FLAT_NUMBER:
        return json_real(value->number);
    default:
        return json_null();
    }
}

enum { ROW_MAX = 24 };

static size_t random_row(uint64_t *state, const struct schema_flat_value *good, size_t count,
                         struct schema_flat_value *row)
{
    size_t used = 0;
    size_t turn = next_random(state) % 4 ? 0 : next_random(state) % count;

    for (size_t i = 0; i < count; i++) {
        row[used] = good[(i + turn) % count];
        if (next_random(state) % 40 == 0)
            random_value(state, &row[used]);
        used += next_random(state) % 150 != 0;
    }
    if (next_random(state) % 20 == 0) {
        random_value(state, &row[used]);
        row[used++].key = "strange";
    }
    return used;
}

static void compare_paths(const struct schema *schema, const struct schema_flat_value *row, size_t count, int *right)
{
    AUTO(json_release) json_t *object = json_object();
    AUTO(buf_done) struct buf flat_said = BUF_INIT;
    AUTO(buf_done) struct buf json_said = BUF_INIT;
    const struct schema_report flat_report = {keep, &flat_said, 50};
    const struct schema_report json_report = {keep, &json_said, 50};
    bool verdict;

    for (size_t i = 0; i < count; i++)
        json_object_set_new(object, row[i].key, json_of(&row[i]));
    verdict = schema_check_flat(schema, row, count, &flat_report);
    cr_assert_eq(schema_check(schema, object, &json_report), verdict);
    cr_assert_eq(schema_check_flat(schema, row, count, NULL), verdict);
    cr_assert_str_eq(buf_text(&flat_said), buf_text(&json_said));
    *right += verdict;
}

Test(schema, flat_rows_get_the_verdict_and_the_problems_of_the_same_object)
{
    static const struct schema_flat_value GOOD[] = {
        {"name", SCHEMA_FLAT_STRING, {"韶关市璞廪钢铁有限公司", sizeof "韶关市璞廪钢铁有限公司" - 1}, 0, 0},
        {"uscc", SCHEMA_FLAT_STRING, {"91440224MAYUCHK485", sizeof "91440224MAYUCHK485" - 1}, 0, 0},
        {"division", SCHEMA_FLAT_STRING, {"440224", sizeof "440224" - 1}, 0, 0},
        {"region", SCHEMA_FLAT_STRING, {"韶关市仁化县", sizeof "韶关市仁化县" - 1}, 0, 0},
        {"industry", SCHEMA_FLAT_STRING, {"钢铁", sizeof "钢铁" - 1}, 0, 0},
        {"dimension", SCHEMA_FLAT_STRING, {"能耗", sizeof "能耗" - 1}, 0, 0},
        {"measure", SCHEMA_FLAT_STRING, {"限期整改", sizeof "限期整改" - 1}, 0, 0},
        {"authority", SCHEMA_FLAT_STRING, {"韶关市经济和信息化局", sizeof "韶关市经济和信息化局" - 1}, 0, 0},
        {"authority_kind", SCHEMA_FLAT_STRING, {"经济和信息化主管部门", sizeof "经济和信息化主管部门" - 1}, 0, 0},
        {"document", SCHEMA_FLAT_STRING, {"韶经信节能〔2017〕10号", sizeof "韶经信节能〔2017〕10号" - 1}, 0, 0},
        {"order_date", SCHEMA_FLAT_STRING, {"2017-08-31", sizeof "2017-08-31" - 1}, 0, 0},
        {"deadline", SCHEMA_FLAT_STRING, {"2018-02-28", sizeof "2018-02-28" - 1}, 0, 0},
        {"extended_to", SCHEMA_FLAT_NULL, {"", sizeof "" - 1}, 0, 0},
        {"extension_document", SCHEMA_FLAT_NULL, {"", sizeof "" - 1}, 0, 0},
        {"approval", SCHEMA_FLAT_NULL, {"", sizeof "" - 1}, 0, 0},
        {"equipment", SCHEMA_FLAT_STRING, {"25吨转炉", sizeof "25吨转炉" - 1}, 0, 0},
        {"equipment_count", SCHEMA_FLAT_INTEGER, {"", sizeof "" - 1}, 1, 0},
        {"capacity", SCHEMA_FLAT_NUMBER, {"", sizeof "" - 1}, 0, 31.47},
        {"capacity_unit", SCHEMA_FLAT_STRING, {"万吨/年", sizeof "万吨/年" - 1}, 0, 0},
        {"state", SCHEMA_FLAT_STRING, {"逾期未退出", sizeof "逾期未退出" - 1}, 0, 0},
        {"exit_date", SCHEMA_FLAT_NULL, {"", sizeof "" - 1}, 0, 0},
        {"remark", SCHEMA_FLAT_NULL, {"", sizeof "" - 1}, 0, 0},
    };
    AUTO(schema_free) struct schema *schema = NULL;
    struct schema_flat_value row[ROW_MAX];
    uint64_t state = 20261124;
    int right = 0;

    cr_assert(schema_load(TEST_SOURCE "/schemas/register-row.schema.json", &STRICT, &schema, &err), "%s", err.text);
    for (int i = 0; i < 5000; i++)
        compare_paths(schema, row, random_row(&state, GOOD, COUNT_OF(GOOD), row), &right);
    cr_assert(right > 500 && right < 4500, "%d of 5000 rows right: the test tells nothing", right);
    compare_paths(schema, row, 0, &right);
}

Test(schema, a_schema_that_is_not_flat_accepts_no_flat_row)
{
    AUTO(schema_free) struct schema *schema = compile("{\"allOf\":[true]}");
    AUTO(json_release) json_t *object = json_object();

    cr_assert_not(schema_is_flat(schema));
    cr_assert(schema_check(schema, object, NULL));
    cr_assert_not(schema_check_flat(schema, NULL, 0, NULL));
}
