/* entry.h - an entry's JSON (trace.h). Only this room needs it. */
#ifndef GATEWAY_TRACE_ENTRY_H
#define GATEWAY_TRACE_ENTRY_H

#include "gateway/trace/trace.h"
#include "keys/digest.h"

/* 200 things shown (gateway/lookup) of 32 digits and a version take less. */
enum { ENTRY_SALT_BYTES = 16 };
enum { ENTRY_AUTHORISATION_MAX = 200, ENTRY_GIVEN_MAX = 100, ENTRY_SHOWN_MAX = 10 * 1024 };

/* What entries have in common, written once. Zeroed at first. */
enum entry_piece {
    ENTRY_BEFORE_AUTHORISATION, /* as_of, at */
    ENTRY_BEFORE_NAME,          /* by, case, certificate, department, domain, from, kind, matter */
    ENTRY_BEFORE_OWES,          /* operator */
    ENTRY_BEFORE_RECEIPT,       /* path, purpose, reason */
    ENTRY_RULES,
    ENTRY_PIECES
};
enum { ENTRY_SHARED = 12 }; /* fields that the pieces are made of, but for the instants and the rules */
struct entry_form {
    struct buf pieces[ENTRY_PIECES];
    bool is_set;
    int64_t at_ms, as_of_ms;
    uint64_t as_of_sequence;
    size_t bytes[ENTRY_SHARED]; /* of each field, … */
    struct buf fields;          /* … which stand here one after another */
    struct buf rules;
};
/* Nothing is borrowed. */
void entry_form_set(struct entry_form *form, const struct trace_entry *common);
/* Is it the form of `entry`, too? When only the instants or the rules differ, these are written anew. */
bool entry_form_fits(struct entry_form *form, const struct trace_entry *entry);
void entry_form_done(struct entry_form *form);

struct entry_with {
    const struct entry_form *form;
    const uint8_t *salt; /* ENTRY_SALT_BYTES, random, of this entry alone */
    struct digester *digester;
};
/* At most TRACE_ENTRY_BYTES_MAX, whatever the texts are. Of the entry only what the form does not have is looked at,
 * and its rules. */
void entry_add(const struct trace_entry *entry, const struct entry_with *with, struct buf *out);

#endif
