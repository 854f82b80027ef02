/* The memory that nghttp2 gets. */
#include <criterion/criterion.h>

#include "gateway/http/http2_memory.h"

static struct http2_memory *memory;
static nghttp2_mem *calls;

static void setup(void)
{
    memory = http2_memory_new();
    calls = http2_memory_of(memory);
}

static void teardown(void)
{
    http2_memory_free(memory);
}

TestSuite(http2_memory, .init = setup, .fini = teardown);

static void *take(size_t bytes)
{
    return calls->malloc(bytes, calls->mem_user_data);
}

static void give(void *at)
{
    calls->free(at, calls->mem_user_data);
}

Test(http2_memory, more_than_there_can_be_is_refused)
{
    cr_expect_null(calls->calloc(SIZE_MAX / 2, 3, calls->mem_user_data));
    cr_expect_null(take(SIZE_MAX - 8));
}

Test(http2_memory, no_more_than_the_bound_is_kept)
{
    enum { COUNT = 2 * HTTP2_MEMORY_KEPT / HTTP2_MEMORY_SMALL };
    static void *blocks[COUNT];

    for (size_t i = 0; i < COUNT; i++)
        blocks[i] = take(HTTP2_MEMORY_SMALL);
    for (size_t i = 0; i < COUNT; i++)
        give(blocks[i]);
    cr_expect_eq(http2_memory_kept(memory), (size_t)HTTP2_MEMORY_KEPT);
}

Test(http2_memory, what_is_large_is_not_kept)
{
    give(take(HTTP2_MEMORY_SMALL + 1));
    give(take(16384));
    give(NULL);
    cr_expect_eq(http2_memory_kept(memory), 0u);
}

Test(http2_memory, a_block_that_came_back_serves_the_next_of_its_size)
{
    void *first = take(100);
    void *other;

    give(first);
    cr_expect_gt(http2_memory_kept(memory), 0u);
    other = take(300);
    cr_expect_neq(other, first);
    cr_expect_eq(take(97), first);
    cr_expect_eq(http2_memory_kept(memory), 0u);
    give(first);
    give(other);
}

Test(http2_memory, every_size_holds_what_it_is_asked_for_and_is_aligned)
{
    for (size_t bytes = 0; bytes < 1100; bytes++) {
        char *at = take(bytes);

        cr_assert(at && (uintptr_t)at % 16 == 0);
        memset(at, 'x', bytes); /* the sanitizer minds a byte too many */
        give(at);
    }
}

Test(http2_memory, zeroed_memory_is_zero_also_when_it_was_used_before)
{
    char *at = take(200);

    memset(at, 'x', 200);
    give(at);
    at = calls->calloc(10, 20, calls->mem_user_data);
    for (size_t i = 0; i < 200; i++)
        cr_assert_eq(at[i], 0);
    give(at);
}

Test(http2_memory, a_block_that_grows_keeps_its_bytes)
{
    char *at = calls->realloc(NULL, 10, calls->mem_user_data);

    memcpy(at, "123456789", 10);
    for (size_t bytes = 20; bytes < 5000; bytes *= 3) {
        at = calls->realloc(at, bytes, calls->mem_user_data);
        cr_assert_str_eq(at, "123456789");
    }
    at = calls->realloc(at, 10, calls->mem_user_data);
    cr_expect_str_eq(at, "123456789");
    give(at);
}
