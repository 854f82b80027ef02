#include "gateway/job_queue.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct job_queue queue;
static char ids[JOB_QUEUE_MAX][JOB_ID_BYTES];
static char got[JOB_ID_BYTES];

static void setup(void)
{
    job_queue_init(&queue);
    for (size_t i = 0; i < JOB_QUEUE_MAX; i++)
        snprintf(ids[i], sizeof ids[i], "job-%03zu", i);
}

TestSuite(job_queue, .init = setup);

static void fill(size_t count, int64_t now_ms)
{
    job_queue_fill(&queue, (const char(*)[JOB_ID_BYTES])ids, count, now_ms);
}

Test(job_queue, an_empty_one_gives_nothing)
{
    cr_assert_not(job_queue_take(&queue, got));
}

Test(job_queue, at_first_the_folder_is_to_be_read)
{
    cr_assert(job_queue_wants_reading(&queue, 0));
    fill(0, 0);
    cr_assert_not(job_queue_wants_reading(&queue, JOB_QUEUE_RESCAN_MS - 1));
    cr_assert(job_queue_wants_reading(&queue, JOB_QUEUE_RESCAN_MS), "an order may have been lost");
}

Test(job_queue, the_oldest_comes_first_and_each_once)
{
    fill(2, 0);
    job_queue_add(&queue, "job-001");
    job_queue_add(&queue, "later");
    cr_assert(job_queue_take(&queue, got));
    cr_assert_str_eq(got, "job-000");
    cr_assert(job_queue_take(&queue, got));
    cr_assert_str_eq(got, "job-001");
    cr_assert(job_queue_take(&queue, got));
    cr_assert_str_eq(got, "later");
    cr_assert_not(job_queue_take(&queue, got));
}

Test(job_queue, what_does_not_fit_is_found_again_when_there_is_room)
{
    fill(JOB_QUEUE_MAX - 1, 0);
    job_queue_add(&queue, "one");
    job_queue_add(&queue, "two much");
    cr_assert_not(job_queue_wants_reading(&queue, 1), "not while there is enough to do");
    while (job_queue_take(&queue, got))
        ;
    cr_assert_str_eq(got, "one");
    cr_assert(job_queue_wants_reading(&queue, 1));
}

Test(job_queue, a_folder_that_held_as_many_as_fit_may_hold_more)
{
    fill(JOB_QUEUE_MAX, 0);
    while (job_queue_take(&queue, got))
        ;
    cr_assert(job_queue_wants_reading(&queue, 1));
    fill(3, 1);
    while (job_queue_take(&queue, got))
        ;
    cr_assert_not(job_queue_wants_reading(&queue, 2));
}
