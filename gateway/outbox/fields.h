/* fields.h - the data of an event read by a table of what it must hold. Only for files of this room. */
#ifndef GATEWAY_OUTBOX_FIELDS_H
#define GATEWAY_OUTBOX_FIELDS_H

#include "base/buf.h"
#include "base/error.h"

enum field_kind {
    FIELD_RAW,    /* struct span: the value as it stands */
    FIELD_TEXT,   /* struct span: a string, unescaped */
    FIELD_NUMBER, /* int64_t, not negative */
    FIELD_CALL,   /* uint8_t[16]: 32 hex digits */
    FIELD_BOOL    /* bool */
};

struct field {
    const char *name;
    enum field_kind kind;
    bool is_optional;
    void *out;
};

enum { FIELDS_MAX = 16 };

/* Every field that is not optional must be there, nothing else may. ERR_INVALID names the first that is wrong. Texts
 * are borrowed from `data` or `hold`. */
MUST_CHECK bool fields_read(struct span data, const struct field *fields, size_t count, struct buf *hold,
                            struct error *err);

#endif
