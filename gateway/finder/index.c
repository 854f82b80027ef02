#include "gateway/finder/index.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "base/walk.h"
#include "gateway/finder/candidates.h"
#include "gateway/journal/event.h"
#include "gateway/journal/journal.h"
#include "gateway/names/names_register.h"
#include "gateway/registry/registry.h"
#include "keys/digest.h"

enum { SHA256_HEX = 64 };

struct finder_index {
    const struct config *config;
    struct store *store;
    struct store_txn *txn; /* reset between uses; NULL: none yet */
    struct name_tables *tables;
    struct companies *known;
    struct names *names;
    uint64_t sequence; /* events taken up */
    uint64_t register_sequence;
    bool has_register;
    bool is_stale;
    bool is_full; /* no name fits any more: what comes later waits for the next index */
    char sha256[SHA256_HEX + 1];
    char edition[DAY_TEXT_BYTES];
};

void finder_index_free(struct finder_index *index)
{
    if (!index)
        return;
    store_abort(index->txn);
    names_free(index->names);
    companies_free(index->known);
    name_tables_free(index->tables);
    free(index);
}

static struct store_txn *begin_read(struct finder_index *index, struct error *err)
{
    bool is_good = index->txn ? store_renew(index->txn, err) : store_begin(index->store, STORE_READ, &index->txn, err);

    return is_good ? index->txn : NULL;
}

/* --- the register of names --- */

static bool put_row(struct finder_index *index, const struct names_row *row, int32_t day, struct error *err)
{
    if (row->name.bytes && !companies_put(index->known, row->code, row->name, day, NULL, err))
        return false;
    for (size_t i = 0; i < row->former_count; i++) {
        if (!companies_put(index->known, row->code, row->former[i], COMPANIES_DAY_FORMER, NULL, err))
            return false;
    }
    return true;
}

static bool check_file(const struct finder_index *index, int fd, const char *path, struct error *err)
{
    AUTO(buf_done) struct buf found = BUF_INIT;
    uint8_t digest[32];

    if (fd < 0)
        return file_fail(err, path, "cannot open the register of names");
    if (!digest_sha256_file(fd, digest, err))
        return false;
    hex_add(&found, digest, sizeof digest);
    return strcmp(found.data, index->sha256) == 0 ||
           refuse(err, ERR_CORRUPT, "names.file", "%s is not what was registered: put it back, or register it again",
                  "%s 与登记时不一致：请恢复该文件，或重新登记", path);
}

