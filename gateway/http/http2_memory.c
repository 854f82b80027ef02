#include "gateway/http/http2_memory.h"

#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { STEP_BYTES = 32, SIZES = HTTP2_MEMORY_SMALL / STEP_BYTES };

/* Stands before what nghttp2 gets. */
struct block {
    size_t bytes;       /* behind this head */
    struct block *next; /* while it waits */
};
_Static_assert(sizeof(struct block) % _Alignof(max_align_t) == 0, "what follows is aligned as malloc's is");

struct http2_memory {
    nghttp2_mem calls;
    struct block *waiting[SIZES]; /* [i]: of (i + 1) * STEP_BYTES */
    size_t kept_bytes;
};

static size_t list_of(size_t bytes)
{
    return bytes ? (bytes - 1) / STEP_BYTES : 0;
}

static void *allocate(size_t bytes, void *context)
{
    struct http2_memory *memory = context;
    bool is_small = bytes <= HTTP2_MEMORY_SMALL;
    struct block *block = is_small ? memory->waiting[list_of(bytes)] : NULL;

    if (block) {
        ASAN_UNPOISON_MEMORY_REGION(block + 1, block->bytes);
        memory->waiting[list_of(bytes)] = block->next;
        memory->kept_bytes -= block->bytes;
        return block + 1;
    }
    if (is_small)
        bytes = (list_of(bytes) + 1) * STEP_BYTES;
    if (bytes > SIZE_MAX - sizeof *block || !(block = malloc(sizeof *block + bytes)))
        return NULL;
    block->bytes = bytes;
    return block + 1;
}

static void give_back(void *at, void *context)
{
    struct http2_memory *memory = context;
    struct block *block = at ? (struct block *)at - 1 : NULL;

    if (!block)
        return;
    if (block->bytes > HTTP2_MEMORY_SMALL || memory->kept_bytes + block->bytes > HTTP2_MEMORY_KEPT) {
        free(block);
        return;
    }
    block->next = memory->waiting[list_of(block->bytes)];
    memory->waiting[list_of(block->bytes)] = block;
    memory->kept_bytes += block->bytes;
    ASAN_POISON_MEMORY_REGION(at, block->bytes);
}

static void *allocate_zeroed(size_t count, size_t each, void *context)
{
    size_t bytes;
    void *at = __builtin_mul_overflow(count, each, &bytes) ? NULL : allocate(bytes, context);

    return at ? memset(at, 0, bytes) : NULL;
}

static void *resize(void *at, size_t bytes, void *context)
{
    size_t had = at ? ((const struct block *)at - 1)->bytes : 0;
    void *moved;

    if (at && bytes <= had)
        return at;
    moved = allocate(bytes, context);
    if (moved && at) {
        memcpy(moved, at, had);
        give_back(at, context);
    }
    return moved;
}

struct http2_memory *http2_memory_new(void)
{
    struct http2_memory *memory = memory_new(sizeof *memory);

    memory->calls = (nghttp2_mem){
        .mem_user_data = memory, .malloc = allocate, .free = give_back, .calloc = allocate_zeroed, .realloc = resize};
    return memory;
}

void http2_memory_free(struct http2_memory *memory)
{
    if (!memory)
        return;
    for (size_t i = 0; i < SIZES; i++) {
        struct block *next;

        for (struct block *block = memory->waiting[i]; block; block = next) {
            next = block->next;
            free(block);
        }
    }
    free(memory);
}

nghttp2_mem *http2_memory_of(struct http2_memory *memory)
{
    return &memory->calls;
}

size_t http2_memory_kept(const struct http2_memory *memory)
{
    return memory->kept_bytes;
}
