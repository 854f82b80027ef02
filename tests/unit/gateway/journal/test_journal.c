#include "gateway/journal/journal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "gateway/journal/merkle.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static struct store *store;
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    cr_assert(store_open(folder, &(struct store_options){.creates = true, .is_scratch = true}, &store, &err), "%s",
              err.text);
}

static void teardown(void)
{
    store_close(store);
    test_folder_remove(folder);
}

TestSuite(journal, .init = setup, .fini = teardown);

struct batch {
    uint64_t from, count;
    uint64_t last; /* sequence of the last */
};

static void event_text(uint64_t sequence, char text[64])
{
    snprintf(text, 64, "event %llu of this test", (unsigned long long)sequence);
}

static bool append(struct store_txn *txn, void *context, struct error *error)
{
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;
    struct batch *batch = context;
    char text[64];

    if (!journal_writer_new(txn, &writer, error))
        return false;
    for (uint64_t i = 0; i < batch->count; i++) {
        event_text(batch->from + i, text);
        journal_append(writer, (struct span){text, strlen(text)}, &batch->last);
    }
    return journal_writer_finish(writer, error);
}

static void append_events(uint64_t from, uint64_t count)
{
    struct batch batch = {from, count, 0};

    cr_assert(store_write(store, append, &batch, &err), "%s", err.text);
    cr_assert(count == 0 || batch.last == from + count - 1);
}

static struct store_txn *begin(void)
{
    struct store_txn *txn = NULL;

    cr_assert(store_begin(store, STORE_READ, &txn, &err), "%s", err.text);
    return txn;
}

static bool append_bad(struct store_txn *txn, void *context, struct error *error)
{
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;
    uint64_t sequence = 77;

    if (!journal_writer_new(txn, &writer, error))
        return false;
    journal_append(writer, SPAN("good"), NULL);
    journal_append(writer, *(struct span *)context, &sequence);
    cr_assert_eq(sequence, 77);
    return journal_writer_finish(writer, error);
}

