/* board.h - what the gateway's processes know together of each client: is it suspended, how much of its day's quota is
 * used, when was it last here. A place a client, in memory that processes forked later share; every number is one
 * atomic word, so a process that is killed leaves nothing half done.
 *
 * Quota: used items are counted in the place's word, which is kept in a file (shared mapping). What a killed gateway
 * had counted is still there. A machine that lost its power may have lost the newest pages; therefore the file also
 * says, synced, how far the count may have come (`ahead`): a process that counts beyond it raises it by a block and
 * syncs before its answers leave (board_flush). After a loss of power counting goes on from there: never too little was
 * counted, at most a block (a thousandth of the quota) too much. After an orderly stop or a killed gateway it is exact.
 *
 * Suspension: the state and the sequence of the journal event that made it, in one word; a later event always wins,
 * whoever writes it when. The store is what counts (suspension.h): a process that begins reads it and tells the board.
 *
 * Places belong to names. The parent gives them, before it forks; a name keeps its place as long as it is configured.
 * Place 0 is that of all strangers together. */
#ifndef GATEWAY_ACCESS_BOARD_H
#define GATEWAY_ACCESS_BOARD_H

#include "gateway/config/config.h"

enum { BOARD_PLACES = CONFIG_LIST_MAX + 1, BOARD_STRANGERS = 0, BOARD_NAME_BYTES = 72 };

struct board;
/* Kept in the file `path`, made when it is missing; NULL: in memory only. One gateway at a time. A file that is not
 * ours, or of another form, is ERR_CORRUPT. */
MUST_CHECK bool board_open(const char *path, struct board **out, struct error *err);
/* Give every client of the configuration its place. Only the parent calls it. */
void board_seat(struct board *board, const struct config *config);
/* BOARD_STRANGERS when nobody of that name has one. */
size_t board_place_of(const struct board *board, const char *name);
/* Counting is over, in all processes: what is in the file is exact. Only the parent calls it. */
MUST_CHECK bool board_settle(struct board *board, struct error *err);
void board_close(struct board *board);

/* --- quota --- */
struct board_wish {
    size_t place;
    int32_t day;   /* Asia/Shanghai */
    int64_t quota; /* 0: none, only counted */
    int64_t count;
};
/* Count so many items, all or none. `*left` (may be NULL): what is left of the quota then. False: it would be more than
 * the quota. A clock that was set back does not begin an old day anew. */
bool board_take(struct board *board, const struct board_wish *wish, int64_t *left);
/* Used on that day. */
int64_t board_used(const struct board *board, size_t place, int32_t day);
/* Before answers leave that rest on board_take: cheap when there is nothing to do. */
MUST_CHECK bool board_flush(struct board *board, struct error *err);

/* --- suspension --- */
/* `sequence`: of the event, from 0 on. What came later in the journal stays. */
void board_suspend(struct board *board, size_t place, uint64_t sequence, bool is_suspended);
bool board_is_suspended(const struct board *board, size_t place);

/* --- last seen --- */
/* `now_ms` to about a second. */
void board_see(struct board *board, size_t place, int64_t now_ms);
int64_t board_seen_ms(const struct board *board, size_t place); /* 0: never */

/* --- the configuration in use --- */
/* How often the parent took over a configuration, the one at its start included. Every process of it has the same. */
uint64_t board_generation(const struct board *board);
void board_renew(struct board *board);

DEFINE_AUTO(struct board *, board_close)

#endif
