/* Events as they stand in the journal, whose hashes any client may read. That a rebuild needs no salts to be the same
 * is asserted after each test (desk.h). */
#include "base/encode.h"
#include "base/walk.h"
#include "gateway/journal/journal.h"
#include "tests/unit/gateway/command/desk.h"

TestSuite(ledger, .init = desk_open, .fini = desk_close, .timeout = 60);

static struct span salt_of(struct store_txn *txn, uint64_t sequence)
{
    struct span bytes;

    cr_assert(journal_read(txn, sequence, &bytes));
    return walk_plain_of(bytes, "salt");
}

/* Else whoever guesses what is in an event could see by its hash that he is right. */
Test(ledger, every_event_has_a_salt_of_its_own)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    uint64_t size;

    (void)listed_sample();
    txn = reader();
    size = journal_size(txn);
    cr_assert_gt(size, 3);
    for (uint64_t i = 0; i < size; i++) {
        AUTO(buf_done) struct buf bytes = BUF_INIT;

        cr_assert(hex_decode(salt_of(txn, i), &bytes));
        cr_assert_eq(bytes.bytes, (size_t)EVENT_SALT_BYTES);
        for (uint64_t before = 0; before < i; before++)
            cr_assert_not(span_equal(salt_of(txn, before), salt_of(txn, i)));
    }
}
