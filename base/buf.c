#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void stop_without_memory(size_t bytes)
{
    fprintf(stderr, "creditgate: no memory for %zu bytes\n", bytes);
    abort();
}

void *memory_new(size_t bytes)
{
    void *memory = calloc(1, bytes ? bytes : 1);

    if (!memory)
        stop_without_memory(bytes);
    return memory;
}

void *memory_resize(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes ? bytes : 1);

    if (!memory)
        stop_without_memory(bytes);
    return memory;
}

char *memory_copy_text(const char *text)
{
    return memory_copy_span((struct span){text, strlen(text)});
}

char *memory_copy_span(struct span span)
{
    char *copy = memory_new(span.bytes + 1);

    if (span.bytes)
        memcpy(copy, span.at, span.bytes);
    return copy;
}

void text_free(char *text)
{
    free(text);
}

void buf_done(struct buf *buf)
{
    free(buf->data);
    *buf = BUF_INIT;
}

void buf_wipe_done(struct buf *buf)
{
    if (buf->data)
        explicit_bzero(buf->data, buf->capacity);
    buf_done(buf);
}

void buf_clear(struct buf *buf)
{
    buf->bytes = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

void buf_reserve(struct buf *buf, size_t more)
{
    size_t need;
    size_t capacity = buf->capacity ? buf->capacity : 64;

    if (__builtin_add_overflow(buf->bytes, more, &need) || __builtin_add_overflow(need, 1, &need) ||
        need > SIZE_MAX / 2)
        stop_without_memory(more);
    if (need <= buf->capacity)
        return;
    while (capacity < need)
        capacity *= 2;
    buf->data = memory_resize(buf->data, capacity);
    buf->capacity = capacity;
    buf->data[buf->bytes] = '\0';
}

void buf_addf(struct buf *buf, const char *format, ...)
{
    va_list args;
    int bytes;

    va_start(args, format);
    bytes = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (bytes < 0)
        return;
    buf_reserve(buf, (size_t)bytes);
    va_start(args, format);
    vsnprintf(buf->data + buf->bytes, (size_t)bytes + 1, format, args);
    va_end(args);
    buf->bytes += (size_t)bytes;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

struct span buf_span(const struct buf *buf)
{
    return (struct span){buf_text(buf), buf->bytes};
}
