#include "gateway/command/command_names.h"

#include "base/text.h"
#include "base/walk.h"
#include "gateway/command/ledger.h"
#include "gateway/registry/registry.h"

struct registering {
    const struct desk *desk;
    const struct names_file *file;
    bool is_new;
};

static void data_add(const struct names_file *file, struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    json_count_add(out, "{\"bytes\":", file->bytes);
    buf_addf(out, ",\"edition\":\"%s\",\"file\":", day_format(file->edition, day));
    json_string_add(out, span_of(file->name));
    json_count_add(out, ",\"former\":", file->former);
    json_count_add(out, ",\"names\":", file->names);
    json_count_add(out, ",\"refused\":", file->refused);
    json_count_add(out, ",\"repeated\":", file->repeated);
    json_count_add(out, ",\"rows\":", file->rows);
    buf_addf(out, ",\"sha256\":\"%s\"}", file->sha256);
}

/* An edition is replaced by a later one, or by a better file of the same day; an older one would bring old names back.
 */
static bool judge(struct store_txn *txn, struct registering *registering, struct error *err)
{
    const struct names_file *file = registering->file;
    char day[DAY_TEXT_BYTES];
    struct span data, edition;
    uint64_t sequence;

    registering->is_new = true;
    if (!registry_names(txn, &sequence, &data))
        return store_txn_is_good(txn, err);
    edition = walk_plain_of(data, "edition");
    registering->is_new =
        !span_is(walk_plain_of(data, "sha256"), file->sha256) || !span_is(edition, day_format(file->edition, day));
    /* Days compare as texts. */
    if (edition.bytes == DAY_TEXT_BYTES - 1 && memcmp(edition.at, day_format(file->edition, day), edition.bytes) > 0)
        return refuse(err, ERR_CONFLICT, "names.older",
                      "the register of names that is in use is of %.*s, later than this one (%s)",
                      "现用企业名称库的版次为 %.*s，晚于本文件（%s）", (int)edition.bytes, edition.at, day);
    return true;
}

static bool work(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(ledger_free) struct ledger *ledger = NULL;
    AUTO(buf_done) struct buf data = BUF_INIT;
    struct registering *registering = context;
    const struct desk *desk = registering->desk;

    if (!judge(txn, registering, err))
        return false;
    if (!registering->is_new)
        return true;
    data_add(registering->file, &data);
    if (!ledger_new(txn, desk->clock, &ledger, err))
        return false;
    ledger_set_job(ledger, desk->job);
    return ledger_emit(ledger, desk->person, "names.registered", buf_span(&data), NULL, err) &&
           ledger_finish(ledger, err);
}

bool command_names_register(const struct desk *desk, const struct names_file *file, bool *is_new, struct error *err)
{
    struct registering registering = {desk, file, false};

    if (!store_write(desk->store, work, &registering, err))
        return false;
    *is_new = registering.is_new;
    return true;
}
