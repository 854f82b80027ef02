/* scribe.h - a scratch folder with a trace in it, and entries that can be told apart: the code of entry n of writer w
 * reads "w-n". */
#ifndef TESTS_UNIT_GATEWAY_TRACE_SCRIBE_H
#define TESTS_UNIT_GATEWAY_TRACE_SCRIBE_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/walk.h"
#include "gateway/trace/trace.h"
#include "tests/support/support.h"

static struct {
    char folder[TEST_PATH_BYTES];
    struct error err;
} S;

static inline void scribe_open(void)
{
    test_folder_new(S.folder);
}

static inline void scribe_close(void)
{
    test_folder_remove(S.folder);
}

static inline struct trace_writer *new_writer(void)
{
    struct trace_writer *writer = NULL;

    cr_assert(trace_writer_open(S.folder, &writer, &S.err), "%s", S.err.text);
    return writer;
}

static inline struct trace_log *open_log(void)
{
    struct trace_log *log = NULL;

    cr_assert(trace_log_open(S.folder, &log, &S.err), "%s", S.err.text);
    return log;
}

static inline void add_entry(struct trace_writer *writer, unsigned who, unsigned number)
{
    char receipt[TRACE_RECEIPT_BYTES];
    char code[32];
    struct trace_entry entry = {.at_ms = 1785722400000,
                                .receipt = receipt,
                                .by = SPAN("bank-1"),
                                .domain = SPAN("lending"),
                                .purpose = SPAN("credit-review"),
                                .verdict = "not-listed",
                                .status = 200,
                                .sequence = number,
                                .answer = SPAN("{}")};

    snprintf(code, sizeof code, "%u-%u", who, number);
    entry.uscc = span_of(code);
    trace_next_receipt(writer, receipt);
    trace_add(writer, &entry);
}

static inline void add_entries(struct trace_writer *writer, unsigned who, unsigned from, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        add_entry(writer, who, from + i);
}

static inline void flush(struct trace_writer *writer)
{
    cr_assert(trace_flush(writer, &S.err), "%s", S.err.text);
}

static inline uint64_t integrate(struct trace_log *log)
{
    uint64_t taken = 0;

    cr_assert(trace_log_integrate(log, &taken, &S.err), "%s", S.err.text);
    return taken;
}

static inline void read_entry(struct trace_log *log, uint64_t index, struct buf *entry)
{
    buf_clear(entry);
    cr_assert(trace_log_read(log, index, entry, &S.err), "%s", S.err.text);
}

/* Who and which of the entry at `index`. */
static inline void which_entry(struct trace_log *log, uint64_t index, unsigned *who, unsigned *number)
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    struct span code;
    char text[32];

    read_entry(log, index, &entry);
    code = walk_plain_of(buf_span(&entry), "uscc");
    snprintf(text, sizeof text, "%.*s", (int)code.bytes, code.at);
    cr_assert_eq(sscanf(text, "%u-%u", who, number), 2, "%s", entry.data);
}

/* The root as RFC 9162 2.1.1 writes it, from the entries alone. */
static inline void plain_root(struct trace_log *log, struct merkle_hasher *hasher, const uint64_t range[2],
                              uint8_t root[32])
{
    AUTO(buf_done) struct buf entry = BUF_INIT;
    uint8_t left[32], right[32];
    uint64_t middle;

    if (range[1] - range[0] == 1) {
        read_entry(log, range[0], &entry);
        merkle_leaf(hasher, buf_span(&entry), root);
        return;
    }
    middle = range[0] + merkle_split(range[1] - range[0]);
    plain_root(log, hasher, (const uint64_t[]){range[0], middle}, left);
    plain_root(log, hasher, (const uint64_t[]){middle, range[1]}, right);
    merkle_node(hasher, left, right, root);
}

static inline void assert_root(struct trace_log *log)
{
    AUTO(merkle_hasher_free) struct merkle_hasher *hasher = merkle_hasher_new();
    uint8_t root[32], expected[32];

    merkle_empty(expected);
    if (trace_log_size(log) > 0)
        plain_root(log, hasher, (const uint64_t[]){0, trace_log_size(log)}, expected);
    cr_assert(trace_log_root(log, trace_log_size(log), root, &S.err), "%s", S.err.text);
    cr_assert_arr_eq(root, expected, sizeof root);
}

/* The frames of a segment: what is there before the zeros that a live writer keeps ahead of them. No frame ends in a
 * zero. */
static inline void read_frames(const char *path, struct buf *out)
{
    buf_clear(out);
    cr_assert(file_read(path, 2 << 20, out, &S.err), "%s", S.err.text);
    while (out->bytes > 0 && out->data[out->bytes - 1] == '\0')
        out->bytes--;
}

/* The path of the one file of segments/ that ends in `suffix`, or "". */
static inline void only_segment(const char *suffix, char path[TEST_PATH_BYTES])
{
    char command[2 * TEST_PATH_BYTES];
    FILE *pipe;

    snprintf(command, sizeof command, "ls %s/segments/*%s 2>/dev/null", S.folder, suffix);
    pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    path[0] = '\0';
    if (fgets(path, TEST_PATH_BYTES, pipe))
        path[strcspn(path, "\n")] = '\0';
    pclose(pipe);
}

#endif
