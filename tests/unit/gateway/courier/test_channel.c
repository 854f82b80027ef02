/* A channel read from the configuration, and a record told as a row. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/courier/channel.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static char token_path[TEST_PATH_BYTES + 16];
static char sm4_path[TEST_PATH_BYTES + 16];
static struct config config;
static struct channel_settings *settings;
static struct error err;

static void write_file(const char *path, const char *text)
{
    cr_assert(file_write(path, span_of(text), 0600, &err), "%s", err.text);
}

static void setup(void)
{
    test_folder_new(folder);
    snprintf(token_path, sizeof token_path, "%s/token", folder);
    snprintf(sm4_path, sizeof sm4_path, "%s/sm4", folder);
    write_file(token_path, "token0123456789\n");
    write_file(sm4_path, "000102030405060708090a0b0c0d0e0f\n");
    config.channels[CHANNEL_CREDIT_GUANGDONG] = (struct config_channel){.is_enabled = true,
                                                                        .base = (char *)"https://localhost:9/gd/",
                                                                        .table_code = (char *)"SXJZCN",
                                                                        .department_code = (char *)"4400GXT",
                                                                        .table_version = (char *)"V1",
                                                                        .paas_id = (char *)"creditgate-test",
                                                                        .token_file = token_path,
                                                                        .sm4_key_file = sm4_path,
                                                                        .provider_code = (char *)"4400GXT",
                                                                        .provider_name = (char *)"广东省工业和信息化厅",
                                                                        .exchange_name = (char *)"广东省工业和信息化厅",
                                                                        .certificate = (char *)"c.pem",
                                                                        .key = (char *)"c.key",
                                                                        .ca = (char *)"ca.pem",
                                                                        .rows_max = 200,
                                                                        .concurrency = 4,
                                                                        .connect_timeout_ms = 1000,
                                                                        .total_timeout_ms = 2000,
                                                                        .retry_first_ms = 5000,
                                                                        .retry_max_ms = 60000,
                                                                        .poll_ms = 500};
}

static void teardown(void)
{
    channel_settings_free(settings);
    settings = NULL;
    test_folder_remove(folder);
}

TestSuite(channel, .init = setup, .fini = teardown);

static void expect_refusal(const char *rule)
{
    memset(&err, 0, sizeof err);
    cr_assert_not(channel_settings_load(&config, CHANNEL_CREDIT_GUANGDONG, &settings, &err));
    cr_assert_str_eq(err.rule, rule, "%s: %s", err.rule, err.text);
    cr_assert_gt(strlen(err.zh), 0);
}

Test(channel, a_channel_that_is_off_or_comes_later_is_refused)
{
    cr_assert_not(channel_settings_load(&config, CHANNEL_NATIONAL_PLATFORM, &settings, &err));
    cr_assert_str_eq(err.rule, "push.channel");
    config.channels[CHANNEL_CREDIT_GUANGDONG].is_enabled = false;
    expect_refusal("push.channel");
    memset(&config.channels[CHANNEL_CREDIT_GUANGDONG], 0, sizeof config.channels[CHANNEL_CREDIT_GUANGDONG]);
    expect_refusal("push.channel");
}

Test(channel, an_address_without_tls_is_refused)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG].base = (char *)"http://localhost/gd";
    expect_refusal("channel.base");
    config.channels[CHANNEL_CREDIT_GUANGDONG].base = (char *)"https://localhost/a b";
    expect_refusal("channel.base");
}

Test(channel, a_token_that_could_break_a_header_is_refused)
{
    static const char *const WRONG[] = {"", " \n", "a b", "a\r\nx: y", "令牌"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        write_file(token_path, WRONG[i]);
        expect_refusal("channel.token");
    }
}

Test(channel, an_sm4_key_that_is_none_is_refused)
{
    static const char *const WRONG[] = {"", "00", "000102030405060708090a0b0c0d0e0g",
                                        "000102030405060708090a0b0c0d0e0f00"};

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        write_file(sm4_path, WRONG[i]);
        expect_refusal("channel.sm4-key");
    }
}

Test(channel, a_missing_secret_is_named)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG].token_file = (char *)"/nowhere/token";
    cr_assert_not(channel_settings_load(&config, CHANNEL_CREDIT_GUANGDONG, &settings, &err));
    cr_assert(strstr(err.text, "/nowhere/token"), "%s", err.text);
}

/* What the two later protocols need, and nothing of the first. */
static void configure(enum channel channel, char *secret)
{
    config.channels[channel] = config.channels[CHANNEL_CREDIT_GUANGDONG];
    config.channels[channel].table_code = NULL;
    config.channels[channel].department_code = NULL;
    config.channels[channel].table_version = NULL;
    config.channels[channel].paas_id = NULL;
    config.channels[channel].token_file = NULL;
    config.channels[channel].sm4_key_file = NULL;
    config.channels[channel].app_key_file = secret;
    config.channels[channel].requester = (char *)"R";
    config.channels[channel].service = (char *)"S";
    config.channels[channel].file_code = (char *)"123403";
}

