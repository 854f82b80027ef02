/* sandbox_options_load: a table of members for the file and one for each further platform, so that what is allowed,
 * needed and where it goes stand in one place. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

enum {
    OPTIONS_BYTES_MAX = 65536,
    OPTION_TEXT_BYTES_MAX = 1024,
    OPTION_NUMBER_MAX = 86400000,
    CLIENTS_MAX = 64,
    SHA256_DIGITS = 64,
    CHAOS_RATE = 20
};

enum kind {
    OPTION_TEXT,
    OPTION_BASE, /* a text: "/x" */
    OPTION_PATH,
    OPTION_SECRET_FILE,
    OPTION_PORT,
    OPTION_NUMBER,
    OPTION_CHOICE, /* true, false, absent */
    OPTION_CLIENTS,
    OPTION_PLATFORM /* an object with a table of its own; absent: there is none */
};

struct table;
struct option {
    const char *name;
    enum kind kind;
    bool is_required;
    size_t at;             /* offset in what the table describes */
    const char *otherwise; /* of texts */
    int64_t number;        /* of numbers: what stands for an absent one */
    const struct table *inner;
};
struct table {
    const struct option *options;
    size_t count;
    size_t bytes; /* of what it describes */
};

#define TEXT(structure, kind, is_required, member, otherwise)                                                          \
    {                                                                                                                  \
#member, kind, is_required, offsetof(struct structure, member), otherwise, 0, NULL                             \
    }
#define NUMBER(structure, member, otherwise)                                                                           \
    {                                                                                                                  \
#member, OPTION_NUMBER, false, offsetof(struct structure, member), NULL, otherwise, NULL                       \
    }
#define TABLE(options, structure)                                                                                      \
    {                                                                                                                  \
        options, COUNT_OF(options), sizeof(struct structure)                                                           \
    }

static const struct option NATIONAL_OPTIONS[] = {
    TEXT(national_options, OPTION_BASE, false, base, "/national-platform"),
    TEXT(national_options, OPTION_PATH, false, state, NULL),
    TEXT(national_options, OPTION_TEXT, true, requester, NULL),
    TEXT(national_options, OPTION_TEXT, true, service, NULL),
    TEXT(national_options, OPTION_PATH, true, app_key_file, NULL),
    TEXT(national_options, OPTION_PATH, false, gateway_key_file, NULL),
    NUMBER(national_options, secret_ms, 7200000),
    NUMBER(national_options, result_delay_polls, 0),
    NUMBER(national_options, result_delay_ms, 0),
};
static const struct table NATIONAL = TABLE(NATIONAL_OPTIONS, national_options);

static const struct option CHINA_OPTIONS[] = {
    TEXT(china_options, OPTION_BASE, false, base, "/credit-china"),
    TEXT(china_options, OPTION_PATH, false, state, NULL),
    TEXT(china_options, OPTION_TEXT, true, file_code, NULL),
    TEXT(china_options, OPTION_PATH, false, gateway_key_file, NULL),
    NUMBER(china_options, result_delay_polls, 0),
    NUMBER(china_options, result_delay_ms, 0),
    NUMBER(china_options, result_steps, 1),
};
static const struct table CHINA = TABLE(CHINA_OPTIONS, china_options);

static const struct option CHAOS_OPTIONS[] = {
    NUMBER(chaos_options, seed, 1),
    NUMBER(chaos_options, rate, CHAOS_RATE),
    TEXT(chaos_options, OPTION_CHOICE, false, people, NULL),
};
static const struct table CHAOS = TABLE(CHAOS_OPTIONS, chaos_options);

static const struct option OPTIONS[] = {
    TEXT(sandbox_options, OPTION_TEXT, false, address, "127.0.0.1"),
    TEXT(sandbox_options, OPTION_PORT, true, port, NULL),
    TEXT(sandbox_options, OPTION_PATH, true, state, NULL),
    TEXT(sandbox_options, OPTION_PATH, false, control_socket, NULL),
    TEXT(sandbox_options, OPTION_PATH, true, certificate, NULL),
    TEXT(sandbox_options, OPTION_PATH, true, key, NULL),
    TEXT(sandbox_options, OPTION_PATH, true, client_ca, NULL),
    {"clients", OPTION_CLIENTS, false, 0, NULL, 0, NULL},
    TEXT(sandbox_options, OPTION_BASE, false, base, ""),
    TEXT(sandbox_options, OPTION_TEXT, true, paasid, NULL),
    {"token_file", OPTION_SECRET_FILE, true, offsetof(struct sandbox_options, token), NULL, 0, NULL},
    TEXT(sandbox_options, OPTION_TEXT, true, table_code, NULL),
    TEXT(sandbox_options, OPTION_TEXT, true, table_version_id, NULL),
    TEXT(sandbox_options, OPTION_TEXT, false, feedback_table_code, NULL),
    TEXT(sandbox_options, OPTION_TEXT, true, department_code, NULL),
    TEXT(sandbox_options, OPTION_PATH, true, sm4_key_file, NULL),
    TEXT(sandbox_options, OPTION_PATH, true, gateway_key_file, NULL),
    NUMBER(sandbox_options, result_delay_polls, 0),
    NUMBER(sandbox_options, result_delay_ms, 0),
    TEXT(sandbox_options, OPTION_CHOICE, false, relay, NULL),
    TEXT(sandbox_options, OPTION_PATH, false, expired_certificate, NULL),
    TEXT(sandbox_options, OPTION_PATH, false, expired_key, NULL),
    TEXT(sandbox_options, OPTION_PATH, false, wrong_certificate, NULL),
    TEXT(sandbox_options, OPTION_PATH, false, wrong_key, NULL),
    {"chaos", OPTION_PLATFORM, false, offsetof(struct sandbox_options, chaos), NULL, 0, &CHAOS},
    {"national", OPTION_PLATFORM, false, offsetof(struct sandbox_options, national), NULL, 0, &NATIONAL},
    {"china", OPTION_PLATFORM, false, offsetof(struct sandbox_options, china), NULL, 0, &CHINA},
};
static const struct table SANDBOX = TABLE(OPTIONS, sandbox_options);

