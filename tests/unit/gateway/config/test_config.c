#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/config/config.h"
#include "tests/support/certificates.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static char path[TEST_PATH_BYTES + 16];
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/g.yaml", folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(config, .init = setup, .fini = teardown);

static const char GOOD[] = "gateway: {name: test, state: state}\n"
                           "listen: {certificate: s.pem, key: s.key, client_ca: ca.pem, idle: 5s, body: 64k}\n"
                           "staff:\n"
                           "  - {name: a, uid: 1001, roles: [operator, administrator]}\n"
                           "  - {name: b, uid: 1002, roles: reviewer}\n"
                           "clients:\n"
                           "  - name: bank\n"
                           "    kind: lender\n"
                           "    sha256: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
                           "    domains: [lending, tax]\n";

static void write_config(const char *yaml)
{
    cr_assert(file_write(path, span_of(yaml), 0600, &err), "%s", err.text);
}

static void keep_problem(const struct config_problem *problem, void *context)
{
    struct buf *told = context;

    cr_assert_gt(strlen(problem->zh), 0, "no Chinese for %s", problem->setting);
    buf_addf(told, "%zu:%s|", problem->line, problem->setting);
}

/* Every problem of `yaml` as "line:setting|". */
static void expect_problems(const char *yaml, const char *expected)
{
    AUTO(buf_done) struct buf told = BUF_INIT;
    AUTO(config_free) struct config *config = NULL;

    write_config(yaml);
    cr_assert_not(config_load(path, keep_problem, &told, &config, &err));
    cr_assert_str_eq(buf_text(&told), expected);
}

Test(config, every_problem_is_told_with_its_line)
{
    expect_problems("gateway: {state: s}\n"
                    "listen:\n"
                    "  certificate: c\n"
                    "  key: k\n"
                    "  client_ca: a\n"
                    "  port: 99999\n"
                    "  idle: soon\n"
                    "  colour: red\n",
                    "1:gateway.name|6:listen.port|7:listen.idle|8:listen.colour|");
}

Test(config, a_name_twice_an_alias_or_broken_yaml_is_refused_with_its_place)
{
    static const char *const BROKEN[] = {
        "gateway: {name: a}\ngateway: {name: b}\n", "a: &x 1\nb: *x\n", "a: [1\n", "- 1\n", "", "a: \"b\\0c\"\n"};

    for (size_t i = 0; i < COUNT_OF(BROKEN); i++) {
        AUTO(config_free) struct config *config = NULL;

        write_config(BROKEN[i]);
        cr_assert_not(config_load(path, NULL, NULL, &config, &err), "%s", BROKEN[i]);
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(config, too_deep_is_refused)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;
    AUTO(config_free) struct config *config = NULL;

    for (int i = 0; i < 5000; i++)
        buf_add_text(&yaml, "[");
    write_config(buf_text(&yaml));
    cr_assert_not(config_load(path, NULL, NULL, &config, &err));
}

Test(config, roles_and_fingerprints_must_be_right)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;

    buf_add_text(&yaml, "gateway: {name: t, state: s}\nlisten: {certificate: c, key: k, client_ca: a}\n"
                        "staff: [{name: x, uid: 5, roles: [boss]}]\n"
                        "clients: [{name: y, kind: lender, domains: tax, sha256: 00}]\n");
    expect_problems(buf_text(&yaml), "3:roles|0:clients.sha256|");
}

Test(config, defaults_units_and_relative_paths)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf expected = BUF_INIT;

    write_config(GOOD);
    cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
    buf_addf(&expected, "%s/state", folder);
    cr_assert_str_eq(config->state, buf_text(&expected));
    cr_assert_eq(config->idle_ms, 5000);
    cr_assert_eq(config->body_bytes, 65536);
    cr_assert_eq(config->port, 8443);
    cr_assert_eq(config->admin_mode, 0666);
    cr_assert_eq(config_person_of_uid(config, 1001)->roles, ROLE_OPERATOR | ROLE_ADMINISTRATOR);
    cr_assert_null(config_person_of_uid(config, 0));
    cr_assert(config_client_has_domain(&config->clients[0], "tax"));
    cr_assert_not(config_client_has_domain(&config->clients[0], "land-supply"));
    cr_assert_eq(config->clients[0].fingerprint[31], 0x1f);
}

