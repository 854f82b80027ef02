#include "gateway/intake/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "gateway/intake/temporary.h"

struct spool {
    FILE *file;
    struct buf text; /* of the record that was read */
};

/* What stands before the fields of a record. */
struct spooled {
    size_t line;
    size_t count;
    size_t filled;
    size_t fault_field;
    enum record_fault fault;
    uint8_t kind[INTAKE_COLUMNS_MAX];
    size_t bytes[INTAKE_COLUMNS_MAX];
};

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
    struct spooled head;
    bool is_good;

    memset(&head, 0, sizeof head);
    head.line = record->line;
    head.count = record->count;
    head.filled = record->filled;
    head.fault = record->fault;
    head.fault_field = record->fault_field;
    memcpy(head.kind, record->kind, sizeof head.kind);
    for (size_t i = 0; i < record_stored(record); i++)
        head.bytes[i] = record->field[i].bytes;
    is_good = fwrite(&head, sizeof head, 1, spool->file) == 1;
    for (size_t i = 0; is_good && i < record_stored(record); i++)
        is_good = fwrite(record->field[i].at, 1, head.bytes[i], spool->file) == head.bytes[i];
    if (!is_good)
        return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
    return true;
}

bool spool_rewind(struct spool *spool, struct error *err)
{
    if (fflush(spool->file) != 0 || fseeko(spool->file, 0, SEEK_SET) != 0)
        return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
    return true;
}

bool spool_next(struct spool *spool, struct record *record, bool *is_end, struct error *err)
{
    struct spooled head;
    size_t total = 0;
    size_t at = 0;

    *is_end = false;
    if (fread(&head, sizeof head, 1, spool->file) != 1) {
        *is_end = feof(spool->file) != 0;
        return *is_end || fail(err, ERR_IO, "temporary file: %s", strerror(errno));
    }
    *record = (struct record){.line = head.line, .count = head.count, .filled = head.filled, .fault = head.fault};
    record->fault_field = head.fault_field;
    memcpy(record->kind, head.kind, sizeof record->kind);
    for (size_t i = 0; i < record_stored(record); i++)
        total += head.bytes[i];
    buf_clear(&spool->text);
    buf_reserve(&spool->text, total + 1);
    if (fread(spool->text.data, 1, total, spool->file) != total)
        return fail(err, ERR_IO, "temporary file: cut short");
    for (size_t i = 0; i < record_stored(record); at += head.bytes[i++])
        record->field[i] = (struct span){spool->text.data + at, head.bytes[i]};
    return true;
}
