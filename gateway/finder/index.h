/* index.h - the index of names with what it was made from: built from a store, then kept up with its journal. Only for
 * this room and gateway/testlist. One process, one thread. */
#ifndef GATEWAY_FINDER_INDEX_H
#define GATEWAY_FINDER_INDEX_H

#include "base/buf.h"
#include "gateway/config/config.h"
#include "gateway/finder/companies.h"
#include "gateway/finder/finder.h"
#include "gateway/store/store.h"

enum { INDEX_STEP_EVENTS = 5000 };

struct finder_index;
/* ERR_CORRUPT "names.file" when the register's file is not the one that was registered. Takes seconds for a million
 * names. `store` is borrowed. */
MUST_CHECK bool finder_index_build(const struct config *config, struct store *store, struct finder_index **out,
                                   struct error *err);
void finder_index_free(struct finder_index *index);

/* Take up what was committed since, at most INDEX_STEP_EVENTS. `*is_behind`: there is more. `*is_stale`: another
 * register was registered, or there is no more room: build another; this one can still be asked. */
MUST_CHECK bool finder_index_follow(struct finder_index *index, bool *is_behind, bool *is_stale, struct error *err);
uint64_t finder_index_sequence(const struct finder_index *index);

/* Add what finder.h calls candidates, shown and index. ERR_INVALID for what cannot be a name. */
MUST_CHECK bool finder_index_ask(struct finder_index *index, struct span text, struct finder_wish wish,
                                 struct buf *candidates, struct buf *shown, struct error *err);
void finder_index_about(const struct finder_index *index, struct buf *out);

DEFINE_AUTO(struct finder_index *, finder_index_free)

#endif