Test(channel, an_application_key_that_is_none_is_refused)
{
    configure(CHANNEL_CREDIT_GUANGDONG, sm4_path);
    write_file(sm4_path, "0123456789abcdef");
    expect_refusal("channel.app-key");
}

Test(channel, a_layout_that_is_not_there_is_named)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG].layout = (char *)"/nowhere/layout.json";
    cr_assert_not(channel_settings_load(&config, CHANNEL_CREDIT_GUANGDONG, &settings, &err));
    cr_assert(strstr(err.text, "/nowhere/layout.json"), "%s", err.text);
}

Test(channel, a_protocol_that_nothing_speaks_is_refused)
{
    config.channels[CHANNEL_CREDIT_GUANGDONG].protocol = (char *)"telegraph";
    expect_refusal("push.protocol");
}

Test(channel, a_set_needs_one_channel_and_all_of_its_files)
{
    struct channel_set set;

    config.channels[CHANNEL_CREDIT_GUANGDONG].is_enabled = false;
    cr_assert_not(channel_set_load(&config, &set, &err));
    cr_assert_str_eq(err.rule, "push.channel");
    config.channels[CHANNEL_CREDIT_GUANGDONG].is_enabled = true;
    configure(CHANNEL_CREDIT_CHINA, (char *)"/nowhere/app");
    config.channels[CHANNEL_CREDIT_CHINA].protocol = (char *)"credit-guangdong";
    cr_assert_not(channel_set_load(&config, &set, &err));
    cr_assert(strstr(err.text, "/nowhere/app"), "%s", err.text);
}

Test(channel, a_set_holds_what_is_enabled_in_the_order_of_the_stages)
{
    AUTO(channel_set_done) struct channel_set set = {.count = 0};

    configure(CHANNEL_CREDIT_CHINA, NULL);
    config.channels[CHANNEL_CREDIT_CHINA].protocol = (char *)"credit-guangdong";
    configure(CHANNEL_NATIONAL_PLATFORM, NULL);
    config.channels[CHANNEL_NATIONAL_PLATFORM].is_enabled = false;
    cr_assert(channel_set_load(&config, &set, &err), "%s", err.text);
    cr_assert_eq(set.count, 2);
    cr_assert_eq(set.channels[0].channel, CHANNEL_CREDIT_GUANGDONG);
    cr_assert_eq(set.channels[1].channel, CHANNEL_CREDIT_CHINA);
    cr_assert_eq(set.channels[1].config, channel_adapter_config(set.settings[1]));
}

Test(channel, settings_of_a_later_protocol_reach_its_adapter)
{
    const struct adapter_config *told;

    configure(CHANNEL_NATIONAL_PLATFORM, sm4_path);
    config.channels[CHANNEL_NATIONAL_PLATFORM].protocol = (char *)"credit-guangdong";
    cr_assert(channel_settings_load(&config, CHANNEL_NATIONAL_PLATFORM, &settings, &err), "%s", err.text);
    told = channel_adapter_config(settings);
    cr_assert_str_eq(told->requester, "R");
    cr_assert_str_eq(told->service, "S");
    cr_assert_str_eq(told->file_code, "123403");
    cr_assert_eq(told->app_key[15], 15);
    cr_assert_str_eq(told->token, "");
    cr_assert_str_eq(told->table_code, "");
    cr_assert_str_eq(told->sm4_kid, "");
}

Test(channel, both_rooms_name_the_channels_alike)
{
    for (int i = 0; i < CHANNEL_COUNT; i++)
        cr_assert_str_eq(CHANNEL_NAMES[i], CONFIG_CHANNEL_NAMES[i]);
}

static void load(void)
{
    cr_assert(channel_settings_load(&config, CHANNEL_CREDIT_GUANGDONG, &settings, &err), "%s", err.text);
}

