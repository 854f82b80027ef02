#include "gateway/http/deadlines.h"

void deadlines_init(struct deadlines *deadlines, const int64_t lengths_ms[DEADLINE_KINDS])
{
    for (int kind = 0; kind < DEADLINE_KINDS; kind++) {
        deadlines->lists[kind].next = deadlines->lists[kind].previous = &deadlines->lists[kind];
        deadlines->lengths_ms[kind] = lengths_ms[kind];
    }
}

void deadlines_stop(struct deadline *deadline)
{
    if (deadline->kind == DEADLINE_NONE)
        return;
    deadline->previous->next = deadline->next;
    deadline->next->previous = deadline->previous;
    deadline->previous = deadline->next = NULL;
    deadline->kind = DEADLINE_NONE;
}

void deadlines_start(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind, int64_t now_ms)
{
    struct deadline *list = &deadlines->lists[kind];

    deadlines_stop(deadline);
    if (kind == DEADLINE_NONE)
        return;
    deadline->kind = kind;
    deadline->due_ms = now_ms + deadlines->lengths_ms[kind];
    deadline->previous = list->previous;
    deadline->next = list;
    list->previous->next = deadline;
    list->previous = deadline;
}

void deadlines_keep(struct deadlines *deadlines, struct deadline *deadline, enum deadline_kind kind, int64_t now_ms)
{
    if (deadline->kind != kind)
        deadlines_start(deadlines, deadline, kind, now_ms);
}

struct deadline *deadlines_first(struct deadlines *deadlines, enum deadline_kind kind)
{
    struct deadline *first = deadlines->lists[kind].next;

    return first == &deadlines->lists[kind] ? NULL : first;
}

struct deadline *deadlines_over(struct deadlines *deadlines, int64_t now_ms)
{
    for (int kind = DEADLINE_NONE + 1; kind < DEADLINE_KINDS; kind++) {
        struct deadline *first = deadlines_first(deadlines, (enum deadline_kind)kind);

        if (first && first->due_ms <= now_ms)
            return first;
    }
    return NULL;
}

int64_t deadlines_next_ms(const struct deadlines *deadlines)
{
    int64_t next_ms = INT64_MAX;

    for (int kind = DEADLINE_NONE + 1; kind < DEADLINE_KINDS; kind++) {
        const struct deadline *first = deadlines->lists[kind].next;

        if (first != &deadlines->lists[kind] && first->due_ms < next_ms)
            next_ms = first->due_ms;
    }
    return next_ms;
}
