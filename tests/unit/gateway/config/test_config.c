#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
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

/* All three channels, each with what its protocol needs and nothing else. */
static const char COMMON[] =
    "base: https://%s.example/api, provider_code: P, provider_name: 部门, exchange_name: 单位, "
    "certificate: c.pem, key: c.key, ca: ca.pem";
#define GUANGDONG                                                                                                      \
    "table_code: T, department_code: D, table_version: '1', paas_id: p, token_file: token, sm4_key_file: sm4"
#define NATIONAL "requester: R, service: S, app_key_file: app"
#define CHINA "file_code: '123403'"

static void add_channel(struct buf *yaml, const char *name, const char *own)
{
    buf_addf(yaml, "  %s: {", name);
    buf_addf(yaml, COMMON, name);
    buf_addf(yaml, "%s%s}\n", *own ? ", " : "", own);
}

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

/* A name is written into the journal as it stands, where the law and the processes sign, too. */
Test(config, an_account_name_is_plain_and_nobody_elses)
{
    static const char *const BAD[] = {"keeper", "'statute:publication-end'", "'a\"b'", "王"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf yaml = BUF_INIT;

        buf_addf(&yaml,
                 "gateway: {name: test, state: state}\n"
                 "listen: {certificate: s.pem, key: s.key, client_ca: ca.pem}\n"
                 "staff: [{name: %s, uid: 5, roles: [operator]}]\n",
                 BAD[i]);
        expect_problems(buf_text(&yaml), "0:staff.name|");
    }
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
    expect_problems(buf_text(&yaml), "3:roles|4:clients.sha256|");
}

Test(config, each_protocol_asks_for_its_own_settings)
{
    static const struct {
        const char *name;
        const char *missing;
    } CHANNELS[] = {{"credit-guangdong",
                     "12:channels.credit-guangdong.table_code|12:channels.credit-guangdong.department_code|"
                     "12:channels.credit-guangdong.table_version|12:channels.credit-guangdong.paas_id|"
                     "12:channels.credit-guangdong.token_file|12:channels.credit-guangdong.sm4_key_file|"},
                    {"national-platform", "12:channels.national-platform.requester|12:channels.national-platform."
                                          "service|12:channels.national-platform.app_key_file|"},
                    {"credit-china", "12:channels.credit-china.file_code|"}};

    for (size_t i = 0; i < COUNT_OF(CHANNELS); i++) {
        AUTO(buf_done) struct buf yaml = BUF_INIT;

        buf_addf(&yaml, "%schannels:\n", GOOD);
        add_channel(&yaml, CHANNELS[i].name, "");
        expect_problems(buf_text(&yaml), CHANNELS[i].missing);
    }
}

Test(config, a_setting_of_another_protocol_is_told)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;

    buf_addf(&yaml, "%schannels:\n", GOOD);
    add_channel(&yaml, "national-platform", NATIONAL ", table_code: T, colour: red");
    expect_problems(buf_text(&yaml), "12:channels.national-platform.table_code|12:channels.national-platform.colour|");
}

Test(config, limits_of_a_channel_are_those_of_its_protocol)
{
    static const struct {
        const char *name;
        const char *own;
        const char *setting;
    } WRONG[] = {{"credit-guangdong", GUANGDONG ", rows: 501", "rows"},
                 {"national-platform", NATIONAL ", rows: 201", "rows"},
                 {"credit-china", CHINA ", rows: 1001", "rows"},
                 {"credit-china", CHINA ", concurrency: 2", "concurrency"},
                 {"credit-china", "file_code: '12340x'", "file_code"},
                 {"credit-china", "file_code: '12340'", "file_code"},
                 {"credit-china", CHINA ", receipt_limit: 0", "receipt_limit"},
                 {"credit-china", CHINA ", protocol: fax", "protocol"}};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        AUTO(buf_done) struct buf yaml = BUF_INIT;
        AUTO(buf_done) struct buf told = BUF_INIT;
        AUTO(buf_done) struct buf expected = BUF_INIT;
        AUTO(config_free) struct config *config = NULL;

        buf_addf(&yaml, "%schannels:\n", GOOD);
        add_channel(&yaml, WRONG[i].name, WRONG[i].own);
        write_config(buf_text(&yaml));
        cr_assert_not(config_load(path, keep_problem, &told, &config, &err));
        buf_addf(&expected, "12:channels.%s.%s|", WRONG[i].name, WRONG[i].setting);
        cr_expect(span_starts(buf_span(&told), buf_text(&expected)), "%s", buf_text(&told));
    }
}

