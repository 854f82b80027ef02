#include "gateway/access/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define BOARD_MAGIC "creditgate board 1\n"
#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"

enum { MAGIC_BYTES = 24, BOOT_BYTES = 40, HEAD_BYTES = 4096, BLOCKS_A_QUOTA = 1000 };

/* A day and a count in one word: a later day is greater whatever was counted. */
#define COUNT_BITS 40
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)

struct head {
    char magic[MAGIC_BYTES];
    char boot[BOOT_BYTES]; /* of the machine's run that counted last */
    uint32_t is_settled;   /* nothing was counted since board_settle */
    _Atomic uint64_t generation;
};

struct place {
    _Alignas(64) char name[BOARD_NAME_BYTES]; /* "": free. A place is whole cache lines */
    _Atomic uint64_t used;                    /* day and count */
    _Atomic uint64_t ahead;                   /* at least `used` as far as answers left; on disk up to `synced` */
    _Atomic uint64_t synced;                  /* not kept */
    _Atomic uint64_t suspension;              /* (sequence + 1) * 2 + is_suspended; 0: no event; not kept */
    _Atomic int64_t seen_ms;
};

struct board {
    struct head *head; /* and the places behind it, shared */
    struct place *places;
    int fd; /* -1: no file */
    /* Of this process: places that were counted beyond what is synced. */
    size_t behind[16];
    uint64_t behind_to[16];
    size_t behind_count;
    bool has_many_behind;
};

static size_t board_bytes(void)
{
    return HEAD_BYTES + BOARD_PLACES * sizeof(struct place);
}

static int32_t day_of(uint64_t word)
{
    return (int32_t)(word >> COUNT_BITS);
}

static void raise_to(_Atomic uint64_t *word, uint64_t value)
{
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed);

    while (before < value && !atomic_compare_exchange_weak(word, &before, value))
        ;
}

/* --- opening --- */

static void read_boot(char boot[BOOT_BYTES])
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span id = SPAN_NONE;

    memset(boot, 0, BOOT_BYTES);
    /* Not knowing it is the same as another run of the machine: the cautious number counts. */
    if (file_read(BOOT_ID_FILE, 4096, &text, NULL))
        id = span_trim(buf_span(&text));
    if (id.bytes > 0 && id.bytes < BOOT_BYTES)
        memcpy(boot, id.at, id.bytes);
}

/* What was counted before this gateway began. */
static void take_over(struct board *board)
{
    char boot[BOOT_BYTES];
    bool is_exact;

    read_boot(boot);
    is_exact = board->head->is_settled || (boot[0] && memcmp(boot, board->head->boot, BOOT_BYTES) == 0);
    for (size_t i = 0; i < BOARD_PLACES; i++) {
        struct place *place = &board->places[i];

        place->name[BOARD_NAME_BYTES - 1] = '\0';
        if (!is_exact)
            raise_to(&place->used, place->ahead);
        raise_to(&place->ahead, place->used);
        place->synced = 0;
        place->suspension = 0;
    }
    memcpy(board->head->magic, BOARD_MAGIC, sizeof BOARD_MAGIC);
    memcpy(board->head->boot, boot, BOOT_BYTES);
    board->head->is_settled = 0;
    board->head->generation = 1;
}

static bool sync_all(const struct board *board, struct error *err)
{
    return board->fd < 0 || msync(board->head, board_bytes(), MS_SYNC) == 0 ||
           fail(err, ERR_IO, "the clients' quotas cannot be kept: %s", strerrordesc_np(errno));
}

/* All its pages are there before anything is counted: a full disk is met now, not by a signal later. */
static bool open_file(const char *path, int *out, bool *is_new, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    struct stat info;
    int problem;

    if (fd < 0 || fstat(fd, &info) != 0)
        return fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
    *is_new = info.st_size == 0;
    if (!*is_new && info.st_size != (off_t)board_bytes())
        return fail(err, ERR_CORRUPT, "%s: not a board of this version: take it away", path);
    problem = posix_fallocate(fd, 0, (off_t)board_bytes());
    if (problem != 0) {
        if (*is_new)
            unlink(path);
        return fail(err, problem == ENOSPC ? ERR_FULL : ERR_IO, "%s: %s", path, strerrordesc_np(problem));
    }
    *out = fd;
    fd = -1;
    return true;
}

bool board_open(const char *path, struct board **out, struct error *err)
{
    AUTO(board_close) struct board *board = memory_new(sizeof *board);
    bool is_new = true;
    void *shared;

    board->fd = -1;
    if (path && !open_file(path, &board->fd, &is_new, err))
        return false;
    shared =
        mmap(NULL, board_bytes(), PROT_READ | PROT_WRITE, path ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, board->fd, 0);
    if (shared == MAP_FAILED)
        return fail(err, ERR_IO, "the clients' board: %s", strerrordesc_np(errno));
    board->head = shared;
    board->places = (struct place *)(void *)((char *)shared + HEAD_BYTES);
    if (!is_new && memcmp(board->head->magic, BOARD_MAGIC, sizeof BOARD_MAGIC) != 0)
        return fail(err, ERR_CORRUPT, "%s: not a board of this version: take it away", path);
    take_over(board);
    if (!sync_all(board, err))
        return false;
    for (size_t i = 0; i < BOARD_PLACES; i++)
        board->places[i].synced = board->places[i].ahead;
    *out = TAKE(board);
    return true;
}

bool board_settle(struct board *board, struct error *err)
{
    for (size_t i = 0; i < BOARD_PLACES; i++)
        board->places[i].ahead = board->places[i].used;
    board->head->is_settled = 1;
    return sync_all(board, err);
}

void board_close(struct board *board)
{
    if (!board)
        return;
    if (board->head)
        munmap(board->head, board_bytes());
    file_close(board->fd);
    free(board);
}

