/* telling.h - how every benchmark says its result: a table line for people, then a JSON line for programs. */
#ifndef TESTS_BENCH_TELLING_H
#define TESTS_BENCH_TELLING_H

struct telling {
    const char *bench;
    double ours;
    double theirs; /* the rival, or the figure that was promised; 0: there is none */
    const char *unit;
    double ratio;     /* above the floor is good */
    double floor;     /* 0: none */
    const char *what; /* what "theirs" is, for people */
};

void tell(const struct telling *result);

#endif
