/* testlist.h - fictitious enterprises that answer every verdict, for the clients of the configuration with `test:
 * true`.
 *
 * The list is a small store of its own beside the register's: <state>/test/list, made anew at each start by the very
 * commands that fill the register (import, propose, approve …) from schemas/data/test-list.json, and an empty one,
 * <state>/test/empty, for "register-empty". A test client is answered from these two alone, by the same code as
 * everybody; nobody else is ever answered from them. Its day never changes: what the file calls `today`. What a test
 * client writes (feedback, watch lists) goes to the list's own journal and ends with the next start; what is screened
 * for it rests on the list as well. Only a ping to its endpoint goes by the outbox of everybody.
 *
 * The codes stand in the file with what each is for; GET /v1/test-list tells them. */
#ifndef GATEWAY_TESTLIST_TESTLIST_H
#define GATEWAY_TESTLIST_TESTLIST_H

#include "base/time.h"
#include "gateway/config/config.h"
#include "gateway/finder/finder.h"
#include "gateway/store/store.h"

enum { TESTLIST_MAP_BYTES = 32 * 1024 * 1024 };

/* Before the processes are started: make the list when a client is marked, else remove what is left of one. */
MUST_CHECK bool testlist_prepare(const struct config *config, struct error *err);

struct testlist;
/* In a process: open what was prepared; `*out` is NULL when no client is marked. */
MUST_CHECK bool testlist_open(const struct config *config, struct testlist **out, struct error *err);
void testlist_free(struct testlist *list);

/* Its store is read and written like the register's. Borrowed. */
struct store *testlist_store(const struct testlist *list);
/* The one in which nothing is registered: whoever asks about that one code is answered from it. Borrowed. */
struct store *testlist_empty_store(const struct testlist *list);
/* Noon of its day, always. */
const struct clock *testlist_clock(const struct testlist *list);
/* Is this the code that is answered as if the register were empty? */
bool testlist_is_empty_code(const struct testlist *list, struct span uscc);
/* A read of the list, or of the empty store; end it with testlist_end_read before the next. NULL: err. */
struct store_txn *testlist_read(struct testlist *list, bool of_empty, struct error *err);
void testlist_end_read(struct testlist *list);
/* Candidates for a name among the enterprises of the list, as the finder tells them of the real ones: no name of a real
 * one is in the index, which is made when the list is opened. ERR_INVALID "names.text" for what cannot be a name. `out`
 * is borrowed until the next call. */
MUST_CHECK bool testlist_find(struct testlist *list, struct span text, struct finder_wish wish,
                              struct finder_answer *out, struct error *err);
/* {"enterprises":[{"answers":[…],"en","uscc","zh"}…],"today"}, canonical. */
struct span testlist_description(const struct testlist *list);

DEFINE_AUTO(struct testlist *, testlist_free)

#endif
