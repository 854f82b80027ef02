#include "schemas/schema_internal.h"

#include <string.h>

/* ECMA-262's long names of general categories, which PCRE2 knows by their short names only. */
static const char *const CATEGORIES[][2] = {
    {"Letter", "L"},
    {"Lowercase_Letter", "Ll"},
    {"Uppercase_Letter", "Lu"},
    {"Mark", "M"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"Punctuation", "P"},
    {"Symbol", "S"},
    {"Separator", "Z"},
    {"Other", "C"},
    {"digit", "Nd"},
    {"punct", "P"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Space_Separator", "Zs"},
};

static const char *category_find(struct span name)
{
    for (size_t i = 0; i < COUNT_OF(CATEGORIES); i++) {
        if (span_is(name, CATEGORIES[i][0]))
            return CATEGORIES[i][1];
    }
    return NULL;
}

static void add_translated(struct buf *out, struct span pattern)
{
    for (size_t i = 0; i < pattern.bytes; i++) {
        struct span left = {pattern.at + i, pattern.bytes - i};
        bool is_property = span_starts(left, "\\p{") || span_starts(left, "\\P{");
        const char *close = is_property ? memchr(left.at, '}', left.bytes) : NULL;
        const char *known = close ? category_find((struct span){left.at + 3, (size_t)(close - left.at) - 3}) : NULL;
        size_t step = left.at[0] == '\\' && left.bytes > 1 ? 2 : 1;

        buf_add(out, left.at, step);
        i += step - 1;
        if (!known)
            continue;
        buf_addf(out, "{%s}", known);
        i += (size_t)(close - left.at) - 1;
    }
}

bool schema_pattern_compile(struct span pattern, pcre2_code **out, struct error *err)
{
    /* As ECMA-262 reads it: $ is the very end, \uXXXX a character, an unset group matches nothing. */
    const uint32_t options =
        PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_BSUX | PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C;
    AUTO(buf_done) struct buf text = BUF_INIT;
    PCRE2_SIZE at;
    int code;
    pcre2_code *compiled;

    add_translated(&text, pattern);
    compiled = pcre2_compile((PCRE2_SPTR)buf_text(&text), text.bytes, options, &code, &at, NULL);
    if (!compiled) {
        PCRE2_UCHAR said[128];

        pcre2_get_error_message(code, said, sizeof said);
        return fail(err, ERR_INVALID, "no regular expression: %s at byte %zu", (const char *)said, (size_t)at);
    }
    /* Where memory may not become code (systemd's MemoryDenyWriteExecute) this fails and matching interprets. */
    (void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
    *out = compiled;
    return true;
}

int schema_pattern_match(const struct schema *schema, const pcre2_code *pattern, struct span text)
{
    PCRE2_SPTR at = (PCRE2_SPTR)(text.at ? text.at : "");
    int found = pcre2_jit_match(pattern, at, text.bytes, 0, 0, schema->match, schema->limits);

    if (found == PCRE2_ERROR_JIT_BADOPTION)
        found = pcre2_match(pattern, at, text.bytes, 0, PCRE2_NO_UTF_CHECK, schema->match, schema->limits);
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    return found < 0 ? -1 : 1;
}