Test(channel, settings_reach_the_adapter_and_the_courier)
{
    const struct adapter_config *told;
    const struct courier_channel *courier;

    load();
    told = channel_adapter_config(settings);
    courier = channel_for_courier(settings);
    cr_assert_str_eq(told->base_url, "https://localhost:9/gd");
    cr_assert_str_eq(told->token, "token0123456789");
    cr_assert_eq(told->sm4_key[15], 15);
    cr_assert_eq(told->rows_max, 200);
    cr_assert_eq(told->total_timeout_ms, 2000);
    cr_assert_eq(courier->adapter, &adapter_credit_guangdong);
    cr_assert_eq(courier->config, told);
    cr_assert_eq(courier->retry_first_ms, 5000);
    cr_assert_eq(courier->poll_ms, 500);
    cr_assert_str_eq(courier->ca_path, "ca.pem");
}

Test(channel, a_key_has_a_name_of_its_own_that_does_not_tell_it)
{
    char first[64];

    load();
    snprintf(first, sizeof first, "%s", channel_adapter_config(settings)->sm4_kid);
    cr_assert_eq(strlen(first), 20);
    cr_assert_null(strstr(first, "00010203"));
    channel_settings_free(settings);
    write_file(sm4_path, "000102030405060708090a0b0c0d0e10");
    load();
    cr_assert_str_neq(first, channel_adapter_config(settings)->sm4_kid);
}

static struct record sample(void)
{
    return (struct record){.id = "R0123456789abcdef0123",
                           .version = 2,
                           .op = OP_CHANGED,
                           .severity = SEVERITY_GENERAL,
                           .scope = SCOPE_GOVERNMENT,
                           .decided_on = day_from_civil(2026, 8, 3),
                           .publication_end = day_from_civil(2027, 8, 3),
                           .proposed_ms = day_start_ms(day_from_civil(2026, 8, 4)),
                           .approved_ms = day_start_ms(day_from_civil(2026, 8, 6)) - 1,
                           .name = SPAN("韶关市璞廪钢铁有限公司"),
                           .uscc = SPAN("91440224MAYUCHK485"),
                           .division = SPAN("440224"),
                           .listing_authority = SPAN("韶关市工业和信息化局"),
                           .document = SPAN("韶工信失信〔2026〕1号"),
                           .facts = SPAN("未在期限内拆除 25 吨转炉"),
                           .order = SPAN("韶工信节能〔2025〕10号：限期整改"),
                           .reason = SPAN("不外传的内部理由")};
}

Test(channel, a_row_holds_what_the_record_says_and_nothing_of_today)
{
    static const char *const FIELDS[][2] = {
        {"ROWID", "R0123456789abcdef0123"},
        {"OP", "2"},
        {"JGQC", "韶关市璞廪钢铁有限公司"},
        {"TYSHXYDM", "91440224MAYUCHK485"},
        {"ZZJGDM", "MAYUCHK48"},
        {"QRYZSXRQ", "2026-08-03"},
        {"GSJZQ", "2027-08-03"},
        {"TGRQ", "2026-08-05"},
        {"RDDW", "韶关市工业和信息化局"},
        {"RDWH", "韶工信失信〔2026〕1号"},
        {"XZQH", "440224"},
        {"SYFW", "1"},
        {"SXYZCD", "2"},
        {"BMBM", "4400GXT"},
    };
    AUTO(buf_done) struct buf row = BUF_INIT, again = BUF_INIT;
    AUTO(json_release) json_t *json = NULL;
    struct record record = sample();

    load();
    cr_assert(channel_make_row(&record, settings, &row, &err), "%s", err.text);
    cr_assert(channel_make_row(&record, settings, &again, &err));
    cr_assert(span_equal(buf_span(&row), buf_span(&again)));
    cr_assert(json_read(buf_span(&row), JSON_BYTES_MAX, &json, &err), "%s", err.text);
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++)
        cr_assert_str_eq(json_text_of(json, FIELDS[i][0]), FIELDS[i][1], "%s", FIELDS[i][0]);
    cr_assert_eq(json_integer_of(json, "VERSION", 0), 2);
    cr_assert_null(strstr(buf_text(&row), "内部理由"));
}

Test(channel, a_record_that_cannot_be_told_is_refused_with_the_field)
{
    AUTO(buf_done) struct buf row = BUF_INIT;
    struct record record = sample();

    load();
    record.document = SPAN_NONE;
    cr_assert_not(channel_make_row(&record, settings, &row, &err));
    cr_assert_eq(err.code, ERR_REFUSED);
    cr_assert(strstr(err.text, "RDWH"), "%s", err.text);
    cr_assert_eq(row.bytes, 0);
}
