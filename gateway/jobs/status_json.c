#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/jobs/show_parts.h"
#include "gateway/jobs/status_clients.h"
#include "gateway/jobs/status_parts.h"
#include "gateway/journal/checkpoint.h"
#include "gateway/journal/guard.h"
#include "gateway/journal/journal.h"
#include "gateway/registry/records.h"

static const char *const LIST_MEMBERS[RECORD_LIST_COUNT] = {[RECORDS_WAITING] = "waiting",
                                                            [RECORDS_RETURNED] = "returned",
                                                            [RECORDS_LIVE] = "live",
                                                            [RECORDS_OVER] = "over",
                                                            [RECORDS_UNSENT] = "unsent"};

static bool add_journal(struct store_txn *txn, struct buf *out, struct error *err)
{
    uint64_t size = journal_size(txn);
    struct event event = {.at_ms = 0};
    struct span bytes;

    if (size > 0 && journal_read(txn, size - 1, &bytes) && !event_parse(bytes, &event, err))
        return false;
    buf_add_text(out, ",\"journal\":{");
    show_number(out, "size", (int64_t)size);
    show_instant(out, ",\"at\":", event.at_ms);
    buf_add_byte(out, '}');
    return true;
}

/* The second line of a checkpoint is its size (C2SP tlog-checkpoint). It is our own file: told, not judged. */
static bool read_checkpoint(const char *path, struct buf *text, struct span *origin, int64_t *size)
{
    const char *end;
    const char *second;

    if (!file_read(path, CHECKPOINT_NOTE_MAX, text, NULL) || text->bytes == 0)
        return false;
    end = strchr(text->data, '\n');
    second = end ? strchr(end + 1, '\n') : NULL;
    if (!second || !utf8_is_valid(buf_span(text), NULL))
        return false;
    *origin = (struct span){text->data, (size_t)(end - text->data)};
    return integer_parse((struct span){end + 1, (size_t)(second - end - 1)}, size);
}

static void add_refusal(const char *state, const char *log, struct buf *out)
{
    AUTO(buf_done) struct buf zh = BUF_INIT;
    AUTO(buf_done) struct buf en = BUF_INIT;

    if (!status_log_refused(state, log, &zh, &en))
        return;
    show_text(out, ",\"refused_zh\":", buf_span(&zh));
    show_text(out, ",\"refused\":", buf_span(&en));
}

static void add_checkpoint(const char *state, const char *log, struct buf *out)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct span origin;
    struct stat info;
    int64_t size;

    buf_addf(out, "\"%s\":", log);
    buf_addf(&path, "%s/checkpoints/%s", state, log);
    if (stat(path.data, &info) != 0 || !read_checkpoint(path.data, &text, &origin, &size)) {
        buf_add_text(out, "null");
        return;
    }
    show_text(out, "{\"origin\":", origin);
    buf_add_byte(out, ',');
    show_number(out, "size", size);
    show_instant(out, ",\"at\":", (int64_t)info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000);
    add_refusal(state, log, out);
    buf_add_byte(out, '}');
}

static bool tell(struct store_txn *txn, const struct status_source *source, struct buf *out, struct error *err)
{
    struct status_clocks clocks;
    struct status_totals totals;

    buf_add_text(out, "{\"channels\":");
    if (!status_channels_add(txn, source->config, out, &totals, err) || !add_journal(txn, out, err))
        return false;
    for (int i = 0; i < RECORD_LIST_COUNT; i++) {
        buf_add_text(out, i ? "," : ",\"records\":{");
        show_number(out, LIST_MEMBERS[i], (int64_t)records_count(txn, (enum record_list)i));
    }
    buf_add_text(out, "},\"clocks\":{");
    if (!status_clocks_add(txn, source, out, &clocks, err))
        return false;
    buf_add_text(out, "},\"checkpoints\":{");
    for (int i = 0; i < GUARD_LOG_COUNT; i++) {
        if (i > 0)
            buf_add_byte(out, ',');
        add_checkpoint(source->config->state, GUARD_LOG_NAMES[i], out);
    }
    buf_add_text(out, "},\"clients\":");
    if (!status_clients_add(txn, source->config, source->now_ms, out, err))
        return false;
    buf_addf(out, ",\"time_ms\":%lld}", (long long)source->now_ms);
    return store_txn_is_good(txn, err);
}

bool status_json(struct store_txn *txn, const struct status_source *source, struct buf *out, struct error *err)
{
    buf_clear(out);
    if (tell(txn, source, out, err))
        return true;
    buf_clear(out);
    return false;
}