Test(journal, an_empty_or_too_long_event_fails_the_whole_append)
{
    static char text[STORE_VALUE_MAX + 1];
    struct span too_long = {text, sizeof text}, empty = SPAN("");
    struct store_txn *txn;

    cr_assert_not(store_write(store, append_bad, &empty, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    cr_assert_not(store_write(store, append_bad, &too_long, &err));
    cr_assert_eq(err.code, ERR_LIMIT);
    txn = begin();
    cr_assert_eq(journal_size(txn), 0);
    store_abort(txn);
}

static bool append_late(struct store_txn *txn, void *context, struct error *error)
{
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;

    (void)context;
    if (!journal_writer_new(txn, &writer, error) || !journal_writer_finish(writer, error))
        return false;
    journal_append(writer, SPAN("late"), NULL);
    return journal_writer_finish(writer, error);
}

Test(journal, nothing_may_be_appended_after_the_end)
{
    cr_assert_not(store_write(store, append_late, NULL, &err));
}

static bool lose_tile(struct store_txn *txn, void *context, struct error *error)
{
    store_delete(txn, STORE_TILES, (struct span){context, 9});
    return store_txn_is_good(txn, error);
}

Test(journal, a_missing_tile_is_noticed_before_anything_is_added)
{
    struct batch batch = {5, 1, 0};
    uint8_t root[32];
    struct store_txn *txn;

    append_events(0, 5);
    cr_assert(store_write(store, lose_tile, (uint8_t[9]){0}, &err));
    cr_assert_not(store_write(store, append, &batch, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    txn = begin();
    cr_assert_not(journal_root(txn, 5, root, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    store_abort(txn);
}

Test(journal, what_is_not_there_is_not_read_or_proved)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct span event;
    uint8_t root[32];
    struct store_txn *txn;

    append_events(0, 3);
    txn = begin();
    cr_assert_not(journal_read(txn, 3, &event));
    cr_assert_not(journal_root(txn, 4, root, &err));
    cr_assert_eq(err.code, ERR_NOT_FOUND);
    cr_assert_not(journal_inclusion(txn, 0, 4, &path, &err));
    cr_assert_not(journal_inclusion(txn, 2, 2, &path, &err));
    cr_assert_eq(err.code, ERR_INVALID);
    cr_assert_not(journal_consistency(txn, 3, 2, &path, &err));
    cr_assert_not(journal_consistency(txn, 0, 2, &path, &err));
    cr_assert_not(journal_consistency(txn, 2, 4, &path, &err));
    cr_assert_eq(path.bytes, 0);
    store_abort(txn);
}

Test(journal, the_empty_journal_has_the_empty_root)
{
    uint8_t root[32], empty[32];
    struct store_txn *txn = begin();

    merkle_empty(empty);
    cr_assert_eq(journal_size(txn), 0);
    cr_assert(journal_root(txn, 0, root, &err));
    cr_assert_arr_eq(root, empty, 32);
    store_abort(txn);
}

Test(journal, events_come_back_by_sequence)
{
    char text[64];
    struct span event;
    struct store_txn *txn;

    append_events(0, 2);
    append_events(2, 0);
    append_events(2, 600);
    txn = begin();
    cr_assert_eq(journal_size(txn), 602);
    for (uint64_t i = 0; i < 602; i++) {
        event_text(i, text);
        cr_assert(journal_read(txn, i, &event));
        cr_assert(event.bytes == strlen(text) && memcmp(event.at, text, event.bytes) == 0);
    }
    store_abort(txn);
}

static void digests(uint8_t tiles[32], uint8_t root[32], uint64_t size)
{
    struct store_txn *txn = begin();

    cr_assert_eq(journal_size(txn), size);
    cr_assert(store_digest(txn, STORE_TILES, tiles, &err));
    cr_assert(journal_root(txn, size, root, &err), "%s", err.text);
    store_abort(txn);
}

Test(journal, the_tiles_do_not_depend_on_how_events_were_grouped, .timeout = 60)
{
    enum { SIZE = 66000 };
    uint8_t tiles[2][32], root[2][32];
    uint64_t at = 0;

    append_events(0, SIZE);
    digests(tiles[0], root[0], SIZE);
    teardown();
    setup();
    for (uint64_t step = 1; at < SIZE; step = step * 7 % 1009 + 1) {
        uint64_t count = step < SIZE - at ? step : SIZE - at;

        append_events(at, count);
        at += count;
    }
    digests(tiles[1], root[1], SIZE);
    cr_assert_arr_eq(tiles[0], tiles[1], 32);
    cr_assert_arr_eq(root[0], root[1], 32);
}

static void leaf_of(struct store_txn *txn, uint64_t sequence, uint8_t leaf[32])
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    struct span event;

    cr_assert(journal_read(txn, sequence, &event));
    merkle_leaf(hasher, event, leaf);
}

Test(journal, events_beyond_two_levels_of_tiles_are_proved, .timeout = 60)
{
    static const uint64_t PLACES[] = {0, 255, 256, 65535, 65536, 65999};
    uint8_t root[32], old_root[32], leaf[32];
    struct store_txn *txn;

    append_events(0, 66000);
    txn = begin();
    cr_assert(journal_root(txn, 66000, root, &err));
    for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
        AUTO(buf_done) struct buf path = BUF_INIT;
        AUTO(buf_done) struct buf way = BUF_INIT;

        leaf_of(txn, PLACES[i], leaf);
        cr_assert(journal_inclusion(txn, PLACES[i], 66000, &path, &err), "%s", err.text);
        cr_assert(merkle_inclusion_verify(
                      &(struct merkle_inclusion){PLACES[i], 0, 66000, {(char *)leaf, 32}, {path.data, path.bytes}},
                      (struct span){(char *)root, 32}, &err),
                  "%s", err.text);
        cr_assert(journal_root(txn, PLACES[i] + 1, old_root, &err));
        cr_assert(journal_consistency(txn, PLACES[i] + 1, 66000, &way, &err));
        cr_assert(merkle_consistency_verify(&(struct merkle_consistency){.end = PLACES[i] + 1,
                                                                         .size = 66000,
                                                                         .old_root = {(char *)old_root, 32},
                                                                         .root = {(char *)root, 32},
                                                                         .path = buf_span(&way)},
                                            &err),
                  "%s", err.text);
    }
    store_abort(txn);
}