static bool is_text(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) > 0 && json_string_length(value) <= OPTION_TEXT_BYTES_MAX;
}

static char *resolve(const char *folder, const char *path)
{
    return path[0] == '/' ? memory_copy_text(path) : path_join(folder, path);
}

static bool read_secret(const char *path, char **out, struct error *err)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;

    if (!file_read(path, OPTION_TEXT_BYTES_MAX, &text, err))
        return false;
    if (span_trim(buf_span(&text)).bytes == 0)
        return fail(err, ERR_INVALID, "%s: empty", path);
    *out = memory_copy_span(span_trim(buf_span(&text)));
    return true;
}

static bool read_clients(const json_t *value, struct sandbox_options *options, struct error *err)
{
    if (!json_is_array(value) || json_array_size(value) > CLIENTS_MAX)
        return fail(err, ERR_INVALID, "clients: an array of at most %d fingerprints", CLIENTS_MAX);
    options->client_sha256 = memory_new((json_array_size(value) + 1) * sizeof(char *));
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = json_string_value(json_array_get(value, i));

        if (!text || strlen(text) != SHA256_DIGITS || strspn(text, "0123456789abcdef") != SHA256_DIGITS)
            return fail(err, ERR_INVALID, "clients[%zu]: 64 lower-case hex digits (SHA-256 of the certificate)", i);
        options->client_sha256[options->client_count++] = memory_copy_text(text);
    }
    return true;
}

static bool read_number(const struct option *option, const json_t *value, void *target, struct error *err)
{
    int64_t max = option->kind == OPTION_PORT ? UINT16_MAX : OPTION_NUMBER_MAX;
    int64_t number = value ? json_integer_value(value) : option->number;
    uint16_t port = (uint16_t)number;

    if ((value && !json_is_integer(value)) || number < 0 || number > max)
        return fail(err, ERR_INVALID, "%s: a number from 0 to %lld", option->name, (long long)max);
    if (option->kind == OPTION_PORT)
        memcpy((char *)target + option->at, &port, sizeof(port));
    else
        memcpy((char *)target + option->at, &number, sizeof(number));
    return true;
}

static bool read_choice(const struct option *option, const json_t *value, enum sandbox_choice *choice,
                        struct error *err)
{
    if (value && !json_is_boolean(value))
        return fail(err, ERR_INVALID, "%s: true or false", option->name);
    *choice = !value ? CHOICE_DEFAULT : json_is_true(value) ? CHOICE_YES : CHOICE_NO;
    return true;
}

static bool read_text(const struct option *option, const json_t *value, const char *folder, char **text,
                      struct error *err)
{
    AUTO(text_free) char *path = NULL;

    if (!is_text(value))
        return fail(err, ERR_INVALID, "%s: a text of 1 to %d bytes", option->name, OPTION_TEXT_BYTES_MAX);
    if (option->kind == OPTION_BASE) {
        const char *base = json_string_value(value);

        if (base[0] != '/' || base[strlen(base) - 1] == '/')
            return fail(err, ERR_INVALID, "%s: a path that begins with / and does not end with it", option->name);
    }
    if (option->kind == OPTION_TEXT || option->kind == OPTION_BASE) {
        *text = memory_copy_text(json_string_value(value));
        return true;
    }
    path = resolve(folder, json_string_value(value));
    if (option->kind == OPTION_SECRET_FILE)
        return read_secret(path, text, err);
    *text = TAKE(path);
    return true;
}

static bool read_table(const struct table *table, const json_t *file, const char *folder, void *target,
                       struct error *err);

static bool read_platform(const struct option *option, const json_t *value, const char *folder, void **target,
                          struct error *err)
{
    if (!value)
        return true;
    *target = memory_new(option->inner->bytes);
    return read_table(option->inner, value, folder, *target, err) || fail_in(err, "%s", option->name);
}

static bool read_option(const struct option *option, const json_t *value, const char *folder, void *target,
                        struct error *err)
{
    void *place = (char *)target + option->at;

