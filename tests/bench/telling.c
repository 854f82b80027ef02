#include "tests/bench/telling.h"

#include <stdio.h>

/* JSON has no "none" but null. */
static void print_member(const char *name, double value, const char *after)
{
    if (value > 0)
        printf("\"%s\": %.6g%s", name, value, after);
    else
        printf("\"%s\": null%s", name, after);
}

void tell(const struct telling *result)
{
    printf("%-18s %12.6g %-8s %12.6g %-34s ratio %.3f", result->bench, result->ours, result->unit, result->theirs,
           result->what, result->ratio);
    if (result->floor > 0)
        printf(" (floor %g)", result->floor);
    printf("\n{\"bench\": \"%s\", ", result->bench);
    print_member("ours", result->ours, ", ");
    print_member("theirs", result->theirs, ", ");
    printf("\"unit\": \"%s\", ", result->unit);
    print_member("ratio", result->ratio, ", ");
    print_member("floor", result->floor, "}\n");
    fflush(stdout);
}
