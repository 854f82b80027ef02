/* segment.h - the segments as the keeper finds them. Only this room needs it. */
#ifndef GATEWAY_TRACE_SEGMENT_H
#define GATEWAY_TRACE_SEGMENT_H

#include "gateway/trace/frame.h"

/* Make <folder>/<name>, durably: whatever is synced in it later can be found again. */
MUST_CHECK bool segment_folder_make(const char *folder, const char *name, struct error *err);

struct segment_list {
    char (*ids)[SEGMENT_ID_BYTES]; /* the oldest first */
    size_t count;
};
/* Removes what writers left behind while they made a segment. A folder that is not there has none. */
MUST_CHECK bool segment_list_load(const char *folder, struct segment_list *out, struct error *err);
/* For bsearch in it. */
int segment_id_compare(const void *a, const void *b);
void segment_list_done(struct segment_list *list);

/* Open to read; `*fd` is -1 when it is gone. `*has_writer`: its writer lives; when not, the file is as it will stay. */
MUST_CHECK bool segment_open(const char *folder, const char *id, int *fd, bool *has_writer, struct error *err);
/* Keep it aside for people: it is damaged. Gone already is fine. */
MUST_CHECK bool segment_put_aside(const char *folder, const char *id, struct error *err);

DEFINE_AUTO_IN_PLACE(struct segment_list, segment_list_done)

#endif
