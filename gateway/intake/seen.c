#include "gateway/intake/seen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "gateway/store/store.h"
#include "keys/digest.h"

enum { DIGEST_BYTES = 16, LINE_BYTES = 8, BATCH_ROWS = 50000 };

/* 5,000,000 rows take less than 1 GiB of it. */
static const size_t MAP_BYTES = (size_t)2 << 30;

struct seen {
    char *folder;
    struct store *store;
    struct store_txn *txn; /* a write that is open between rows */
    size_t pending;
    struct buf json;
};

bool seen_new(const char *folder, struct seen **out, struct error *err)
{
    const struct store_options options = {.map_bytes = MAP_BYTES, .creates = true, .is_scratch = true};
    AUTO(seen_free) struct seen *seen = memory_new(sizeof *seen);
    char *path = path_join(folder, "creditgate-XXXXXX");

    if (!mkdtemp(path)) {
        text_free(path);
        return fail(err, ERR_IO, "%s: a temporary folder: %s", folder, strerror(errno));
    }
    seen->folder = path;
    if (!store_open(path, &options, &seen->store, err))
        return false;
    *out = TAKE(seen);
    return true;
}

void seen_free(struct seen *seen)
{
    struct error err;

    if (!seen)
        return;
    store_abort(seen->txn);
    store_close(seen->store);
    if (seen->folder && !file_remove_tree(seen->folder, &err))
        log_warning("intake", "a temporary folder stays: %s", err.text);
    text_free(seen->folder);
    buf_done(&seen->json);
    free(seen);
}

static bool begin(struct seen *seen, struct error *err)
{
    if (seen->txn && seen->pending >= BATCH_ROWS && !store_commit(TAKE(seen->txn), err))
        return false;
    if (seen->txn)
        return true;
    seen->pending = 0;
    return store_begin(seen->store, STORE_WRITE, &seen->txn, err);
}

static void digest_of(struct seen *seen, const struct obligation *row, uint8_t digest[32])
{
    buf_clear(&seen->json);
    obligation_json_add(row, &seen->json);
    digest_sha256(buf_span(&seen->json), digest);
}

bool seen_check(struct seen *seen, const struct obligation *row, size_t line, enum seen_verdict *verdict,
                size_t *earlier, struct error *err)
{
    uint8_t id[OBLIGATION_ID_BYTES];
    struct span key = {(const char *)id, sizeof id};
    uint8_t digest[32];
    uint8_t entry[DIGEST_BYTES + LINE_BYTES];
    struct span found;

    if (!begin(seen, err))
        return false;
    obligation_id(row, id);
    digest_of(seen, row, digest);
    if (store_get(seen->txn, STORE_OBLIGATIONS, key, &found) && found.bytes == sizeof entry) {
        *verdict = memcmp(found.at, digest, DIGEST_BYTES) == 0 ? SEEN_REPEAT : SEEN_CONTRADICTION;
        *earlier = (size_t)store_read_u64(found.at + DIGEST_BYTES);
        return true;
    }
    memcpy(entry, digest, DIGEST_BYTES);
    store_key_u64(entry + DIGEST_BYTES, line);
    store_put(seen->txn, STORE_OBLIGATIONS, key, (struct span){(const char *)entry, sizeof entry});
    seen->pending++;
    *verdict = SEEN_NEW;
    *earlier = line;
    return store_txn_is_good(seen->txn, err);
}