static bool read_register(struct finder_index *index, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(index->config, "names");
    AUTO(text_free) char *path = path_join(folder, index->sha256);
    AUTO(file_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    AUTO(names_register_free) struct names_register *reg = NULL;
    const struct names_row *row;
    int32_t day;

    if (!check_file(index, fd, path, err))
        return false;
    if (!day_parse(span_of(index->edition), &day))
        return fail(err, ERR_CORRUPT, "a register of names without its day");
    if (!names_register_open(fd, index->tables, &reg, err))
        return fail_in(err, "%s", path);
    do {
        if (!names_register_next(reg, &row, err) ||
            (row && row->state == NAMES_ROW_GOOD && !put_row(index, row, day, err)))
            return fail_in(err, "%s", path);
    } while (row);
    return true;
}

static bool find_register(struct finder_index *index, struct error *err)
{
    struct store_txn *txn = begin_read(index, err);
    struct span data, sha256, edition;

    if (!txn)
        return false;
    index->has_register = registry_names(txn, &index->register_sequence, &data);
    if (index->has_register) {
        sha256 = walk_plain_of(data, "sha256");
        edition = walk_plain_of(data, "edition");
        if (sha256.bytes != SHA256_HEX || edition.bytes != DAY_TEXT_BYTES - 1)
            return fail(err, ERR_CORRUPT, "the register of names is not described");
        memcpy(index->sha256, sha256.at, SHA256_HEX);
        memcpy(index->edition, edition.at, edition.bytes);
    }
    if (!store_txn_is_good(txn, err))
        return false;
    store_reset(txn);
    return true;
}

/* --- the journal --- */

/* A name that the register of obligations tells: found at once when the index can be asked already. */
static bool take_obligation(struct finder_index *index, const struct event *event, struct error *err)
{
    AUTO(buf_done) struct buf hold_code = BUF_INIT;
    AUTO(buf_done) struct buf hold_name = BUF_INIT;
    struct span row = walk_member(event->data, "row");
    struct span code, name;

    if (!walk_text(walk_member(row, "uscc"), &hold_code, &code) ||
        !walk_text(walk_member(row, "name"), &hold_name, &name) || code.bytes != NAME_CODE_BYTES)
        return true;
    if (companies_put(index->known, code, name, day_of_instant(event->at_ms), index->names, err))
        return true;
    index->is_full = strcmp(err->rule, "names.later") == 0;
    index->is_stale = index->is_stale || index->is_full;
    /* What cannot be a name cannot be asked for. */
    return err->code == ERR_INVALID || err->code == ERR_LIMIT;
}

static bool take_event(struct finder_index *index, struct span bytes, uint64_t sequence, struct error *err)
{
    struct event event;

    if (!event_parse(bytes, &event, err))
        return false;
    if (span_is(event.type, "obligation.recorded"))
        return take_obligation(index, &event, err);
    if (span_is(event.type, "names.registered") && (!index->has_register || sequence > index->register_sequence))
        index->is_stale = true;
    return true;
}

/* The sequence says up to where the index knows everything. */
static bool take_events(struct finder_index *index, struct store_txn *txn, uint64_t end, struct error *err)
{
    for (; index->sequence < end; index->sequence++) {
        struct span bytes;

        if (!journal_read(txn, index->sequence, &bytes))
            return store_txn_is_good(txn, err) &&
                   fail(err, ERR_CORRUPT, "event %llu is missing", (unsigned long long)index->sequence);
        if (!take_event(index, bytes, index->sequence, err))
            return fail_in(err, "event %llu", (unsigned long long)index->sequence);
        if (index->is_full)
            return true;
    }
    return true;
}

bool finder_index_follow(struct finder_index *index, bool *is_behind, bool *is_stale, struct error *err)
{
    struct store_txn *txn;
    uint64_t size, end;
    bool is_good;

    *is_behind = false;
    *is_stale = index->is_stale;
    if (index->is_full)
        return true;
    txn = begin_read(index, err);
    if (!txn)
        return false;
    size = journal_size(txn);
    end = size - index->sequence > INDEX_STEP_EVENTS ? index->sequence + INDEX_STEP_EVENTS : size;
    is_good = take_events(index, txn, end, err) && store_txn_is_good(txn, err);
    store_reset(txn);
    *is_behind = index->sequence < size && !index->is_full;
    *is_stale = index->is_stale;
    return is_good;
}

/* --- building --- */

static bool read_journal(struct finder_index *index, struct error *err)
{
    bool is_behind = true;
    bool is_stale;

    while (is_behind) {
        if (!finder_index_follow(index, &is_behind, &is_stale, err))
            return false;
    }
    return true;
}

static bool make_names(struct finder_index *index, struct error *err)
{
    AUTO(names_free) struct names *names = names_new(index->tables);

    if (!companies_give(index->known, names, err))
        return false;
    names_ready(names);
    index->names = TAKE(names);
    return true;
}

bool finder_index_build(const struct config *config, struct store *store, struct finder_index **out, struct error *err)
{
    AUTO(finder_index_free) struct finder_index *index = memory_new(sizeof *index);
    AUTO(text_free) char *tables = path_join(config->data, "schemas/data/names");

    index->config = config;
    index->store = store;
    index->known = companies_new();
    if (!name_tables_load(tables, &index->tables, err) || !find_register(index, err) ||
        (index->has_register && !read_register(index, err)) || !read_journal(index, err) || !make_names(index, err) ||
        !read_journal(index, err))
        return false;
    *out = TAKE(index);
    return true;
}

/* --- asking --- */

uint64_t finder_index_sequence(const struct finder_index *index)
{
    return index->sequence;
}

bool finder_index_ask(struct finder_index *index, struct span text, struct finder_wish wish, struct buf *candidates,
                      struct buf *shown, struct error *err)
{
    struct name_answer answer;

    if (!names_find(index->names, text, &answer, err))
        return fail(err, ERR_INVALID, "no name");
    candidates_add(&answer, index->known, wish, candidates, shown);
    return true;
}

void finder_index_about(const struct finder_index *index, struct buf *out)
{
    if (index->has_register)
        buf_addf(out, "{\"edition\":\"%s\"", index->edition);
    else
        buf_add_text(out, "{\"edition\":null");
    json_count_add(out, ",\"names\":", names_count(index->names));
    if (index->has_register)
        buf_addf(out, ",\"register\":\"%s\"", index->sha256);
    else
        buf_add_text(out, ",\"register\":null");
    json_count_add(out, ",\"sequence\":", index->sequence);
    buf_add_byte(out, '}');
}
