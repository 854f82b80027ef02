/* fuzz.h - what all fuzz targets share (libFuzzer). Each target is one untrusted input: it must not crash, leak or
 * hang, and what FUZZ_CHECK says must hold. `scripts/fuzz` builds and runs them; seeds stand in
 * tests/fuzz/seeds/<name>/. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/file.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(condition, ...)                                                                                     \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                            \
            fprintf(stderr, __VA_ARGS__);                                                                              \
            fputc('\n', stderr);                                                                                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The first bytes of an input steer the target, the rest is what a stranger sends. */
static inline uint8_t fuzz_take(struct span *input)
{
    uint8_t first = 0;

    if (input->bytes == 0)
        return 0;
    first = (uint8_t)input->at[0];
    input->at++;
    input->bytes--;
    return first;
}

static inline struct span fuzz_span(const uint8_t *data, size_t size)
{
    return (struct span){(const char *)data, size};
}

/* A file without a name that holds the bytes, at its start. */
static inline int fuzz_file(struct span bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    struct error err;

    FUZZ_CHECK(fd >= 0 && file_write_all(fd, bytes, &err) && lseek(fd, 0, SEEK_SET) == 0, "no file in memory");
    return fd;
}

#endif
