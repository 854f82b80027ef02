#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct error_info INFO[ERR_CODE_COUNT] = {
    [ERR_NONE] = {"none", 200, false},
    [ERR_INVALID] = {"invalid", 400, false},
    [ERR_NOT_FOUND] = {"not-found", 404, false},
    [ERR_CONFLICT] = {"conflict", 409, false},
    [ERR_REFUSED] = {"refused", 422, false},
    [ERR_FORBIDDEN] = {"forbidden", 403, false},
    [ERR_UNAUTHORIZED] = {"unauthorized", 401, false},
    [ERR_LIMIT] = {"limit", 413, false},
    [ERR_UNAVAILABLE] = {"unavailable", 503, true},
    [ERR_TIMEOUT] = {"timeout", 504, true},
    [ERR_IO] = {"io", 500, true},
    [ERR_FULL] = {"full", 507, true},
    [ERR_CORRUPT] = {"corrupt", 500, false},
    [ERR_INTERNAL] = {"internal", 500, false},
};

const struct error_info *error_info(enum error_code code)
{
    if ((size_t)code >= COUNT_OF(INFO))
        return &INFO[ERR_INTERNAL];
    return &INFO[code];
}

/* Cut what vsnprintf cut in the middle of a UTF-8 character back to a whole one. */
static void cut_to_whole_characters(char *text)
{
    size_t end = strlen(text);
    size_t start = end;

    if (end + 1 < ERROR_TEXT_BYTES)
        return;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xC0)
        text[start - 1] = '\0';
}

void error_set(struct error *err, enum error_code code, const char *format, ...)
{
    va_list args;

    if (!err)
        return;
    err->code = code;
    err->zh[0] = '\0';
    err->rule[0] = '\0';
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    cut_to_whole_characters(err->text);
}

void error_set_both(struct error *err, enum error_code code, const char *rule, const char *en, const char *zh, ...)
{
    va_list args;

    if (!err)
        return;
    err->code = code;
    snprintf(err->rule, sizeof err->rule, "%s", rule);
    va_start(args, zh);
    vsnprintf(err->text, sizeof err->text, en, args);
    va_end(args);
    va_start(args, zh);
    vsnprintf(err->zh, sizeof err->zh, zh, args);
    va_end(args);
    cut_to_whole_characters(err->text);
    cut_to_whole_characters(err->zh);
}

void error_prefix(struct error *err, const char *format, ...)
{
    char where[ERROR_TEXT_BYTES];
    char whole[2 * ERROR_TEXT_BYTES + 2];
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    vsnprintf(where, sizeof where, format, args);
    va_end(args);
    cut_to_whole_characters(where);
    snprintf(whole, sizeof whole, "%s: %s", where, err->text);
    snprintf(err->text, sizeof err->text, "%.*s", (int)sizeof err->text - 1, whole);
    cut_to_whole_characters(err->text);
    if (!err->zh[0])
        return;
    snprintf(whole, sizeof whole, "%s：%s", where, err->zh);
    snprintf(err->zh, sizeof err->zh, "%.*s", (int)sizeof err->zh - 1, whole);
    cut_to_whole_characters(err->zh);
}

const char *error_text(const struct error *err, const char *lang)
{
    if (lang && strcmp(lang, "zh") == 0 && err->zh[0])
        return err->zh;
    return err->text;
}