/* --- places --- */

size_t board_place_of(const struct board *board, const char *name)
{
    for (size_t i = BOARD_STRANGERS + 1; i < BOARD_PLACES; i++) {
        if (strcmp(board->places[i].name, name) == 0)
            return i;
    }
    return BOARD_STRANGERS;
}

static bool is_configured(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->client_count; i++) {
        if (strcmp(config->clients[i].name, name) == 0)
            return true;
    }
    return false;
}

/* A free one; when there is none, that of a name that is not configured any more. */
static size_t find_room(const struct board *board, const struct config *config)
{
    size_t left = BOARD_STRANGERS;

    for (size_t i = BOARD_STRANGERS + 1; i < BOARD_PLACES; i++) {
        if (!board->places[i].name[0])
            return i;
        if (left == BOARD_STRANGERS && !is_configured(config, board->places[i].name))
            left = i;
    }
    return left; /* there is one: the configuration has no more clients than there are places */
}

void board_seat(struct board *board, const struct config *config)
{
    for (size_t i = 0; i < config->client_count; i++) {
        const char *name = config->clients[i].name;
        struct place *place;

        if (board_place_of(board, name) != BOARD_STRANGERS)
            continue;
        place = &board->places[find_room(board, config)];
        place->used = place->ahead = place->synced = place->suspension = 0;
        place->seen_ms = 0;
        snprintf(place->name, sizeof place->name, "%s", name);
    }
}

/* --- quota --- */

static void fall_behind(struct board *board, size_t place, uint64_t to)
{
    for (size_t i = 0; i < board->behind_count; i++) {
        if (board->behind[i] != place)
            continue;
        board->behind_to[i] = to > board->behind_to[i] ? to : board->behind_to[i];
        return;
    }
    if (board->behind_count == COUNT_OF(board->behind)) {
        board->has_many_behind = true;
        return;
    }
    board->behind[board->behind_count] = place;
    board->behind_to[board->behind_count++] = to;
}

bool board_take(struct board *board, const struct board_wish *wish, int64_t *left)
{
    struct place *place = &board->places[wish->place];
    uint64_t before = atomic_load_explicit(&place->used, memory_order_relaxed);
    uint64_t after;
    int64_t used;

    do {
        int32_t day = wish->day > day_of(before) ? wish->day : day_of(before);

        used = day == day_of(before) ? (int64_t)(before & COUNT_MASK) : 0;
        if (wish->quota > 0 && used + wish->count > wish->quota) {
            if (left)
                *left = wish->quota > used ? wish->quota - used : 0;
            return false;
        }
        used += wish->count;
        after = (uint64_t)day << COUNT_BITS | (uint64_t)used;
    } while (!atomic_compare_exchange_weak_explicit(&place->used, &before, after, memory_order_relaxed,
                                                    memory_order_relaxed));
    if (left)
        *left = wish->quota - used;
    if (wish->quota > 0 && after > atomic_load_explicit(&place->synced, memory_order_acquire))
        fall_behind(board, wish->place, after + (uint64_t)(wish->quota / BLOCKS_A_QUOTA));
    return true;
}

int64_t board_used(const struct board *board, size_t place, int32_t day)
{
    uint64_t word = atomic_load_explicit(&board->places[place].used, memory_order_relaxed);

    return day_of(word) >= day ? (int64_t)(word & COUNT_MASK) : 0;
}

/* What is raised is synced before it is called so: another process may rest on it at once. */
static bool sync_place(const struct board *board, size_t i, uint64_t to, struct error *err)
{
    struct place *place = &board->places[i];
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)place & ~(page - 1);

    raise_to(&place->ahead, to);
    if (board->fd >= 0 &&
        msync((char *)place - ((uintptr_t)place - begin), (uintptr_t)(place + 1) - begin, MS_SYNC) != 0)
        return fail(err, ERR_IO, "a client's quota cannot be kept: %s", strerrordesc_np(errno));
    raise_to(&place->synced, to);
    return true;
}

/* Rare: more clients at once than the list holds. */
static bool sync_many(struct board *board, struct error *err)
{
    for (size_t i = 0; i < BOARD_PLACES; i++)
        raise_to(&board->places[i].ahead, board->places[i].used);
    board->has_many_behind = false;
    return sync_all(board, err);
}

bool board_flush(struct board *board, struct error *err)
{
    if (board->behind_count == 0)
        return true;
    for (size_t i = 0; i < board->behind_count; i++) {
        if (!sync_place(board, board->behind[i], board->behind_to[i], err))
            return false;
    }
    board->behind_count = 0;
    return !board->has_many_behind || sync_many(board, err);
}

/* --- suspension, last seen, generation --- */

void board_suspend(struct board *board, size_t place, uint64_t sequence, bool is_suspended)
{
    raise_to(&board->places[place].suspension, (sequence + 1) << 1 | (is_suspended ? 1 : 0));
}

bool board_is_suspended(const struct board *board, size_t place)
{
    return atomic_load_explicit(&board->places[place].suspension, memory_order_acquire) & 1;
}

void board_see(struct board *board, size_t place, int64_t now_ms)
{
    _Atomic int64_t *seen_ms = &board->places[place].seen_ms;

    if (now_ms - atomic_load_explicit(seen_ms, memory_order_relaxed) >= 1000)
        atomic_store_explicit(seen_ms, now_ms, memory_order_relaxed);
}

int64_t board_seen_ms(const struct board *board, size_t place)
{
    return atomic_load_explicit(&board->places[place].seen_ms, memory_order_relaxed);
}

uint64_t board_generation(const struct board *board)
{
    return atomic_load(&board->head->generation);
}

void board_renew(struct board *board)
{
    atomic_fetch_add(&board->head->generation, 1);
}
