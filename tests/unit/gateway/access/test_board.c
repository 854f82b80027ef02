#include "gateway/access/board.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "tests/support/support.h"

enum { TODAY = 20700, HEAD_BOOT_AT = 24 };

static char folder[TEST_PATH_BYTES];
static char path[TEST_PATH_BYTES + 16];
static struct error err;

static struct config_client list[3];
static struct config config = {.clients = list, .client_count = 3};

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/board", folder);
    list[0].name = (char *)(uintptr_t) "bank";
    list[1].name = (char *)(uintptr_t) "land";
    list[2].name = (char *)(uintptr_t) "tax";
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(board, .init = setup, .fini = teardown);

static struct board *opened(const char *file)
{
    struct board *board;

    cr_assert(board_open(file, &board, &err), "%s", err.text);
    board_seat(board, &config);
    return board;
}

static int64_t take_all(struct board *board, const char *name, int32_t day, int64_t quota, int64_t count)
{
    struct board_wish wish = {board_place_of(board, name), day, quota, count};
    int64_t taken = 0;

    while (board_take(board, &wish, NULL))
        taken += count;
    return taken;
}

Test(board, what_is_no_board_is_refused)
{
    struct board *board;

    cr_assert(file_write(path, SPAN("something else"), 0600, &err), "%s", err.text);
    cr_assert_not(board_open(path, &board, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
}

Test(board, a_day_holds_its_quota_and_no_more_all_or_none)
{
    AUTO(board_close) struct board *board = opened(NULL);
    struct board_wish wish = {board_place_of(board, "bank"), TODAY, 10, 7};
    int64_t left = -1;

    cr_assert(board_take(board, &wish, &left));
    cr_assert_eq(left, 3);
    cr_assert_not(board_take(board, &wish, &left));
    cr_assert_eq(left, 3);
    cr_assert_eq(take_all(board, "bank", TODAY, 10, 1), 3);
    cr_assert_eq(take_all(board, "bank", TODAY + 1, 10, 1), 10, "a new day");
    cr_assert_eq(take_all(board, "bank", TODAY, 10, 1), 0, "a clock that was set back");
    cr_assert_eq(take_all(board, "land", TODAY, 10, 1), 10, "another client's is its own");
}

Test(board, without_a_quota_it_is_only_counted)
{
    AUTO(board_close) struct board *board = opened(NULL);
    struct board_wish wish = {board_place_of(board, "bank"), TODAY, 0, 1000000};

    for (int i = 0; i < 1000; i++)
        cr_assert(board_take(board, &wish, NULL));
    cr_assert_eq(board_used(board, wish.place, TODAY), 1000000000);
    cr_assert_eq(board_used(board, wish.place, TODAY + 1), 0);
}

/* What each child took comes through a pipe. */
Test(board, processes_forked_later_share_the_quota)
{
    AUTO(board_close) struct board *board = opened(path);
    int64_t total = 0, taken;
    int ends[2];
    int status;

    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    for (int i = 0; i < 4; i++) {
        if (fork() == 0) {
            taken = take_all(board, "bank", TODAY, 40000, 1);
            _exit(write(ends[1], &taken, sizeof taken) == sizeof taken && board_flush(board, NULL) ? 0 : 1);
        }
    }
    for (int i = 0; i < 4; i++) {
        cr_assert(wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        cr_assert_eq(read(ends[0], &taken, sizeof taken), sizeof taken);
        total += taken;
    }
    cr_assert_eq(total, 40000);
}

Test(board, after_an_orderly_stop_and_after_a_killed_gateway_counting_goes_on_exactly)
{
    struct board *board = opened(path);
    struct board_wish wish = {board_place_of(board, "bank"), TODAY, 10000, 1234};

    cr_assert(board_take(board, &wish, NULL) && board_flush(board, &err));
    cr_assert(board_settle(board, &err), "%s", err.text);
    board_close(board);
    board = opened(path);
    cr_assert_eq(board_used(board, board_place_of(board, "bank"), TODAY), 1234);
    cr_assert(board_take(board, &wish, NULL) && board_flush(board, &err));
    board_close(board); /* not settled: as if it was killed */
    board = opened(path);
    cr_assert_eq(take_all(board, "bank", TODAY, 10000, 1), 10000 - 2 * 1234);
    board_close(board);
}

/* The machine lost its power: another run of it, and of what was counted since the last sync nothing is left. */
Test(board, after_a_loss_of_power_never_too_little_was_counted_and_at_most_a_block_too_much)
{
    struct board *board = opened(path);
    struct board_wish wish = {board_place_of(board, "bank"), TODAY, 10000, 1};
    AUTO(buf_done) struct buf synced = BUF_INIT;
    int64_t left, at_sync = 0;
    int fd;

    for (int i = 0; i < 777; i++) {
        cr_assert(board_take(board, &wish, NULL) && board_flush(board, &err));
        if (i == 700) { /* the newest page that reached the disk */
            cr_assert(file_read(path, 1 << 22, &synced, &err), "%s", err.text);
            at_sync = board_used(board, wish.place, TODAY);
        }
    }
    /* From here to the next sync nothing more is written. */
    for (left = 0; left < 3; left++)
        cr_assert(board_take(board, &wish, NULL));
    board_close(board);
    cr_assert_eq(at_sync, 701);
    cr_assert(file_write(path, buf_span(&synced), 0600, &err), "%s", err.text);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    cr_assert_eq(pwrite(fd, "another run", 12, HEAD_BOOT_AT), 12);
    close(fd);
    board = opened(path);
    cr_assert_geq(board_used(board, board_place_of(board, "bank"), TODAY), 701);
    cr_assert_leq(board_used(board, board_place_of(board, "bank"), TODAY), 701 + 10 + 1);
    board_close(board);
}

/* What left in answers is below what is synced, at every moment. */
Test(board, what_was_answered_never_runs_ahead_of_what_is_kept)
{
    struct board *board = opened(path);
    struct board_wish wish = {board_place_of(board, "bank"), TODAY, 5000, 1};

    for (int64_t answered = 1; answered <= 300; answered++) {
        AUTO(board_close) struct board *other = NULL;
        AUTO(buf_done) struct buf copy = BUF_INIT;
        char beside[TEST_PATH_BYTES + 32];
        int fd;

        cr_assert(board_take(board, &wish, NULL) && board_flush(board, &err));
        if (answered % 37 != 0)
            continue;
        snprintf(beside, sizeof beside, "%s.copy", path);
        cr_assert(file_read(path, 1 << 22, &copy, &err) && file_write(beside, buf_span(&copy), 0600, &err));
        fd = open(beside, O_WRONLY | O_CLOEXEC);
        cr_assert_eq(pwrite(fd, "another run", 12, HEAD_BOOT_AT), 12);
        close(fd);
        other = opened(beside);
        cr_assert_geq(board_used(other, board_place_of(other, "bank"), TODAY), answered);
    }
    board_close(board);
}

Test(board, a_name_keeps_its_place_and_a_place_that_is_free_begins_anew)
{
    AUTO(board_close) struct board *board = opened(path);
    size_t bank = board_place_of(board, "bank");
    size_t land = board_place_of(board, "land");
    struct config_client more[2] = {{.name = list[2].name}, {.name = (char *)(uintptr_t) "fresh"}};

    cr_assert_neq(bank, BOARD_STRANGERS);
    cr_assert_neq(bank, land);
    cr_assert_eq(board_place_of(board, "nobody"), BOARD_STRANGERS);
    config.clients = more;
    config.client_count = 2;
    board_seat(board, &config);
    cr_assert_eq(board_place_of(board, "bank"), bank, "while there is room nobody loses his");
    cr_assert_neq(board_place_of(board, "fresh"), BOARD_STRANGERS);
    config.clients = list;
    config.client_count = 3;
}

Test(board, of_two_words_on_a_suspension_the_later_event_wins_whoever_comes_first)
{
    AUTO(board_close) struct board *board = opened(NULL);
    size_t bank = board_place_of(board, "bank");

    cr_assert_not(board_is_suspended(board, bank));
    board_suspend(board, bank, 0, true);
    cr_assert(board_is_suspended(board, bank));
    board_suspend(board, bank, 9, false);
    board_suspend(board, bank, 5, true);
    cr_assert_not(board_is_suspended(board, bank));
    board_suspend(board, bank, 10, true);
    cr_assert(board_is_suspended(board, bank));
    cr_assert_not(board_is_suspended(board, board_place_of(board, "land")));
}
