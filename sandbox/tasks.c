#include "sandbox/tasks.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct tasks {
    void *tree;
    size_t count;
};

static int compare_ids(const void *a, const void *b)
{
    const struct task *left = a;
    const struct task *right = b;

    return strcmp(left->id, right->id);
}

static void free_task(void *item)
{
    struct task *task = item;

    free(task->outcomes);
    free(task);
}

struct tasks *tasks_new(void)
{
    return memory_new(sizeof(struct tasks));
}

void tasks_free(struct tasks *tasks)
{
    if (!tasks)
        return;
    tdestroy(tasks->tree, free_task);
    free(tasks);
}

bool task_id_is_valid(struct span id)
{
    if (id.bytes != TASK_ID_BYTES - 1)
        return false;
    for (size_t i = 0; i < id.bytes; i++)
        if (!(id.at[i] >= '0' && id.at[i] <= '9') && !(id.at[i] >= 'a' && id.at[i] <= 'f'))
            return false;
    return true;
}

struct task *tasks_find(struct tasks *tasks, const char *id)
{
    struct task key = {.polls_left = 0};
    void *node;

    if (strlen(id) >= TASK_ID_BYTES)
        return NULL;
    memcpy(key.id, id, strlen(id));
    node = tfind(&key, &tasks->tree, compare_ids);
    return node ? *(struct task **)node : NULL;
}

struct task *tasks_add(struct tasks *tasks, const char *id)
{
    struct task *task = memory_new(sizeof(*task));

    memcpy(task->id, id, strnlen(id, TASK_ID_BYTES - 1));
    if (!tsearch(task, &tasks->tree, compare_ids))
        abort();
    tasks->count++;
    return task;
}

size_t tasks_count(const struct tasks *tasks)
{
    return tasks->count;
}

bool task_poll(struct task *task, int64_t now_ms)
{
    if (task->polls_left > 0) {
        task->polls_left--;
        return false;
    }
    return now_ms >= task->ready_ms;
}
