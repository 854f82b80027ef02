#include "tests/bench/share.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal (proc(5)). */
static bool take_core(long core, struct share *out, struct error *err)
{
    enum { FIELDS = 8, IDLE = 3, IOWAIT = 4 };
    FILE *stat = fopen("/proc/stat", "re");
    char line[512];
    char name[16];
    int bytes = snprintf(name, sizeof name, "cpu%ld ", core);
    bool is_found = false;

    while (stat && !is_found && fgets(line, sizeof line, stat)) {
        char *at = line + bytes;

        is_found = strncmp(line, name, (size_t)bytes) == 0;
        for (int i = 0; is_found && i < FIELDS; i++) {
            uint64_t ticks = strtoull(at, &at, 10);

            out->all_ticks += ticks;
            out->busy_ticks += i == IDLE || i == IOWAIT ? 0 : ticks;
        }
    }
    if (stat)
        fclose(stat);
    return is_found || fail(err, ERR_NOT_FOUND, "there is no core %ld", core);
}

/* /proc/PID/schedstat: ran, was ready and waited, both in nanoseconds (sched-stats.rst of the kernel). */
bool share_of_process(long pid, uint64_t *ran_ns, uint64_t *waited_ns, struct error *err)
{
    char path[64], line[128];
    char *at = line, *end = line;
    uint64_t ran = 0;
    FILE *stat;

    snprintf(path, sizeof path, "/proc/%ld/schedstat", pid);
    stat = fopen(path, "re");
    if (stat && fgets(line, sizeof line, stat)) {
        ran = strtoull(line, &at, 10);
        *waited_ns = strtoull(at, &end, 10);
        *ran_ns = ran;
    }
    if (stat)
        fclose(stat);
    return end > at || fail(err, ERR_NOT_FOUND, "%s cannot be read", path);
}

bool share_take(const struct share_of *of, struct share *out, struct error *err)
{
    struct share share = {0};
    uint64_t ran_ns, waited_ns;

    if (!take_core(of->core, &share, err))
        return false;
    for (size_t i = 0; i < of->count; i++) {
        if (!share_of_process(of->pids[i], &ran_ns, &waited_ns, err))
            return false;
        if (i == 0)
            share.waited_ns = waited_ns;
        else
            share.beside_ns += ran_ns;
    }
    *out = share;
    return true;
}

bool share_parse(const char *text, struct share_of *of)
{
    of->count = 0;
    for (;;) {
        size_t bytes = strcspn(text, ",");
        int64_t pid;

        if (of->count == SHARE_PIDS_MAX || !integer_parse((struct span){text, bytes}, &pid))
            return false;
        of->pids[of->count++] = (long)pid;
        if (text[bytes] == '\0')
            return true;
        text += bytes + 1;
    }
}

double share_busy(const struct share *before, const struct share *after)
{
    return (double)(after->busy_ticks - before->busy_ticks) / (double)(after->all_ticks - before->all_ticks);
}

double share_lost_s(const struct share *before, const struct share *after)
{
    double waited = (double)(after->waited_ns - before->waited_ns) / 1e9;
    double beside = (double)(after->beside_ns - before->beside_ns) / 1e9;

    return waited > beside ? waited - beside : 0;
}

double share_anonymous_mib(long pid)
{
    char path[64];
    char line[128];
    unsigned long kib = 0;
    FILE *status;

    snprintf(path, sizeof path, "/proc/%ld/status", pid);
    status = fopen(path, "re");
    while (status && fgets(line, sizeof line, status)) {
        if (strncmp(line, "RssAnon:", 8) == 0)
            kib = strtoul(line + 8, NULL, 10);
    }
    if (status)
        fclose(status);
    return (double)kib / 1024;
}
