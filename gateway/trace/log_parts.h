/* log_parts.h - the log between log.c (reading) and integrate.c (writing); nobody else includes it. */
#ifndef GATEWAY_TRACE_LOG_PARTS_H
#define GATEWAY_TRACE_LOG_PARTS_H

#include "gateway/trace/state.h"

struct trace_log {
    char *folder; /* of the trace */
    char *path;   /* <folder>/log */
    struct chunks *chunks;
    struct tile_files tiles;
    struct buf bundle; /* the last one read: entries are often read one after another */
    struct bundle_place bundle_from;
    uint64_t bundle_first;    /* its first entry */
    uint64_t bundle_count;    /* how many of it; 0: none was read */
    struct trace_state state; /* as it is on disk; while integrating, as it will be */
    /* Of the one that integrates: */
    int lock_fd;                /* -1: does not */
    struct tile_writer *writer; /* NULL: not begun, or to be begun anew after a failure */
    struct bundles bundles;
    size_t batch; /* entries since the last commit */
};

/* Forget what is not on disk and read the state again. */
MUST_CHECK bool trace_log_reload(struct trace_log *log, struct error *err);

#endif
