/* An administrator shuts a client out and lets it in again. That the journal gives the table byte for byte is proved at
 * the end of each test (desk_close). */
#include "desk.h"

#include "gateway/access/suspension.h"
#include "gateway/command/command_client.h"
#include "gateway/journal/journal.h"

TestSuite(client, .init = desk_open, .fini = desk_close);

static bool is_suspended(const char *client)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct suspension suspension = {.is_suspended = false};

    (void)suspension_find(txn, span_of(client), &suspension);
    cr_assert(store_txn_is_good(txn, &T.err), "%s", T.err.text);
    return suspension.is_suspended;
}

Test(client, without_a_reason_nothing_happens)
{
    cr_assert_not(command_client_suspend(&T.desk, "bank", "  ", &T.err));
    cr_assert_str_eq(T.err.rule, "client.reason");
    cr_assert_not(is_suspended("bank"));
}

Test(client, who_is_in_is_not_let_in_and_who_is_out_is_not_shut_out_again)
{
    cr_assert_not(command_client_resume(&T.desk, "bank", "x", &T.err));
    cr_assert_str_eq(T.err.rule, "client.not-suspended");
    cr_assert(command_client_suspend(&T.desk, "bank", "证书泄露 \"x\"", &T.err), "%s", T.err.text);
    cr_assert_not(command_client_suspend(&T.desk, "bank", "x", &T.err));
    cr_assert_str_eq(T.err.rule, "client.suspended-already");
    cr_assert(is_suspended("bank"));
    cr_assert_not(is_suspended("ban"));
    cr_assert(command_client_resume(&T.desk, "bank", "x", &T.err), "%s", T.err.text);
    cr_assert_not(is_suspended("bank"));
}

/* Its process was killed behind the commit. */
Test(client, the_same_order_again_is_done_and_nothing_more)
{
    uint64_t size;

    T.desk.job = "20260803-1";
    cr_assert(command_client_suspend(&T.desk, "bank", "x", &T.err), "%s", T.err.text);
    {
        AUTO(store_abort) struct store_txn *txn = reader();

        size = journal_size(txn);
    }
    cr_assert(command_client_suspend(&T.desk, "bank", "x", &T.err), "%s", T.err.text);
    {
        AUTO(store_abort) struct store_txn *txn = reader();

        cr_assert_eq(journal_size(txn), size);
    }
    T.desk.job = NULL;
}

Test(client, the_board_hears_of_it)
{
    AUTO(board_close) struct board *board = NULL;
    struct config_client list[2] = {{.name = (char *)(uintptr_t) "bank"}, {.name = (char *)(uintptr_t) "land"}};
    struct config config = {.clients = list, .client_count = 2};

    cr_assert(board_open(NULL, &board, &T.err), "%s", T.err.text);
    board_seat(board, &config);
    cr_assert(
        command_client_suspend(&T.desk, "bank", "x", &T.err) && command_client_suspend(&T.desk, "land", "x", &T.err) &&
            command_client_suspend(&T.desk, "gone", "x", &T.err) && command_client_resume(&T.desk, "land", "x", &T.err),
        "%s", T.err.text);
    {
        AUTO(store_abort) struct store_txn *txn = reader();

        cr_assert(suspension_tell(txn, board, &T.err), "%s", T.err.text);
    }
    cr_assert(board_is_suspended(board, board_place_of(board, "bank")));
    cr_assert_not(board_is_suspended(board, board_place_of(board, "land")));
    cr_assert_not(board_is_suspended(board, BOARD_STRANGERS), "a name without a place is not that of strangers");
}