Test(config, a_channel_that_no_row_names_is_no_setting)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;

    buf_addf(&yaml, "%schannels:\n", GOOD);
    add_channel(&yaml, "credit-moon", CHINA);
    expect_problems(buf_text(&yaml), "12:channels.credit-moon|");
}

Test(config, channels_that_are_not_there_are_not_used)
{
    AUTO(config_free) struct config *config = NULL;

    write_config(GOOD);
    cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++)
        cr_assert_not(config_channel_is_used(&config->channels[i]));
}

Test(config, three_channels_with_their_defaults)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf yaml = BUF_INIT;
    AUTO(buf_done) struct buf layout = BUF_INIT;

    buf_addf(&yaml, "%schannels:\n", GOOD);
    add_channel(&yaml, "credit-guangdong", GUANGDONG);
    add_channel(&yaml, "national-platform", NATIONAL ", layout: mine.json, rows: 7");
    add_channel(&yaml, "credit-china", GUANGDONG ", protocol: credit-guangdong, enabled: false");
    write_config(buf_text(&yaml));
    cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
    cr_assert(config_channel_is_used(&config->channels[0]));
    cr_assert_str_eq(config->channels[0].protocol, "credit-guangdong");
    cr_assert_eq(config->channels[0].rows_max, 500);
    cr_assert_eq(config->channels[0].receipt_limit_days, 5);
    buf_addf(&layout, "%s/adapters/layouts/credit-guangdong.json", config->data);
    cr_assert_str_eq(config->channels[0].layout, buf_text(&layout));
    cr_assert_str_eq(config->channels[1].requester, "R");
    cr_assert_eq(config->channels[1].rows_max, 7);
    cr_assert(strstr(config->channels[1].layout, "/mine.json"));
    cr_assert_null(config->channels[1].table_code);
    cr_assert_not(config_channel_is_used(&config->channels[2]));
    cr_assert_str_eq(config->channels[2].protocol, "credit-guangdong");
}

Test(config, check_looks_at_the_files_of_every_channel)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf yaml = BUF_INIT;
    AUTO(buf_done) struct buf told = BUF_INIT;
    AUTO(buf_done) struct buf app = BUF_INIT;

    buf_addf(&yaml, "%schannels:\n", GOOD);
    add_channel(&yaml, "national-platform", NATIONAL);
    add_channel(&yaml, "credit-china", CHINA);
    buf_addf(&app, "%s/app", folder);
    cr_assert(file_write(buf_text(&app), SPAN("0123456789abcdef"), 0644, &err), "%s", err.text);
    write_config(buf_text(&yaml));
    cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
    free(config->channels[2].base);
    config->channels[2].base = memory_copy_text(config->channels[1].base);
    cr_assert_not(config_check(config, 0, keep_problem, &told));
    cr_assert_not(strstr(buf_text(&told), "channels.credit-guangdong"), "%s", buf_text(&told));
    cr_assert(strstr(buf_text(&told),
                     "channels.national-platform.enabled|0:channels.national-platform.certificate|0:channels."
                     "national-platform.key|0:channels.national-platform.ca|0:channels.national-platform.app_key_file|"
                     "0:channels.national-platform.app_key_file|"
                     "0:channels.credit-china.base|0:channels.credit-china.certificate|"),
              "%s", buf_text(&told));
}