    if (!value && option->is_required)
        return fail(err, ERR_INVALID, "%s: missing", option->name);
    if (option->kind == OPTION_PLATFORM)
        return read_platform(option, value, folder, place, err);
    if (option->kind == OPTION_PORT || option->kind == OPTION_NUMBER)
        return read_number(option, value, target, err);
    if (option->kind == OPTION_CHOICE)
        return read_choice(option, value, place, err);
    if (option->kind == OPTION_CLIENTS)
        return !value || read_clients(value, target, err);
    if (value)
        return read_text(option, value, folder, place, err);
    if (option->otherwise)
        *(char **)place = memory_copy_text(option->otherwise);
    return true;
}

static bool check_known(const struct table *table, const json_t *file, struct error *err)
{
    const char *name;
    const json_t *value;

    json_object_foreach((json_t *)file, name, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < table->count && !is_known; i++)
            is_known = strcmp(table->options[i].name, name) == 0;
        if (!is_known)
            return fail(err, ERR_INVALID, "%.60s: unknown", name);
    }
    return true;
}

static bool read_table(const struct table *table, const json_t *file, const char *folder, void *target,
                       struct error *err)
{
    if (!json_is_object(file))
        return fail(err, ERR_INVALID, "not a JSON object");
    if (!check_known(table, file, err))
        return false;
    for (size_t i = 0; i < table->count; i++)
        if (!read_option(&table->options[i], json_object_get(file, table->options[i].name), folder, target, err))
            return false;
    return true;
}

static void inherit(char **text, char *otherwise)
{
    if (!*text)
        *text = otherwise;
    else
        free(otherwise);
}

static bool complete(struct sandbox_options *options, struct error *err)
{
    const char *file_code = options->china ? options->china->file_code : "000000";

    if (options->national) {
        inherit(&options->national->state, path_join(options->state, "national-platform"));
        inherit(&options->national->gateway_key_file, memory_copy_text(options->gateway_key_file));
    }
    if (options->china) {
        inherit(&options->china->state, path_join(options->state, "credit-china"));
        inherit(&options->china->gateway_key_file, memory_copy_text(options->gateway_key_file));
    }
    if (strlen(file_code) != 6 || strspn(file_code, "0123456789") != 6)
        return fail(err, ERR_INVALID, "china: file_code: six digits");
    if (options->china && options->china->result_steps < 1)
        return fail(err, ERR_INVALID, "china: result_steps: a number from 1");
    if (options->chaos && options->chaos->rate > 100)
        return fail(err, ERR_INVALID, "chaos: rate: a number from 0 to 100");
    if (!options->expired_certificate != !options->expired_key || !options->wrong_certificate != !options->wrong_key)
        return fail(err, ERR_INVALID, "expired_key, wrong_key: a certificate and its key come together");
    if (options->relay == CHOICE_NO && options->chaos)
        return fail(err, ERR_INVALID, "relay: chaos cannot do without it");
    return true;
}

bool sandbox_options_load(const char *path, struct sandbox_options *out, struct error *err)
{
    AUTO(sandbox_options_done) struct sandbox_options options = {0};
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *copy = memory_copy_text(path);
    json_error_t problem;
    json_t *file;
    bool ok;

    if (!file_read(path, OPTIONS_BYTES_MAX, &text, err))
        return false;
    file = json_loadb(buf_text(&text), text.bytes, JSON_REJECT_DUPLICATES, &problem);
    if (!file)
        return fail(err, ERR_INVALID, "%s: line %d: %s", path, problem.line, problem.text);
    ok = read_table(&SANDBOX, file, dirname(copy), &options, err) && complete(&options, err);
    json_decref(file);
    if (!ok)
        return fail_in(err, "%s", path);
    *out = options;
    memset(&options, 0, sizeof(options));
    return true;
}

bool sandbox_options_set_chaos(struct sandbox_options *options, int64_t seed, struct error *err)
{
    if (options->relay == CHOICE_NO)
        return fail(err, ERR_INVALID, "relay: chaos cannot do without it");
    if (seed < 0)
        return fail(err, ERR_INVALID, "the seed: a number from 0");
    if (!options->chaos) {
        options->chaos = memory_new(sizeof *options->chaos);
        options->chaos->rate = CHAOS_RATE;
    }
    options->chaos->seed = seed;
    return true;
}

static void free_texts(const struct table *table, void *target)
{
    for (size_t i = 0; target && i < table->count; i++) {
        const struct option *option = &table->options[i];
        void *place = (char *)target + option->at;

        if (option->kind == OPTION_TEXT || option->kind == OPTION_BASE || option->kind == OPTION_PATH)
            free(*(char **)place);
        if (option->kind == OPTION_PLATFORM) {
            free_texts(option->inner, *(void **)place);
            free(*(void **)place);
        }
    }
}

void sandbox_options_done(struct sandbox_options *options)
{
    if (options->token)
        explicit_bzero(options->token, strlen(options->token));
    free(options->token);
    free_texts(&SANDBOX, options);
    for (size_t i = 0; i < options->client_count; i++)
        free(options->client_sha256[i]);
    free((void *)options->client_sha256);
    memset(options, 0, sizeof(*options));
}
