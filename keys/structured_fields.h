/* structured_fields.h - values of HTTP fields that have a structure (RFC 9651, which replaces RFC 8941): lists,
 * dictionaries, items; parameters; integers, decimals, strings, tokens, bytes, booleans, dates, display strings.
 *
 * Reading is as strict as the RFC (a field is good as a whole or not at all), with one choice it leaves open: Base64
 * must have its padding and no other bits. Every count and length has a limit; none is below what the RFC asks for.
 * Field lines of one name are joined with ", " before they are read (RFC 9110 section 5.2). */
#ifndef KEYS_STRUCTURED_FIELDS_H
#define KEYS_STRUCTURED_FIELDS_H

#include "base/buf.h"
#include "base/error.h"

enum {
    STRUCTURED_BYTES_MAX = 64 * 1024, /* of the field */
    STRUCTURED_MEMBERS_MAX = 1024,    /* of a list or dictionary */
    STRUCTURED_INNER_MAX = 256,       /* of an inner list */
    STRUCTURED_PARAMETERS_MAX = 256,  /* of one item */
    STRUCTURED_KEY_MAX = 64,
    STRUCTURED_STRING_MAX = 4096, /* decoded; strings and display strings */
    STRUCTURED_TOKEN_MAX = 512
};
#define STRUCTURED_INTEGER_MAX INT64_C(999999999999999)

enum structured_kind {
    STRUCTURED_INTEGER,
    STRUCTURED_DECIMAL, /* `number` thousandths */
    STRUCTURED_STRING,
    STRUCTURED_TOKEN,
    STRUCTURED_BYTES,
    STRUCTURED_BOOLEAN,
    STRUCTURED_DATE, /* seconds since the epoch */
    STRUCTURED_DISPLAY
};

struct structured_value {
    enum structured_kind kind;
    int64_t number;   /* integer, decimal, date; 0 or 1 of a boolean */
    struct span text; /* decoded: string, token, bytes, display string (UTF-8) */
};

struct structured_parameter {
    struct span key;
    struct structured_value value;
};

/* A member of a list or a dictionary, an item of its own, or one in an inner list. */
struct structured_item {
    struct span key; /* in dictionaries */
    bool is_inner_list;
    struct structured_value value; /* unless it is an inner list */
    size_t first_inner;            /* of `inner` */
    size_t inner_count;
    size_t first_parameter; /* of `parameters` */
    size_t parameter_count;
};

enum structured_type { STRUCTURED_LIST, STRUCTURED_DICTIONARY, STRUCTURED_ITEM };

/* What was read; owns all texts. Of several members or parameters with one key the last one's value counts, in the
 * place of the first. */
struct structured {
    enum structured_type type;
    struct structured_item *members;
    size_t count; /* 1 for an item */
    struct structured_item *inner;
    size_t inner_count;
    struct structured_parameter *parameters;
    size_t parameter_count;
    struct buf text;
};
#define STRUCTURED_INIT ((struct structured){.text = BUF_INIT})

/* `out` must be empty (STRUCTURED_INIT). ERR_INVALID: not of this form; ERR_LIMIT. An empty field is an empty list or
 * dictionary, but no item. */
MUST_CHECK bool structured_parse(enum structured_type type, struct span field, struct structured *out,
                                 struct error *err);
void structured_done(struct structured *field);

/* All in their one canonical form, added to `out`, which stays as it is on failure (ERR_INVALID: it cannot be said). */
MUST_CHECK bool structured_add(const struct structured *field, struct buf *out, struct error *err);
/* A member's value with its parameters, without its key. */
MUST_CHECK bool structured_item_add(const struct structured *field, const struct structured_item *item, struct buf *out,
                                    struct error *err);
MUST_CHECK bool structured_parameters_add(const struct structured *field, const struct structured_item *item,
                                          struct buf *out, struct error *err);
MUST_CHECK bool structured_value_add(const struct structured_value *value, struct buf *out, struct error *err);
MUST_CHECK bool structured_key_add(struct span key, struct buf *out, struct error *err);

/* NULL when there is none; borrowed. */
const struct structured_item *structured_member(const struct structured *field, const char *key);
const struct structured_value *structured_parameter(const struct structured *field, const struct structured_item *item,
                                                    const char *key);

DEFINE_AUTO_IN_PLACE(struct structured, structured_done)

#endif
