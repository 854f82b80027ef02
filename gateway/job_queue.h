/* job_queue.h - the jobs that wait for a process. What counts is on disk (gateway/jobs): this is only the parent's list
 * of ids, so it may forget; then the folder is read again. */
#ifndef GATEWAY_JOB_QUEUE_H
#define GATEWAY_JOB_QUEUE_H

#include "gateway/config/config.h"
#include "gateway/jobs/jobs.h"

enum { JOB_QUEUE_MAX = 256, JOB_QUEUE_RESCAN_MS = 30000 };

struct job_queue {
    char ids[JOB_QUEUE_MAX][JOB_ID_BYTES];
    size_t count;
    bool may_lack; /* the folder may hold more than the list */
    int64_t read_ms;
};

/* Everything on disk is unknown yet. */
void job_queue_init(struct job_queue *queue);
/* An order. Twice is once. When the list is full the id is found again later. */
void job_queue_add(struct job_queue *queue, const char *id);
/* The oldest, or false. */
bool job_queue_take(struct job_queue *queue, char id[JOB_ID_BYTES]);
/* Should the folder be read? When the list is empty and may lack some, and now and then in case an order was lost. */
bool job_queue_wants_reading(const struct job_queue *queue, int64_t now_ms);
/* `ids`: what the folder holds without a result, oldest first, at most JOB_QUEUE_MAX. Jobs that run are among them. */
void job_queue_fill(struct job_queue *queue, const char (*ids)[JOB_ID_BYTES], size_t count, int64_t now_ms);

#endif
