#include <criterion/criterion.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "tests/support/support.h"

static struct error err;

static bool reads(const char *text)
{
    AUTO(json_release) json_t *value = NULL;

    return json_read(span_of(text), JSON_BYTES_MAX, &value, &err);
}

static void expect_refused(struct span text, enum error_code code, const char *words)
{
    json_t *value = NULL;

    cr_assert_not(json_read(text, JSON_BYTES_MAX, &value, &err), "%.*s", (int)text.bytes, text.at);
    cr_assert_null(value);
    cr_assert_eq(err.code, code, "%s", err.text);
    cr_assert(strstr(err.text, words), "'%s' says nothing of '%s'", err.text, words);
}

static void expect_canonical(const char *text, const char *expected)
{
    AUTO(json_release) json_t *value = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(json_read(span_of(text), JSON_BYTES_MAX, &value, &err), "%s", err.text);
    cr_assert(json_canonical_add(value, &out, &err), "%s", err.text);
    cr_assert_str_eq(buf_text(&out), expected);
}

Test(json, nothing_at_all_is_refused)
{
    expect_refused(SPAN_NONE, ERR_INVALID, "line 1");
    expect_refused(SPAN("  \n "), ERR_INVALID, "line 2");
}

Test(json, more_bytes_than_the_limit_are_refused)
{
    json_t *value = NULL;

    cr_assert_not(json_read(SPAN("[1,2]"), 4, &value, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert(json_read(SPAN("[1,2]"), 5, &value, &err));
    json_decref(value);
}

Test(json, the_65th_level_is_refused_and_the_64th_is_not)
{
    char text[2 * (JSON_DEPTH_MAX + 1) + 1];

    memset(text, '[', JSON_DEPTH_MAX);
    memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    text[2 * JSON_DEPTH_MAX] = '\0';
    cr_assert(reads(text), "%s", err.text);
    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    text[2 * JSON_DEPTH_MAX + 2] = '\0';
    expect_refused(span_of(text), ERR_LIMIT, "line 1, column 65: nested too deep");
}

Test(json, brackets_inside_strings_are_not_levels)
{
    char text[512];

    memset(text, '[', sizeof text);
    memcpy(text, "\"\\\"", 3);
    memcpy(text + sizeof text - 2, "\"", 2);
    cr_assert(reads(text), "%s", err.text);
}

Test(json, a_byte_order_mark_is_refused)
{
    expect_refused(SPAN("\xEF\xBB\xBF{}"), ERR_INVALID, "byte order mark");
}

Test(json, bad_utf8_is_refused_with_its_place_in_characters)
{
    expect_refused(SPAN("[\n \"\xE7\x85\xA4\xFF\"]"), ERR_INVALID, "line 2, column 4: not UTF-8");
    expect_refused(SPAN("\"\xED\xA0\x80\""), ERR_INVALID, "not UTF-8");
    expect_refused(SPAN("\"\xC0\x80\""), ERR_INVALID, "not UTF-8");
}

Test(json, lone_surrogates_are_refused)
{
    expect_refused(SPAN("[\"\\ud800\"]"), ERR_INVALID, "line 1");
    expect_refused(SPAN("[\"\\udc00\"]"), ERR_INVALID, "line 1");
    expect_refused(SPAN("[\"\\udc00\\ud800\"]"), ERR_INVALID, "line 1");
    expect_refused(SPAN("[\"\\ud800\\n\"]"), ERR_INVALID, "line 1");
    expect_canonical("[\"\\ud83d\\ude00\"]", "[\"\xF0\x9F\x98\x80\"]");
}

Test(json, duplicate_names_are_refused_also_when_written_differently)
{
    expect_refused(SPAN("{\"a\":1,\n\"a\":1}"), ERR_INVALID, "line 2");
    expect_refused(SPAN("{\"a\":1,\"\\u0061\":2}"), ERR_INVALID, "duplicate");
}

Test(json, nul_is_refused_in_names_and_outside_strings)
{
    expect_refused(SPAN("{\"a\\u0000b\":1}"), ERR_INVALID, "NUL");
    expect_refused(SPAN("[1]\0"), ERR_INVALID, "line 1");
    expect_refused(SPAN("[\0]"), ERR_INVALID, "line 1");
    expect_refused(SPAN("123\0"), ERR_INVALID, "line 1, column 4: a NUL byte");
}

Test(json, a_second_value_is_refused)
{
    expect_refused(SPAN("{}{}"), ERR_INVALID, "line 1");
    expect_refused(SPAN("1 2"), ERR_INVALID, "line 1");
}

Test(json, numbers_that_do_not_fit_are_refused)
{
    expect_refused(SPAN("[9223372036854775808]"), ERR_INVALID, "line 1");
    expect_refused(SPAN("[1e999]"), ERR_INVALID, "line 1");
    cr_assert(reads("[9223372036854775807]"));
}

Test(json, what_an_error_quotes_is_whole_and_printable)
{
    char text[600] = "[x";

    for (size_t i = 2; i + 3 < sizeof text; i += 3)
        memcpy(text + i, i % 2 ? "\xE7\x85\xA4" : "x\x01y", 3);
    cr_assert_not(reads(text));
    cr_assert(utf8_is_valid(span_of(err.text), NULL));
    for (const char *c = err.text; *c; c++)
        cr_assert((unsigned char)*c >= 0x20);
}

Test(json, a_missing_file_is_not_found_and_a_bad_one_is_named)
{
    char folder[TEST_PATH_BYTES];
    AUTO(text_free) char *path = NULL;
    json_t *value = NULL;

    test_folder_new(folder);
    path = path_join(folder, "bad.json");
    cr_assert_not(json_read_file(path, &value, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert(file_write(path, SPAN("{"), 0600, &err), "%s", err.text);
    cr_assert_not(json_read_file(path, &value, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert(strstr(err.text, "bad.json: line 1"), "%s", err.text);
    cr_assert(file_write(path, SPAN("{\"a\":[]}\n"), 0600, &err), "%s", err.text);
    cr_assert(json_read_file(path, &value, &err), "%s", err.text);
    json_decref(value);
    test_folder_remove(folder);
}

Test(json, any_value_may_stand_at_the_top)
{
    cr_assert(reads("null") && reads("true") && reads("-0") && reads("\"\"") && reads(" 1.5e3 ") && reads("[]"));
}

/* Legal JSON that we refuse all the same: two values under one name are read differently by different readers
 * (RFC 7493 section 2.3), and a name with a NUL would be cut by anything that reads C strings. */
static const char *const LEGAL_BUT_REFUSED[] = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
};

static bool is_refused_on_purpose(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(LEGAL_BUT_REFUSED); i++) {
        if (strcmp(LEGAL_BUT_REFUSED[i], name) == 0)
            return true;
    }
    return false;
}

static void check_parsing_file(const char *folder, const char *name, int counts[3])
{
    AUTO(text_free) char *path = path_join(folder, name);
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *value = NULL;
    bool is_read;

    cr_assert(file_read(path, JSON_BYTES_MAX, &text, &err), "%s", err.text);
    is_read = json_read(buf_span(&text), JSON_BYTES_MAX, &value, &err);
    if (is_refused_on_purpose(name))
        cr_expect_not(is_read, "%s", name);
    else if (name[0] == 'y')
        cr_expect(is_read, "%s: %s", name, err.text);
    else if (name[0] == 'n')
        cr_expect_not(is_read, "%s was read", name);
    counts[name[0] == 'y' ? 0 : name[0] == 'n' ? 1 : 2]++;
}

Test(json, json_test_suite_reads_every_y_and_no_n)
{
    char folder[TEST_PATH_BYTES];
    struct dirent *entry;
    int counts[3] = {0};
    DIR *files;

    if (!test_data_path("vectors/json-parsing", folder))
        cr_skip_test("no json-parsing vectors");
    files = opendir(folder);
    cr_assert_not_null(files);
    while ((entry = readdir(files))) {
        if (strstr(entry->d_name, ".json"))
            check_parsing_file(folder, entry->d_name, counts);
    }
    closedir(files);
    cr_assert(counts[0] == 95 && counts[1] == 188 && counts[2] == 35, "%d y, %d n, %d i", counts[0], counts[1],
              counts[2]);
}

Test(json, integers_beyond_2_to_the_53rd_have_no_canonical_form)
{
    AUTO(json_release) json_t *value = json_integer(9007199254740993);
    AUTO(buf_done) struct buf out = BUF_INIT;

    buf_add_text(&out, "kept");
    cr_assert_not(json_canonical_add(value, &out, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_str_eq(out.data, "kept");
    expect_canonical("9007199254740992", "9007199254740992");
    expect_canonical("-9007199254740992", "-9007199254740992");
}

Test(json, a_failure_inside_leaves_the_output_as_it_was)
{
    AUTO(json_release) json_t *value = NULL;
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(json_read(SPAN("{\"a\":[1,{\"b\":9007199254740993}]}"), 100, &value, &err));
    cr_assert_not(json_canonical_add(value, &out, &err));
    cr_assert_eq(out.bytes, 0);
}

Test(json, values_nested_too_deep_have_no_canonical_form)
{
    AUTO(json_release) json_t *value = json_array();
    AUTO(buf_done) struct buf out = BUF_INIT;

    for (int i = 0; i < 200; i++) {
        json_t *outer = json_array();

        json_array_append_new(outer, value);
        value = outer;
    }
    cr_assert_not(json_canonical_add(value, &out, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
}

Test(json, numbers_that_are_not_finite_are_refused)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert_not(json_number_add(NAN, &out));
    cr_assert_not(json_number_add(INFINITY, &out));
    cr_assert_not(json_number_add(-INFINITY, &out));
    cr_assert_eq(out.bytes, 0);
}

Test(json, names_are_sorted_by_utf16_code_units)
{
    /* U+FB33 is one unit, FB33; U+1F600 begins with D83D and so comes first. */
    expect_canonical("{\"\\ufb33\":1,\"\\ud83d\\ude00\":2,\"a\":3,\"\":4,\"aa\":5,\"\\u00f6\":6}",
                     "{\"\":4,\"a\":3,\"aa\":5,\"\xC3\xB6\":6,\"\xF0\x9F\x98\x80\":2,\"\xEF\xAC\xB3\":1}");
    expect_canonical("{\"\\ud7ff\":1,\"\\ud800\\udc00\":2,\"\\ue000\":3}",
                     "{\"\xED\x9F\xBF\":1,\"\xF0\x90\x80\x80\":2,\"\xEE\x80\x80\":3}");
}

Test(json, strings_are_escaped_as_little_as_possible)
{
    expect_canonical("\"\\u0000\\u0008\\t\\n\\u000b\\f\\r\\u001f\\u007f\\/\\\\\\\"\"",
                     "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\x7F/\\\\\\\"\"");
}

Test(json, minus_zero_and_whole_reals_are_written_as_ecmascript_does)
{
    expect_canonical("[-0,-0.0,1.0,1e3,1E21,1.2345678901234568e20,0.000001,1e-7]",
                     "[0,0,1,1000,1e+21,123456789012345680000,0.000001,1e-7]");
}

static double double_of_bits(uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static void expect_number(double value, const char *expected)
{
    AUTO(buf_done) struct buf out = BUF_INIT;

    cr_assert(json_number_add(value, &out));
    cr_assert_str_eq(out.data, expected);
}

Test(json, es6_numbers_are_all_10000_as_published)
{
    FILE *file = fopen(TEST_SOURCE "/tests/cases/vectors/jcs/es6-numbers-10000.txt", "r");
    char line[128];
    int count = 0;

    cr_assert_not_null(file);
    while (fgets(line, sizeof line, file)) {
        char *comma = strchr(line, ',');

        line[strcspn(line, "\r\n")] = '\0';
        cr_assert_not_null(comma);
        expect_number(double_of_bits(strtoull(line, NULL, 16)), comma + 1);
        count++;
    }
    fclose(file);
    cr_assert_eq(count, 10000);
}

Test(json, rfc8785_appendix_b_numbers)
{
    AUTO(json_release) json_t *file = NULL;
    json_t *one;
    size_t i;

    cr_assert(json_read_file(TEST_SOURCE "/tests/cases/vectors/jcs/rfc8785-appendix-b-numbers.json", &file, &err));
    cr_assert(json_array_size(json_object_get(file, "values")) >= 20);
    json_array_foreach(json_object_get(file, "values"), i, one)
    {
        const char *expected = json_text_of(one, "json");
        AUTO(buf_done) struct buf out = BUF_INIT;
        double value = double_of_bits(strtoull(json_text_of(one, "ieee754_hex"), NULL, 16));

        if (expected && isfinite(value))
            expect_number(value, expected);
        else
            cr_assert_not(json_number_add(value, &out));
    }
}

Test(json, powers_of_two_and_their_neighbours_read_back)
{
    for (int exponent = -1074; exponent < 1024; exponent++) {
        double value = ldexp(1, exponent);
        double around[] = {nextafter(value, 0), value, nextafter(value, INFINITY)};

        for (size_t i = 0; i < COUNT_OF(around); i++) {
            AUTO(buf_done) struct buf out = BUF_INIT;

            cr_assert(json_number_add(around[i], &out));
            cr_assert_eq(strtod(out.data, NULL), around[i], "%s", out.data);
        }
    }
    expect_number(ldexp(1, -44), "5.684341886080802e-14");
}

Test(json, rfc8785_documents)
{
    static const char *const NAMES[] = {"arrays", "french", "structures", "unicode", "values", "weird"};
    char folder[TEST_PATH_BYTES];

    if (!test_data_path("vectors/jcs/input", folder))
        cr_skip_test("no jcs documents");
    folder[strlen(folder) - strlen("/input")] = '\0';
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        AUTO(buf_done) struct buf path = BUF_INIT;
        AUTO(buf_done) struct buf expected = BUF_INIT;
        AUTO(buf_done) struct buf out = BUF_INIT;
        AUTO(json_release) json_t *value = NULL;

        buf_addf(&path, "%s/input/%s.json", folder, NAMES[i]);
        cr_assert(json_read_file(path.data, &value, &err), "%s", err.text);
        buf_clear(&path);
        buf_addf(&path, "%s/outhex/%s.txt", folder, NAMES[i]);
        cr_assert(file_read(path.data, 65536, &expected, &err), "%s", err.text);
        cr_assert(json_canonical_add(value, &out, &err), "%s", err.text);
        for (size_t n = 0, at = 0; at + 1 < expected.bytes; n++) {
            char *end;
            long byte = strtol(expected.data + at, &end, 16);

            if (end == expected.data + at)
                break;
            at = (size_t)(end - expected.data);
            cr_assert(n < out.bytes && (unsigned char)out.data[n] == byte, "%s, byte %zu", NAMES[i], n);
        }
    }
}

Test(json, members_of_another_type_are_absent)
{
    AUTO(json_release) json_t *object = NULL;

    cr_assert(json_read(SPAN("{\"t\":\"x\",\"n\":7,\"b\":true,\"r\":1.5,\"z\":\"a\\u0000b\"}"), 1000, &object, &err));
    cr_assert_str_eq(json_text_of(object, "t"), "x");
    cr_assert_null(json_text_of(object, "n"));
    cr_assert_null(json_text_of(object, "none"));
    cr_assert_null(json_text_of(object, "z"), "a text with a NUL would be read cut");
    cr_assert_null(json_text_of(NULL, "t"));
    cr_assert_eq(json_integer_of(object, "n", 1), 7);
    cr_assert_eq(json_integer_of(object, "r", 1), 1);
    cr_assert_eq(json_integer_of(object, "t", 1), 1);
    cr_assert(json_bool_of(object, "b", false));
    cr_assert(json_bool_of(object, "n", true));
}
