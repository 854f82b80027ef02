/* error.h - what went wrong, in one code and one sentence.
 *
 * A function that can fail returns bool and takes `struct error *err` last. On false the error is filled and the
 * outputs are untouched. Going up, fail_in() puts "where: " in front. It is logged once, at the top. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/base.h"

enum error_code {
    ERR_NONE = 0,
    ERR_INVALID,      /* the input is wrong: say it again, corrected */
    ERR_NOT_FOUND,    /* there is no such thing */
    ERR_CONFLICT,     /* it collides with what is there already */
    ERR_REFUSED,      /* a rule of the field forbids it */
    ERR_FORBIDDEN,    /* this caller may not */
    ERR_UNAUTHORIZED, /* we do not know this caller */
    ERR_LIMIT,        /* too large, too many, too deep, too often */
    ERR_UNAVAILABLE,  /* not now: try again later */
    ERR_TIMEOUT,      /* no answer in time; it may have happened */
    ERR_IO,           /* the operating system said no */
    ERR_FULL,         /* the disk or the map is full */
    ERR_CORRUPT,      /* stored or sent bytes contradict themselves */
    ERR_INTERNAL,     /* our own fault */
    ERR_CODE_COUNT
};

enum { ERROR_TEXT_BYTES = 512 };

struct error {
    enum error_code code;
    char text[ERROR_TEXT_BYTES]; /* English */
    char zh[ERROR_TEXT_BYTES];   /* Chinese, or "" when nobody but an operator sees it */
    char rule[64];               /* stable slug of the rule that refused, or "" */
};

struct error_info {
    const char *name; /* stable slug, used as the last part of an RFC 9457 problem type */
    int http_status;
    bool is_retryable;
};

/* Never NULL; an unknown code is answered as ERR_INTERNAL. */
const struct error_info *error_info(enum error_code code);

/* Fill `err` (which may be NULL: then nothing is kept). */
void error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF(3, 4);
/* Both languages at once; the two formats take the same arguments in the same order. */
void error_set_both(struct error *err, enum error_code code, const char *rule, const char *en, const char *zh, ...)
    PRINTF(4, 6) PRINTF(5, 6);
/* Put "where: " in front of the texts. */
void error_prefix(struct error *err, const char *format, ...) PRINTF(2, 3);
/* The text in a language: "zh" (falls back to English when there is none) or anything else for English. */
const char *error_text(const struct error *err, const char *lang);

/* `return fail(err, ERR_INVALID, "%s: too long", path);` */
#define fail(err, code, ...) (error_set((err), (code), __VA_ARGS__), false)
/* `return fail_in(err, path);` with a format of its own: fail_in(err, "line %d", n) */
#define fail_in(err, ...) (error_prefix((err), __VA_ARGS__), false)
/* A refusal that people read: `return refuse(err, ERR_REFUSED, "record.too-early", "... %s", "…… %s", date);` */
#define refuse(err, code, rule, en, ...) (error_set_both((err), (code), (rule), (en), __VA_ARGS__), false)

#endif
