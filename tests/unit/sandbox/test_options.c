#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/sandbox.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static char *path;
static json_t *file;
static struct error err;

static void begin(void)
{
    char *token;

    test_folder_new(folder);
    path = path_join(folder, "sandbox.json");
    token = path_join(folder, "token");
    cr_assert(file_write(token, SPAN("secret\n"), 0600, &err));
    free(token);
    file =
        json_pack("{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "port", 0, "state", "state", "certificate",
                  "/c.pem", "key", "k.pem", "client_ca", "ca.pem", "paasid", "p", "token_file", "token", "table_code",
                  "t", "table_version_id", "v", "department_code", "d", "sm4_key_file", "s", "gateway_key_file", "g");
}

static void end(void)
{
    json_decref(file);
    free(path);
    test_folder_remove(folder);
}

static bool load(struct sandbox_options *options)
{
    char *text = json_dumps(file, 0);

    cr_assert(file_write(path, span_of(text), 0600, &err));
    free(text);
    return sandbox_options_load(path, options, &err);
}

static void expect_wrong(const char *name, json_t *value)
{
    struct sandbox_options options;
    json_t *before = json_incref(json_object_get(file, name));

    if (value)
        json_object_set_new(file, name, value);
    else
        json_object_del(file, name);
    cr_assert_not(load(&options), "%s", name);
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert(strstr(err.text, name) != NULL, "%s", err.text);
    if (before)
        json_object_set_new(file, name, before);
    else
        json_object_del(file, name);
}

TestSuite(options, .init = begin, .fini = end);

Test(options, an_unknown_member_is_refused)
{
    expect_wrong("ports", json_integer(1));
}

Test(options, a_missing_member_is_refused)
{
    static const char *const NEEDED[] = {
        "port",       "state",      "certificate",     "key",          "client_ca",        "paasid",
        "token_file", "table_code", "department_code", "sm4_key_file", "gateway_key_file", "table_version_id"};

    for (size_t i = 0; i < COUNT_OF(NEEDED); i++)
        expect_wrong(NEEDED[i], NULL);
}

Test(options, wrong_values_are_refused)
{
    expect_wrong("port", json_integer(65536));
    expect_wrong("port", json_string("1"));
    expect_wrong("state", json_string(""));
    expect_wrong("paasid", json_integer(1));
    expect_wrong("base", json_string("gd"));
    expect_wrong("base", json_string("/gd/"));
    expect_wrong("clients", json_pack("[s]", "abc"));
    expect_wrong("result_delay_polls", json_integer(-1));
}

Test(options, a_wrong_member_of_a_further_platform_is_named_with_it)
{
    expect_wrong("national", json_string("on"));
    expect_wrong("national", json_pack("{s:s,s:s}", "requester", "r", "service", "s"));
    expect_wrong("national",
                 json_pack("{s:s,s:s,s:s,s:i}", "requester", "r", "service", "s", "app_key_file", "a", "paasid", 1));
    expect_wrong("china", json_object());
    expect_wrong("china", json_pack("{s:s}", "file_code", "4400O3"));
    expect_wrong("china", json_pack("{s:s,s:i}", "file_code", "440003", "result_steps", 0));
    expect_wrong("china", json_pack("{s:s,s:s}", "file_code", "440003", "base", "china"));
}

Test(options, further_platforms_take_folder_and_key_of_the_first_unless_told_otherwise)
{
    AUTO(sandbox_options_done) struct sandbox_options options = {0};
    AUTO(text_free) char *inner = path_join(folder, "state/national-platform");
    AUTO(text_free) char *other = path_join(folder, "elsewhere");
    AUTO(text_free) char *key = path_join(folder, "g");

    json_object_set_new(file, "national",
                        json_pack("{s:s,s:s,s:s}", "requester", "r", "service", "s", "app_key_file", "a"));
    json_object_set_new(
        file, "china",
        json_pack("{s:s,s:s,s:s,s:i}", "file_code", "440003", "state", "elsewhere", "base", "/cc", "result_steps", 2));
    cr_assert(load(&options), "%s", err.text);
    cr_assert_str_eq(options.national->base, "/national-platform");
    cr_assert_str_eq(options.national->state, inner);
    cr_assert_str_eq(options.national->gateway_key_file, key);
    cr_assert_eq(options.national->secret_ms, 7200000);
    cr_assert_str_eq(options.china->state, other);
    cr_assert_str_eq(options.china->base, "/cc");
    cr_assert_eq(options.china->result_steps, 2);
}

Test(options, a_file_that_is_no_json_is_refused)
{
    struct sandbox_options options;

    cr_assert(file_write(path, SPAN("{\"port\":1,\"port\":2}"), 0600, &err));
    cr_assert_not(sandbox_options_load(path, &options, &err));
    cr_assert_eq(err.code, ERR_INVALID);
}

Test(options, paths_count_from_the_file_and_the_token_comes_from_its_own)
{
    AUTO(sandbox_options_done) struct sandbox_options options = {0};
    AUTO(text_free) char *state = path_join(folder, "state");

    json_object_set_new(file, "clients",
                        json_pack("[s]", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
                                         "abcdef"));
    cr_assert(load(&options), "%s", err.text);
    cr_assert_str_eq(options.state, state);
    cr_assert_str_eq(options.certificate, "/c.pem");
    cr_assert_str_eq(options.token, "secret");
    cr_assert_str_eq(options.address, "127.0.0.1");
    cr_assert_str_eq(options.base, "");
    cr_assert_null(options.control_socket);
    cr_assert_eq(options.client_count, 1);
}
