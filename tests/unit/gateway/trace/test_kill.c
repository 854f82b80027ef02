/* Writers and integrators are killed at random places, again and again. What a writer was told is on disk is in the log
 * once; nothing is there twice; and what once was in the log never moves. */
#include "tests/unit/gateway/trace/scribe.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 2, ENTRIES_MAX = 400000, ROUNDS = 60 };

/* Shared with the children: what they were told. */
struct promises {
    unsigned begun[WRITERS];
    uint8_t promised[WRITERS][ENTRIES_MAX];
};
static struct promises *promises;

static void setup(void)
{
    scribe_open();
    promises = mmap(NULL, sizeof *promises, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(promises, MAP_FAILED);
}

static void teardown(void)
{
    munmap(promises, sizeof *promises);
    scribe_close();
}

TestSuite(kill, .init = setup, .fini = teardown, .timeout = 120);

static _Noreturn void write_for_ever(unsigned who)
{
    struct trace_writer *writer = NULL;
    unsigned seed = (unsigned)getpid();

    if (!trace_writer_open(S.folder, &writer, NULL))
        _exit(1);
    while (promises->begun[who] < ENTRIES_MAX - 64) {
        unsigned from = promises->begun[who];
        unsigned count = 1 + (unsigned)rand_r(&seed) % 40;

        promises->begun[who] += count;
        add_entries(writer, who, from, count);
        if (!trace_flush(writer, NULL))
            _exit(1);
        for (unsigned i = 0; i < count; i++)
            promises->promised[who][from + i] = 1;
    }
    for (;;)
        pause();
}

static _Noreturn void integrate_for_ever(void)
{
    struct trace_log *log = NULL;
    struct error err;
    uint64_t taken;

    if (!trace_log_open(S.folder, &log, &err))
        _exit(1);
    for (;;) {
        if (!trace_log_integrate(log, &taken, &err)) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
    }
}

/* 0 to WRITERS - 1: a writer; WRITERS: the integrator. */
static pid_t start(unsigned which)
{
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0) {
        if (which < WRITERS)
            write_for_ever(which);
        integrate_for_ever();
    }
    return child;
}

static void kill_child(pid_t child)
{
    int status;

    kill(child, SIGKILL);
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "it ended by itself");
}

static void sleep_us(unsigned us)
{
    nanosleep(&(struct timespec){.tv_nsec = (long)us * 1000}, NULL);
}

struct seen {
    uint64_t size;
    uint8_t root[32];
};

static void look(struct seen *seen)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();

    seen->size = trace_log_size(log);
    cr_assert(trace_log_root(log, seen->size, seen->root, &S.err), "%s", S.err.text);
}

static void assert_once(struct trace_log *log)
{
    AUTO(text_free) char *count = memory_new((size_t)WRITERS * ENTRIES_MAX);
    unsigned who, number;
    size_t promised = 0;

    for (uint64_t i = 0; i < trace_log_size(log); i++) {
        which_entry(log, i, &who, &number);
        cr_assert_eq(count[(size_t)who * ENTRIES_MAX + number]++, 0, "%u-%u is there twice", who, number);
    }
    for (who = 0; who < WRITERS; who++) {
        for (number = 0; number < ENTRIES_MAX; number++) {
            promised += promises->promised[who][number];
            cr_assert(!promises->promised[who][number] || count[(size_t)who * ENTRIES_MAX + number] == 1,
                      "%u-%u was promised and is not there", who, number);
        }
    }
    cr_assert_gt(promised, 100);
    fprintf(stderr, "%zu promised, %llu in the log\n", promised, (unsigned long long)trace_log_size(log));
}

Test(kill, what_was_promised_is_in_the_log_once_whoever_is_killed_when)
{
    struct seen seen[ROUNDS];
    pid_t children[WRITERS + 1];
    unsigned seed = (unsigned)time(NULL);

    for (unsigned i = 0; i <= WRITERS; i++)
        children[i] = start(i);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned victim = round % 2 ? WRITERS : (unsigned)rand_r(&seed) % WRITERS;

        sleep_us((unsigned)rand_r(&seed) % 20000);
        kill_child(children[victim]);
        look(&seen[round]);
        children[victim] = start(victim);
    }
    for (unsigned i = 0; i <= WRITERS; i++)
        kill_child(children[i]);
    AUTO(trace_log_free) struct trace_log *log = open_log();
    (void)integrate(log);
    cr_assert_eq(integrate(log), 0);
    assert_once(log);
    assert_root(log);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint8_t root[32];

        cr_assert(trace_log_root(log, seen[round].size, root, &S.err), "%s", S.err.text);
        cr_assert_arr_eq(root, seen[round].root, 32, "what stood there after round %u moved", round);
    }
}
