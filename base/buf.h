/* buf.h - bytes that grow.
 *
 * `AUTO(buf_done) struct buf out = BUF_INIT;` The data is always followed by a NUL that is not counted, so data is a C
 * string when it holds no NUL of its own. Adding never fails: a process without memory stops at once (its parent starts
 * it again; whatever was not committed was never promised). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <string.h>

#include "base/base.h"

struct buf {
    char *data; /* never NULL once something was added */
    size_t bytes;
    size_t capacity;
};
#define BUF_INIT ((struct buf){NULL, 0, 0})

void buf_done(struct buf *buf);      /* free the bytes; the buf is empty again */
void buf_wipe_done(struct buf *buf); /* the same for secrets: overwrite first */
void buf_clear(struct buf *buf);     /* forget the content, keep the memory */
void buf_reserve(struct buf *buf, size_t more);
/* Answers are made of hundreds of small pieces: what fits is added without a call. */
static inline void buf_add(struct buf *buf, const void *data, size_t bytes)
{
    if (!data)
        bytes = 0; /* what is not there has none */
    if (bytes >= buf->capacity - buf->bytes)
        buf_reserve(buf, bytes);
    if (bytes)
        memcpy(buf->data + buf->bytes, data, bytes);
    buf->bytes += bytes;
    buf->data[buf->bytes] = '\0';
}
static inline void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}
static inline void buf_add_span(struct buf *buf, struct span span)
{
    buf_add(buf, span.at, span.bytes);
}
static inline void buf_add_byte(struct buf *buf, char byte)
{
    buf_add(buf, &byte, 1);
}
void buf_addf(struct buf *buf, const char *format, ...) PRINTF(2, 3);
/* "" instead of NULL. Borrowed: valid until the next change. */
const char *buf_text(const struct buf *buf);
struct span buf_span(const struct buf *buf);

/* malloc, calloc, strdup that stop the process instead of returning NULL. */
void *memory_new(size_t bytes); /* zeroed */
void *memory_resize(void *old, size_t bytes);
char *memory_copy_text(const char *text);
char *memory_copy_span(struct span span); /* NUL-terminated copy */

void text_free(char *text); /* free() with a name that AUTO can use */

DEFINE_AUTO_IN_PLACE(struct buf, buf_done)
DEFINE_AUTO_IN_PLACE(struct buf, buf_wipe_done)
DEFINE_AUTO(char *, text_free)

#endif
