#include "gateway/intake/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/intake/temporary.h"

struct spool {
    FILE *file;
    struct buf text; /* of the record at hand, as it stands in the file behind its head */
};

/* What stands before a record: then a cell for each stored field, then their texts. */
struct head {
    uint64_t line;
    uint32_t count;
    uint32_t filled;
    uint32_t fault_field;
    uint32_t fault;
};

struct cell {
    uint32_t bytes;
    uint32_t kind;
};

/* Fields behind the last that has content are not written. */
static size_t stored_cells(size_t filled)
{
    return filled < INTAKE_COLUMNS_MAX ? filled : INTAKE_COLUMNS_MAX;
}

bool spool_new(const char *folder, struct spool **out, struct error *err)
{
    struct spool *spool;
    FILE *file;

    if (!temporary_file(folder, &file, err))
        return false;
    spool = memory_new(sizeof *spool);
    spool->file = file;
    *out = spool;
    return true;
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    fclose(spool->file);
    buf_done(&spool->text);
    free(spool);
}

bool spool_add(struct spool *spool, const struct record *record, struct error *err)
{
    const struct head head = {.line = record->line,
                              .count = (uint32_t)record->count,
                              .filled = (uint32_t)record->filled,
                              .fault_field = (uint32_t)record->fault_field,
                              .fault = record->fault};
    size_t cells = stored_cells(record->filled);

    buf_clear(&spool->text);
    buf_add(&spool->text, &head, sizeof head);
    for (size_t i = 0; i < cells; i++) {
        const struct cell cell = {(uint32_t)record->field[i].bytes, record->kind[i]};

        buf_add(&spool->text, &cell, sizeof cell);
    }
    for (size_t i = 0; i < cells; i++)
        buf_add_span(&spool->text, record->field[i]);
    if (fwrite(spool->text.data, 1, spool->text.bytes, spool->file) == spool->text.bytes)
        return true;
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
}

bool spool_rewind(struct spool *spool, struct error *err)
{
    if (fflush(spool->file) != 0 || fseeko(spool->file, 0, SEEK_SET) != 0)
        return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
    return true;
}

static bool read_bytes(struct spool *spool, void *into, size_t bytes, struct error *err)
{
    return fread(into, 1, bytes, spool->file) == bytes || fail(err, ERR_IO, "temporary file: cut short");
}

bool spool_next(struct spool *spool, struct record *record, bool *is_end, struct error *err)
{
    struct cell cell[INTAKE_COLUMNS_MAX];
    struct head head;
    size_t total = 0;
    size_t cells;
    const char *at;

    *is_end = false;
    if (fread(&head, sizeof head, 1, spool->file) != 1) {
        *is_end = feof(spool->file) != 0;
        return *is_end || fail(err, ERR_IO, "temporary file: %s", strerror(errno));
    }
    cells = stored_cells(head.filled);
    if (!read_bytes(spool, cell, cells * sizeof *cell, err))
        return false;
    for (size_t i = 0; i < cells; i++)
        total += cell[i].bytes;
    buf_clear(&spool->text);
    buf_reserve(&spool->text, total + 1);
    if (!read_bytes(spool, spool->text.data, total, err))
        return false;
    *record = (struct record){.line = head.line, .count = head.count, .filled = head.filled};
    record->fault = (enum record_fault)head.fault;
    record->fault_field = head.fault_field;
    at = spool->text.data;
    for (size_t i = 0; i < cells; i++) {
        record->field[i] = (struct span){at, cell[i].bytes};
        record->kind[i] = (uint8_t)cell[i].kind;
        at += cell[i].bytes;
    }
    return true;
}