static void expect_text(const struct config_problem *problem, void *context)
{
    size_t *count = context;

    cr_expect(utf8_is_valid(span_of(problem->setting), NULL), "%s", problem->setting);
    cr_expect(utf8_is_valid(span_of(problem->en), NULL), "%s", problem->en);
    cr_expect(utf8_is_valid(span_of(problem->zh), NULL), "%s", problem->zh);
    (*count)++;
}

/* Problems go into JSON: a character cut in two would make it unreadable. */
Test(config, long_names_and_values_are_cut_between_characters)
{
    AUTO(config_free) struct config *config = NULL;
    size_t count = 0;

    for (int shift = 0; shift < 3; shift++) {
        AUTO(buf_done) struct buf yaml = BUF_INIT;

        buf_addf(&yaml, "%s%.*s", GOOD, shift, "xx");
        for (int i = 0; i < 200; i++)
            buf_add_text(&yaml, "广");
        buf_addf(&yaml, ": 1\nadmin: {mode: %.*s", shift, "xx");
        for (int i = 0; i < 400; i++)
            buf_add_text(&yaml, "东");
        buf_add_text(&yaml, "}\n");
        write_config(yaml.data);
        cr_assert_not(config_load(path, expect_text, &count, &config, &err));
        cr_expect(utf8_is_valid(span_of(err.text), NULL) && utf8_is_valid(span_of(err.zh), NULL), "%s", err.text);
    }
    cr_assert_geq(count, 6);
}

Test(config, check_tells_what_is_not_there)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf told = BUF_INIT;

    write_config(GOOD);
    cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
    cr_assert_not(config_check(config, 0, keep_problem, &told));
    cr_assert(strstr(buf_text(&told), "gateway.state|"));
    cr_assert(strstr(buf_text(&told), "listen.certificate|"));
    cr_assert(strstr(buf_text(&told), "listen.key|"));
}

Test(config, check_wants_a_list_of_revoked_certificates_that_is_in_force)
{
    static const struct {
        const char *file;
        bool is_good;
    } LISTS[] = {{"new.crl", true}, {"old.crl", false}, {"ca.pem", false}, {"none.crl", false}};
    const char *const nobody[] = {NULL};

    cr_assert(certificate_make(folder, "ca", NULL, 90, &err), "%s", err.text);
    cr_assert(certificate_revoke(folder, "new", "ca", nobody, 30));
    cr_assert(certificate_revoke(folder, "old", "ca", nobody, -1));
    for (size_t i = 0; i < COUNT_OF(LISTS); i++) {
        AUTO(config_free) struct config *config = NULL;
        AUTO(buf_done) struct buf told = BUF_INIT;
        AUTO(buf_done) struct buf yaml = BUF_INIT;

        buf_addf(&yaml,
                 "gateway: {name: test, state: state}\n"
                 "listen: {certificate: s.pem, key: s.key, client_ca: ca.pem, client_crl: %s}\n",
                 LISTS[i].file);
        write_config(yaml.data);
        cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
        cr_assert_not(config_check(config, clock_now_ms(&CLOCK_SYSTEM), keep_problem, &told));
        cr_expect_eq(!strstr(buf_text(&told), "listen.client_crl|"), LISTS[i].is_good, "%s: %s", LISTS[i].file,
                     buf_text(&told));
    }
}

Test(config, the_table_is_described_in_both_languages)
{
    AUTO(buf_done) struct buf zh = BUF_INIT;
    AUTO(buf_done) struct buf en = BUF_INIT;

    config_describe("zh", &zh);
    config_describe("en", &en);
    cr_assert(strstr(buf_text(&zh), "监听端口"));
    cr_assert(strstr(buf_text(&en), "port to listen on"));
}
