/* tasks.h - uploads by task id, batch number or file name: how each was answered, and the outcomes of its rows, now or
 * a little later. */
#ifndef SANDBOX_TASKS_H
#define SANDBOX_TASKS_H

#include "base/buf.h"
#include "sandbox/wire.h"

enum { TASK_ID_BYTES = 33 };

struct task {
    char id[TASK_ID_BYTES];
    char digest[WIRE_HEX_BYTES]; /* SM3 of the content: is a repeat the same upload? */
    uint64_t rows;
    uint64_t taken;
    char *outcomes;     /* JSON array, owned */
    int64_t polls_left; /* outcomes are shown when none is left … */
    int64_t ready_ms;   /* … and it is this late */
    int64_t steps;      /* 信用中国: the receipt comes in so many … */
    int64_t steps_shown;
};

struct tasks;
struct tasks *tasks_new(void);
void tasks_free(struct tasks *tasks);

/* NULL when unknown; borrowed. */
struct task *tasks_find(struct tasks *tasks, const char *id);
/* A new task; `id` must not be there yet. Fill the rest; `outcomes` becomes its own. */
struct task *tasks_add(struct tasks *tasks, const char *id);
size_t tasks_count(const struct tasks *tasks);

/* 32 lower-case hex digits. */
bool task_id_is_valid(struct span id);

/* One more poll: may the outcomes be shown? */
bool task_poll(struct task *task, int64_t now_ms);

DEFINE_AUTO(struct tasks *, tasks_free)

#endif