Test(config, check_reads_the_layout_of_every_channel)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf yaml = BUF_INIT;
    AUTO(buf_done) struct buf told = BUF_INIT;
    AUTO(buf_done) struct buf layout = BUF_INIT;

    buf_addf(&yaml, "%schannels:\n", GOOD);
    add_channel(&yaml, "credit-guangdong", GUANGDONG);
    add_channel(&yaml, "national-platform", NATIONAL ", layout: mine.json");
    buf_addf(&layout, "%s/mine.json", folder);
    cr_assert(file_write(buf_text(&layout), SPAN("{\"rows\": 1}"), 0644, &err), "%s", err.text);
    write_config(buf_text(&yaml));
    cr_assert(config_load(path, NULL, NULL, &config, &err), "%s", err.text);
    cr_assert_not(config_check(config, 0, keep_problem, &told));
    cr_assert(strstr(buf_text(&told), "channels.national-platform.layout|"), "%s", buf_text(&told));
    cr_assert_not(strstr(buf_text(&told), "channels.credit-guangdong.layout|"), "%s", buf_text(&told));
    cr_assert(file_write(
                  buf_text(&layout),
                  SPAN("{\"title\":{\"zh\":\"省\",\"en\":\"p\"},\"source\":\"x\",\"rows\":1,\"results\":{},\"fields\":["
                       "{\"name\":\"ROWID\",\"label\":\"x\",\"from\":\"record\",\"max\":23,\"required\":true},"
                       "{\"name\":\"VERSION\",\"label\":\"x\",\"from\":\"version\",\"max\":10,\"required\":true,"
                       "\"form\":\"number\"},{\"name\":\"dz\",\"label\":\"x\",\"from\":\"address\",\"max\":9,"
                       "\"required\":true}]}"),
                  0644, &err),
              "%s", err.text);
    buf_clear(&told);
    cr_assert_not(config_check(config, 0, keep_problem, &told));
    cr_assert(strstr(buf_text(&told), "channels.national-platform.layout|"), "%s", buf_text(&told));
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
    cr_assert_eq(config->clients[0].certificates[0].fingerprint[31], 0x1f);
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

static size_t required_left;

static void expect_required(const struct config_problem *problem, void *context)
{
    (void)context;
    cr_expect(strstr("gateway.name gateway.state listen.certificate listen.key listen.client_ca", problem->setting),
              "%s: %s", problem->setting, problem->en);
    required_left++;
}

/* The example as it stands lacks only what is required; with all of its # gone, too: every line is a setting. */
Test(config, the_example_lacks_what_is_required_and_nothing_else)
{
    static const char *const LANGS[] = {"zh", "en"};

    for (size_t i = 0; i < COUNT_OF(LANGS); i++) {
        AUTO(config_free) struct config *config = NULL;
        AUTO(buf_done) struct buf yaml = BUF_INIT;

        config_example(LANGS[i], &yaml);
        cr_assert(strstr(buf_text(&yaml), "\n#  national-platform:\n"));
        cr_assert(strstr(buf_text(&yaml), "\n#  credit-china:\n"));
        write_config(buf_text(&yaml));
        required_left = 0;
        cr_assert_not(config_load(path, expect_required, NULL, &config, &err));
        cr_assert_eq(required_left, 5);
    }
}

static void expect_no_unknown(const struct config_problem *problem, void *context)
{
    (void)context;
    cr_expect(!strstr(problem->en, "no such setting") && !strstr(problem->en, "protocol"), "%s: %s", problem->setting,
              problem->en);
}

/* "#  x" and "  #x" lose their mark; comments in words ("# x") keep it. */
static void uncomment(const char *text, struct buf *out)
{
    while (*text) {
        size_t bytes = strcspn(text, "\n");
        size_t at = strspn(text, " ");

        if (text[at] == '#' && text[at + 1] != ' ')
            buf_addf(out, "%.*s%.*s\n", (int)at, text, (int)(bytes - at - 1), text + at + 1);
        else if (text[0] == '#' && text[1] == ' ' && text[2] == ' ')
            buf_addf(out, "%.*s\n", (int)bytes - 1, text + 1);
        else
            buf_addf(out, "%.*s\n", (int)bytes, text);
        text += bytes + (text[bytes] == '\n');
    }
}

Test(config, every_line_of_the_example_is_a_setting)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf example = BUF_INIT;
    AUTO(buf_done) struct buf yaml = BUF_INIT;

    config_example("en", &example);
    uncomment(buf_text(&example), &yaml);
    cr_assert(strstr(buf_text(&yaml), "\n  credit-china:\n"), "%s", buf_text(&yaml));
    write_config(buf_text(&yaml));
    cr_assert_not(config_load(path, expect_no_unknown, NULL, &config, &err), "what is required is empty");
    cr_assert_str_neq(err.rule, "", "the form is right: only settings are wrong (%s)", err.text);
}

Test(config, the_table_is_described_in_both_languages)
{
    AUTO(buf_done) struct buf zh = BUF_INIT;
    AUTO(buf_done) struct buf en = BUF_INIT;

    config_describe("zh", &zh);
    config_describe("en", &en);
    cr_assert(strstr(buf_text(&zh), "监听端口"));
    cr_assert(strstr(buf_text(&en), "port to listen on"));
    cr_assert(strstr(buf_text(&en), "protocol national-platform"));
}
