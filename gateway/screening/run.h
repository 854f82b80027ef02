/* run.h - a screening while it is worked on: what screening.c and closing.c share. Only this room needs it. */
#ifndef GATEWAY_SCREENING_RUN_H
#define GATEWAY_SCREENING_RUN_H

#include "gateway/lookup/batch.h"
#include "gateway/screening/place.h"
#include "gateway/screening/screening.h"

struct run {
    const struct screening *screening;
    struct store *store; /* whose rows are answered: the register's, or one of the test list */
    char *trace_folder;
    struct domains *domains;
    struct windows *windows;
    const struct domain *domain;
    enum screening_format format;
    uint8_t certificate[32];
    bool has_certificate;
    struct lookup_question question;
    struct lookup_memory memory;
    struct trace_entry entry; /* what all entries have in common */
    struct trace_writer *trace;
    struct lookup_batch *batch;
    struct screening_place *place;
    int input_fd;
    int rows_fd;
    uint64_t of; /* rows in the list */
    uint64_t empty;
    const char *encoding;
    bool wants_mark;
    struct buf head;  /* of the answer: what stands around the results */
    struct buf shown; /* of a row */
    struct buf json;  /* of a row */
    struct buf piece; /* results that are not written yet */
};

/* A text of the order; "" when it is not there. */
const char *run_text(const struct run *run, const char *name);
/* closing.c: the summary, its entry in the trace, its signature. Once, however often it is begun. */
MUST_CHECK bool run_close(struct run *run, struct error *err);

#endif
