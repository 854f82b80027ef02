/* worker.h - the worker of finder.h: builds, says that it is ready, answers. Only for this room. */
#ifndef GATEWAY_FINDER_WORKER_H
#define GATEWAY_FINDER_WORKER_H

#include "gateway/finder/finder.h"

/* Words to the process that watches it. */
enum { WORKER_READY = 'R', WORKER_STALE = 'S' };
/* How it ends, besides 0. */
enum { WORKER_BROKE = 1, WORKER_REFUSED = 77 };

/* Runs in the child until `stop_fd` is readable. `word_fd`: where its words go. Returns the exit status. */
int worker_run(const struct finder_options *options, int stop_fd, int word_fd);

#endif
