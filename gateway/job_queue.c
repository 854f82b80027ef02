#include "gateway/job_queue.h"

#include <stdio.h>
#include <string.h>

void job_queue_init(struct job_queue *queue)
{
    memset(queue, 0, sizeof *queue);
    queue->may_lack = true;
}

static bool has(const struct job_queue *queue, const char *id)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (strcmp(queue->ids[i], id) == 0)
            return true;
    }
    return false;
}

void job_queue_add(struct job_queue *queue, const char *id)
{
    if (has(queue, id))
        return;
    if (queue->count == JOB_QUEUE_MAX) {
        queue->may_lack = true;
        return;
    }
    snprintf(queue->ids[queue->count++], JOB_ID_BYTES, "%s", id);
}

bool job_queue_take(struct job_queue *queue, char id[JOB_ID_BYTES])
{
    if (queue->count == 0)
        return false;
    memcpy(id, queue->ids[0], JOB_ID_BYTES);
    queue->count--;
    memmove(queue->ids[0], queue->ids[1], queue->count * JOB_ID_BYTES);
    return true;
}

bool job_queue_wants_reading(const struct job_queue *queue, int64_t now_ms)
{
    return queue->count == 0 && (queue->may_lack || now_ms - queue->read_ms >= JOB_QUEUE_RESCAN_MS);
}

void job_queue_fill(struct job_queue *queue, const char (*ids)[JOB_ID_BYTES], size_t count, int64_t now_ms)
{
    queue->may_lack = count == JOB_QUEUE_MAX;
    queue->read_ms = now_ms;
    for (size_t i = 0; i < count; i++)
        job_queue_add(queue, ids[i]);
}
