/* An integration is killed before each of its system calls in turn; whatever the place, the next one finds everything
 * once. (test_kill does the same at random places and with writers; this leaves no place out.) */
#include "tests/unit/gateway/trace/scribe.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WRITERS = 3, CALLS_MAX = 5000 };
/* Entries of each writer: before, and since, the first integration. */
static const unsigned BEFORE[WRITERS] = {5, 260, 0};
static const unsigned SINCE[WRITERS] = {3, 20, 300};

TestSuite(crash, .init = scribe_open, .fini = scribe_close, .timeout = 240);

/* One segment that was begun to be taken up and whose writer died, one whose writer lives, and a new one. */
static struct trace_writer *make_trace(void)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    struct trace_writer *writers[WRITERS];

    for (unsigned i = 0; i < WRITERS; i++) {
        writers[i] = new_writer();
        add_entries(writers[i], i, 0, BEFORE[i]);
        flush(writers[i]);
    }
    (void)integrate(log);
    for (unsigned i = 0; i < WRITERS; i++) {
        add_entries(writers[i], i, BEFORE[i], SINCE[i]);
        flush(writers[i]);
    }
    trace_writer_free(writers[0]);
    trace_writer_free(writers[2]);
    return writers[1];
}

static _Noreturn void integrate_once(void)
{
    struct trace_log *log = NULL;
    uint64_t taken;

    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(77);
    raise(SIGSTOP);
    if (!trace_log_open(S.folder, &log, NULL) || !trace_log_integrate(log, &taken, NULL))
        _exit(1);
    _exit(0);
}

enum outcome { KILLED, FINISHED, CANNOT };

/* Sees every system call on its way in; false: the process is killed there. */
typedef bool call_visit(const struct __ptrace_syscall_info *call, void *context);

static bool look_at_call(pid_t child, call_visit *visit, void *context)
{
    struct __ptrace_syscall_info call = {0};

    if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof call, &call) <= 0 || call.op != PTRACE_SYSCALL_INFO_ENTRY)
        return true;
    return visit(&call, context);
}

static enum outcome watch_integration(call_visit *visit, void *context)
{
    pid_t child = fork();
    int status;

    cr_assert_geq(child, 0);
    if (child == 0)
        integrate_once();
    cr_assert_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return CANNOT;
    cr_assert_eq(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD), 0);
    while (!WIFEXITED(status)) {
        cr_assert(WIFSTOPPED(status));
        if (!look_at_call(child, visit, context)) {
            kill(child, SIGKILL);
            cr_assert_eq(waitpid(child, &status, 0), child);
            return KILLED;
        }
        cr_assert_eq(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        cr_assert_eq(waitpid(child, &status, 0), child);
    }
    cr_assert_eq(WEXITSTATUS(status), 0);
    return FINISHED;
}

static bool count_down(const struct __ptrace_syscall_info *call, void *context)
{
    unsigned *calls = context;

    (void)call;
    return (*calls)-- > 0;
}

static void assert_whole(unsigned calls)
{
    AUTO(trace_log_free) struct trace_log *log = open_log();
    unsigned seen[WRITERS] = {0}, who, number;

    (void)integrate(log);
    cr_assert_eq(integrate(log), 0);
    for (uint64_t i = 0; i < trace_log_size(log); i++) {
        which_entry(log, i, &who, &number);
        cr_assert_eq(number, seen[who]++, "killed at call %u: %u-%u", calls, who, number);
    }
    for (who = 0; who < WRITERS; who++)
        cr_assert_eq(seen[who], BEFORE[who] + SINCE[who], "killed at call %u: writer %u", calls, who);
    assert_root(log);
}

static void empty_folder(void)
{
    AUTO(text_free) char *log = path_join(S.folder, "log");
    AUTO(text_free) char *segments = path_join(S.folder, "segments");

    cr_assert(file_remove_tree(log, &S.err) && file_remove_tree(segments, &S.err), "%s", S.err.text);
}

Test(crash, killed_before_any_system_call_nothing_is_lost_or_doubled)
{
    enum outcome outcome = KILLED;
    unsigned calls;

    for (calls = 0; outcome == KILLED && calls < CALLS_MAX; calls++) {
        struct trace_writer *alive = make_trace();
        unsigned left = calls;

        outcome = watch_integration(count_down, &left);
        if (outcome == CANNOT) {
            trace_writer_free(alive);
            cr_skip_test("processes may not be traced here");
        }
        assert_whole(calls);
        trace_writer_free(alive);
        empty_folder();
    }
    cr_assert_eq(outcome, FINISHED);
    cr_assert_gt(calls, 50);
    fprintf(stderr, "%u places\n", calls - 1);
}

/* What the log wrote and has not synced yet, and what it did too early. */
struct order {
    bool is_dirty[256];
    unsigned renames, unlinks, syncs;
    const char *fault;
};

static bool check_order(const struct __ptrace_syscall_info *call, void *context)
{
    struct order *order = context;
    uint64_t fd = call->entry.args[0];

    switch (call->entry.nr) {
    case SYS_pwrite64:
        if (fd < COUNT_OF(order->is_dirty))
            order->is_dirty[fd] = true;
        break;
    case SYS_fdatasync:
        if (fd < COUNT_OF(order->is_dirty))
            order->is_dirty[fd] = false;
        order->syncs++;
        break;
    case SYS_rename: /* the state takes effect */
        order->renames++;
        for (size_t i = 0; i < COUNT_OF(order->is_dirty); i++) {
            if (order->is_dirty[i])
                order->fault = "the state came before what it speaks of was on disk";
        }
        break;
    case SYS_unlink: /* a segment goes */
        order->unlinks++;
        if (order->renames == 0)
            order->fault = "a segment went before the state that has all of it";
        break;
    default:
        break;
    }
    return true;
}

Test(crash, what_the_state_speaks_of_is_on_disk_before_it)
{
    struct trace_writer *alive = make_trace();
    struct order order = {.fault = NULL};
    enum outcome outcome = watch_integration(check_order, &order);

    trace_writer_free(alive);
    if (outcome == CANNOT)
        cr_skip_test("processes may not be traced here");
    cr_assert_null(order.fault, "%s", order.fault);
    cr_assert_eq(order.renames, 1);
    cr_assert_eq(order.unlinks, 2);
    cr_assert_gt(order.syncs, 4);
}
