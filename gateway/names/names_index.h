/* names_index.h - which names of a register a question may mean: by pairs of characters, the rare ones first, with
 * bounded work; by the whole normal form; by code.
 *
 * Add every name, call names_index_build, ask. Some names may come later (INDEX_LATER_MAX); they are found like all
 * others. A subject may have many names (former ones)
 * and is told by the caller's number. Asking uses scratch memory inside the index: one thread at a time. About 130
 * bytes a name; pairs that more than every sixteenth name has (有限, 公司) are not kept. */
#ifndef GATEWAY_NAMES_NAMES_INDEX_H
#define GATEWAY_NAMES_NAMES_INDEX_H

#include "gateway/names/names_normal.h"

enum { INDEX_NAMES_MAX = 16 * 1000 * 1000, INDEX_FOUND_MAX = 64, INDEX_LATER_MAX = 32768 };

struct index_entry_view {
    const uint16_t *at; /* the normal form, borrowed from the index */
    size_t count;
    uint32_t subject;
    bool is_former;
};

struct names_index;

struct names_index *names_index_new(void);
void names_index_free(struct names_index *index);
/* ERR_LIMIT when there are too many, in all or since names_index_build: then build another. An empty form is not kept.
 */
MUST_CHECK bool names_index_add(struct names_index *index, const struct name_form *form, uint32_t subject,
                                bool is_former, struct error *err);
void names_index_set_former(struct names_index *index, uint32_t entry, bool is_former);
void names_index_build(struct names_index *index); /* once */
size_t names_index_size(const struct names_index *index);
size_t names_index_bytes(const struct names_index *index);
struct index_entry_view names_index_entry(const struct names_index *index, uint32_t entry);

/* Entries that share most with the form, the most alike first; at most INDEX_FOUND_MAX. Returns how many. */
size_t names_index_find(struct names_index *index, const struct name_form *form, uint32_t found[INDEX_FOUND_MAX]);
/* Entries whose normal form is the same; at most INDEX_FOUND_MAX. */
size_t names_index_same(const struct names_index *index, const struct name_form *form, uint32_t found[INDEX_FOUND_MAX]);

DEFINE_AUTO(struct names_index *, names_index_free)

#endif
