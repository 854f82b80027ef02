/* finder.h - the process that finds companies by name, and its side of the api processes.
 *
 * The process is small and watches a worker, which has the index. The worker builds it from the register of names that
 * counts (registry.h) and from every name that the register of obligations ever told, then answers, and follows the
 * journal: an answer rests on all that was committed before the worker took the question up. When another register is
 * registered, or too many names came since, a second worker builds while the first goes on; when it is ready it takes
 * over. Until there is one that is ready, questions are answered with ERR_UNAVAILABLE, never with "nothing".
 *
 * A register file that is missing or is not what was registered (SHA-256) is not used, and nothing is answered without
 * it: an index that lacks the companies that are not listed takes their relatives for them.
 *
 *   candidates  [{"masked":["name","uscc"]?,"name","reasons":[{"asked","en","part","reason","registered","zh"}…],
 *                "score","strength","uscc"}…]
 *   shown       [[code, score in thousandths]…]
 *   index       {"edition":day|null,"names","register":SHA-256|null,"sequence"}: what it rests on */
#ifndef GATEWAY_FINDER_FINDER_H
#define GATEWAY_FINDER_FINDER_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/config/config.h"
#include "gateway/names/names.h"

struct finder_options {
    const struct config *config;
    const int *fds; /* where questions come from, one each api process; borrowed */
    size_t fd_count;
};
enum { FINDER_FDS_MAX = 80 };

/* Until `stop_fd` is readable. ERR_REFUSED "guard.…": the store was copied or rolled back. */
MUST_CHECK bool finder_run(const struct finder_options *options, int stop_fd, struct error *err);

/* --- asking: nothing here waits --- */

enum {
    FINDER_TEXTS_MAX = 4096,                     /* under way, of all questions */
    FINDER_ANSWERS_BYTES_MAX = 24 * 1024 * 1024, /* kept until they are taken */
    FINDER_KEPT_MS = 25 * 1000                   /* a question that nobody comes back for */
};

struct finder_client;
/* `fd` -1: there is nobody to ask. */
struct finder_client *finder_client_new(int fd);
void finder_client_free(struct finder_client *client);

/* Begin a question of one or more texts; `*key` names it, never 0. ERR_UNAVAILABLE when too much is under way. `now_ms`
 * monotonic. */
MUST_CHECK bool finder_begin(struct finder_client *client, size_t texts, int64_t now_ms, uint64_t *key,
                             struct error *err);
/* What is wanted of the candidates. */
struct finder_wish {
    size_t most;         /* so many of them */
    bool shows_personal; /* else names and codes of individual businesses are masked (schemas/personal.h) */
};
/* Its texts, in order: each at most NAME_BYTES_MAX bytes of UTF-8; copied. */
void finder_add(struct finder_client *client, uint64_t key, struct span text, struct finder_wish wish);
/* Read what came and send what waits. False: nothing will ever come. */
bool finder_pump(struct finder_client *client);
/* Everything asked is answered (or the question is not known any more). */
bool finder_is_due(const struct finder_client *client, uint64_t key);

struct finder_answer {
    struct span candidates;
    struct span shown;
    struct span index;
    uint64_t sequence;
};
/* The answer to the text of that number; borrowed until finder_end. ERR_UNAVAILABLE: the index is being built, or
 * nobody answered (yet). */
MUST_CHECK bool finder_take(const struct finder_client *client, uint64_t key, size_t number, struct finder_answer *out,
                            struct error *err);
/* Refuse what cannot be a name: ERR_INVALID "names.text". Always false. */
bool finder_refuse_text(struct error *err);
/* Is this question (still) known? */
bool finder_has(const struct finder_client *client, uint64_t key);
void finder_end(struct finder_client *client, uint64_t key);

DEFINE_AUTO(struct finder_client *, finder_client_free)

#endif
