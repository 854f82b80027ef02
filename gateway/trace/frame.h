/* frame.h - the form of a segment: its name, and frames one after another. Only this room needs it.
 *
 * Frame, little-endian: u32 bytes of the entry, u32 CRC-32 over the segment's id and all that follows the CRC, u32
 * number, u32 promised, the entry. `number` counts from 0; every entry below `promised` was durable when this one was
 * written, so whoever finds a later frame intact knows which of the damaged ones had been promised. Behind the last
 * frame there may be zeros, or frames of the one segment whose file this was before (spare.h); neither is a frame of
 * this one. No frame begins inside an entry: two bytes of a head's length are zeros, and no JSON text has any. */
#ifndef GATEWAY_TRACE_FRAME_H
#define GATEWAY_TRACE_FRAME_H

#include "base/buf.h"
#include "gateway/trace/trace.h"

/* 8 hex digits: seconds since the epoch; 16 of chance. */
enum { SEGMENT_ID_LENGTH = 24, SEGMENT_ID_BYTES = 25, FRAME_HEAD_BYTES = 16 };
enum { FRAME_BYTES_MAX = FRAME_HEAD_BYTES + TRACE_ENTRY_BYTES_MAX };

void segment_id_new(char id[SEGMENT_ID_BYTES]);
/* From which the CRC of its frames goes on. Different ones lead to different ones: no frame of a segment, as it stands,
 * is one of another, unless both ids have the same. */
uint32_t segment_id_crc(const char id[SEGMENT_ID_BYTES]);
bool segment_id_is_valid(struct span text);
/* "<folder>/segments", "<folder>/segments/<id><suffix>"; new texts. */
char *segments_path(const char *folder);
char *segment_path(const char *folder, const char *id, const char *suffix);
#define SEGMENT_SUFFIX ".seg"
#define SEGMENT_SUFFIX_NEW ".new"
#define SEGMENT_SUFFIX_DAMAGED ".damaged"

/* A receipt is the segment's id, "-", the number in decimal. */
void receipt_format(const char id[SEGMENT_ID_BYTES], uint32_t number, char receipt[TRACE_RECEIPT_BYTES]);
bool receipt_parse(struct span text, char id[SEGMENT_ID_BYTES], uint32_t *number);

struct frame {
    uint32_t number;
    uint32_t promised;
    struct span entry;
};

/* Add room for a frame's head; the entry is written behind it; frame_end fills the head in. `id_crc`: of the segment,
 * here and below. */
void frame_begin(struct buf *out);
void frame_end(struct buf *out, size_t at, uint32_t id_crc, uint32_t number, uint32_t promised);

enum frame_fault { FRAME_GOOD, FRAME_SHORT, FRAME_BAD };
/* The frame at the front of `bytes`. FRAME_SHORT: it may be one whose end is still to come. */
enum frame_fault frame_read(struct span bytes, uint32_t id_crc, struct frame *out);

#endif
