/* sandbox_options_load: one table of members, so that what is allowed, needed and where it goes stand in one place. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "sandbox/sandbox.h"

enum { OPTIONS_BYTES_MAX = 65536, OPTION_TEXT_BYTES_MAX = 1024, CLIENTS_MAX = 64, SHA256_DIGITS = 64 };

enum kind { OPTION_TEXT, OPTION_PATH, OPTION_SECRET_FILE, OPTION_PORT, OPTION_NUMBER, OPTION_CLIENTS };

struct option {
    const char *name;
    enum kind kind;
    bool is_required;
    size_t at; /* offset in struct sandbox_options */
    const char *otherwise;
};

#define AT(member) offsetof(struct sandbox_options, member)

static const struct option OPTIONS[] = {
    {"address", OPTION_TEXT, false, AT(address), "127.0.0.1"},
    {"port", OPTION_PORT, true, AT(port), NULL},
    {"state", OPTION_PATH, true, AT(state), NULL},
    {"control_socket", OPTION_PATH, false, AT(control_socket), NULL},
    {"certificate", OPTION_PATH, true, AT(certificate), NULL},
    {"key", OPTION_PATH, true, AT(key), NULL},
    {"client_ca", OPTION_PATH, true, AT(client_ca), NULL},
    {"clients", OPTION_CLIENTS, false, 0, NULL},
    {"base", OPTION_TEXT, false, AT(base), ""},
    {"paasid", OPTION_TEXT, true, AT(paasid), NULL},
    {"token_file", OPTION_SECRET_FILE, true, AT(token), NULL},
    {"table_code", OPTION_TEXT, true, AT(table_code), NULL},
    {"table_version_id", OPTION_TEXT, true, AT(table_version_id), NULL},
    {"department_code", OPTION_TEXT, true, AT(department_code), NULL},
    {"sm4_key_file", OPTION_PATH, true, AT(sm4_key_file), NULL},
    {"gateway_key_file", OPTION_PATH, true, AT(gateway_key_file), NULL},
    {"result_delay_polls", OPTION_NUMBER, false, AT(result_delay_polls), NULL},
    {"result_delay_ms", OPTION_NUMBER, false, AT(result_delay_ms), NULL},
};

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

static bool read_number(const struct option *option, const json_t *value, struct sandbox_options *options,
                        struct error *err)
{
    int64_t max = option->kind == OPTION_PORT ? UINT16_MAX : 86400000;
    int64_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || number > max)
        return fail(err, ERR_INVALID, "%s: a number from 0 to %lld", option->name, (long long)max);
    if (option->kind == OPTION_PORT)
        options->port = (uint16_t)number;
    else
        memcpy((char *)options + option->at, &number, sizeof(number));
    return true;
}

static bool read_option(const struct option *option, const json_t *value, const char *folder,
                        struct sandbox_options *options, struct error *err)
{
    char **text = (char **)(void *)((char *)options + option->at);
    AUTO(text_free) char *path = NULL;

    if (!value && option->is_required)
        return fail(err, ERR_INVALID, "%s: missing", option->name);
    if (!value) {
        if (option->otherwise)
            *text = memory_copy_text(option->otherwise);
        return true;
    }
    if (option->kind == OPTION_CLIENTS)
        return read_clients(value, options, err);
    if (option->kind == OPTION_PORT || option->kind == OPTION_NUMBER)
        return read_number(option, value, options, err);
    if (!is_text(value))
        return fail(err, ERR_INVALID, "%s: a text of 1 to %d bytes", option->name, OPTION_TEXT_BYTES_MAX);
    if (option->kind == OPTION_TEXT) {
        *text = memory_copy_text(json_string_value(value));
        return true;
    }
    path = resolve(folder, json_string_value(value));
    if (option->kind == OPTION_SECRET_FILE)
        return read_secret(path, text, err);
    *text = TAKE(path);
    return true;
}

static bool check_known(const json_t *file, struct error *err)
{
    const char *name;
    const json_t *value;

    json_object_foreach((json_t *)file, name, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < COUNT_OF(OPTIONS) && !is_known; i++)
            is_known = strcmp(OPTIONS[i].name, name) == 0;
        if (!is_known)
            return fail(err, ERR_INVALID, "%.60s: unknown", name);
    }
    return true;
}

static bool read_all(const json_t *file, const char *folder, struct sandbox_options *options, struct error *err)
{
    if (!json_is_object(file))
        return fail(err, ERR_INVALID, "not a JSON object");
    if (!check_known(file, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++)
        if (!read_option(&OPTIONS[i], json_object_get(file, OPTIONS[i].name), folder, options, err))
            return false;
    if (options->base[0] && (options->base[0] != '/' || options->base[strlen(options->base) - 1] == '/'))
        return fail(err, ERR_INVALID, "base: a path that begins with / and does not end with it");
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
    ok = read_all(file, dirname(copy), &options, err);
    json_decref(file);
    if (!ok)
        return fail_in(err, "%s", path);
    *out = options;
    memset(&options, 0, sizeof(options));
    return true;
}

void sandbox_options_done(struct sandbox_options *options)
{
    if (options->token)
        explicit_bzero(options->token, strlen(options->token));
    free(options->token);
    for (size_t i = 0; i < COUNT_OF(OPTIONS); i++) {
        enum kind kind = OPTIONS[i].kind;

        if (kind == OPTION_TEXT || kind == OPTION_PATH)
            free(*(char **)(void *)((char *)options + OPTIONS[i].at));
    }
    for (size_t i = 0; i < options->client_count; i++)
        free(options->client_sha256[i]);
    free((void *)options->client_sha256);
    memset(options, 0, sizeof(*options));
}
