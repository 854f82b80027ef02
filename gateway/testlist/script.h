/* script.h - schemas/data/test-list.json, and doing what it says in a store. Only this room needs it. */
#ifndef GATEWAY_TESTLIST_SCRIPT_H
#define GATEWAY_TESTLIST_SCRIPT_H

#include "base/json.h"
#include "base/time.h"
#include "gateway/store/store.h"

enum { SCRIPT_NOON_MS = 12 * 3600 * 1000 };

/* `data`: the folder with schemas/. */
MUST_CHECK bool script_load(const char *data, json_t **out, struct error *err);
/* Noon of its `today`. */
MUST_CHECK bool script_now(const json_t *script, int64_t *now_ms, struct error *err);
/* Do all its steps in the empty `store`, each by the command that staff would use, under keys made in the folder
 * `scratch`. A step that is refused fails with its number. */
MUST_CHECK bool script_run(const json_t *script, const char *data, const char *scratch, struct store *store,
                           struct error *err);

#endif
