/* spare.h - files of segments that are in the log, kept to be written over: where a file's blocks are there already, a
 * sync waits for these blocks only, and nothing need be filled with zeros. Only this room needs it.
 *
 *   <folder>/spare/<segment>   at most SPARE_MAX; from its first byte to its last, frames of that one segment
 *
 * A backup has none of them. Whatever is wrong with one, it is removed and a new file made. */
#ifndef GATEWAY_TRACE_SPARE_H
#define GATEWAY_TRACE_SPARE_H

#include "gateway/trace/frame.h"

enum { SPARE_MAX = 4 };

/* The keeper's: the segment `id`, all of which (`bytes`) is in the log on disk, is put aside as spare when it is long
 * and ends with its last frame, there is room, and its file has no other name; else it is removed. Gone already is
 * fine. The caller syncs the segments' folder: until then both may be there after a crash. */
MUST_CHECK bool spare_keep(const char *folder, const char *id, uint64_t bytes, struct error *err);

/* A writer's: give a spare file to the segment `id`, locked and under its name, durably. `*fd` gets -1 when there is
 * none that will do. `*bytes`: how long it is. */
MUST_CHECK bool spare_take(const char *folder, const char *id, int *fd, uint64_t *bytes, struct error *err);

#endif
