#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "gateway/jobs/lists.h"
#include "gateway/jobs/reconcile.h"
#include "gateway/registry/records.h"

enum { NAME_COLUMNS = 40 };

static const struct listing_column COLUMNS[] = {
    {"结论", "verdict", 0, false},
    {"记录", "record", 0, false},
    {"本方版本", "our version", 0, true},
    {"对方版本", "their version", 0, true},
    {"企业", "enterprise", NAME_COLUMNS, false},
    {"代码", "code", 0, false},
    {"怎么办", "what to do", 0, false},
};
enum { CELL_VERDICT, CELL_RECORD, CELL_OURS, CELL_THEIRS, CELL_NAME, CELL_CODE, CELL_NOTE, CELL_COUNT };
_Static_assert(COUNT_OF(COLUMNS) == CELL_COUNT, "a cell a column");

static const struct {
    const char *word; /* Chinese */
    const char *zh;
    const char *en;
} ADVICE[FINDING_COUNT] = {
    [FINDING_MISSING] = {"缺失", "对方已确认接收却未列出：加 --repair 重新报送",
                         "they acknowledged it and do not list it: send it again with --repair"},
    [FINDING_OLDER] = {"旧版", "对方仍是旧版本：加 --repair 重新报送其后的版本",
                       "they hold an old version: send what follows again with --repair"},
    [FINDING_DIFFERENT] = {"不同", "同一版本内容不同：与对方核对；本方有误的更正（correct）后以新版本报送",
                           "the same version with other content: compare with them; if ours is wrong correct the "
                           "record and push the new version"},
    [FINDING_NEWER] = {"更新", "对方版本高于其已确认的版本：与对方核对该版本从何而来",
                       "they hold a version above what they acknowledged: ask them where it comes from"},
    [FINDING_EXTRA] = {"多出", "对方从未确认接收本方的这条记录：与对方核对，不应持有的请其删除",
                       "nothing of it was ever acknowledged to us: ask them, and have it removed if it must not be "
                       "there"},
};

struct reconcile_rows {
    struct work *work;
    struct listing *listing;
    struct buf json;
    struct buf hold;
    struct buf note;
};

bool reconcile_rows_new(struct work *work, struct reconcile_rows **out, struct error *err)
{
    AUTO(reconcile_rows_free) struct reconcile_rows *rows = memory_new(sizeof *rows);

    rows->work = work;
    if (!listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &rows->listing, err))
        return false;
    *out = TAKE(rows);
    return true;
}

void reconcile_rows_free(struct reconcile_rows *rows)
{
    if (!rows)
        return;
    listing_free(rows->listing);
    buf_done(&rows->json);
    buf_done(&rows->hold);
    buf_done(&rows->note);
    free(rows);
}

struct listing *reconcile_rows_listing(struct reconcile_rows *rows)
{
    return rows->listing;
}

static void side_json(const char *who, const struct side *side, struct buf *out)
{
    static const uint8_t NONE[32] = {0};

    buf_addf(out, ",\"%s\":", who);
    if (side->version == 0) {
        buf_add_text(out, "null");
        return;
    }
    buf_addf(out, "{\"version\":%u,\"op\":", side->version);
    if (side->op)
        buf_addf(out, "%u", side->op);
    else
        buf_add_text(out, "null");
    buf_add_text(out, ",\"sm3\":");
    if (memcmp(side->sm3, NONE, sizeof NONE) == 0) {
        buf_add_text(out, "null}");
        return;
    }
    buf_add_byte(out, '"');
    hex_add(out, side->sm3, sizeof side->sm3);
    buf_add_text(out, "\"}");
}

/* What stands in the last column: what was done, or what to do. */
static void make_note(struct reconcile_rows *rows, enum finding finding, const struct outcome *outcome)
{
    const struct work *work = rows->work;

    buf_clear(&rows->note);
    if (!outcome) {
        buf_add_text(&rows->note, work_say(work, ADVICE[finding].zh, ADVICE[finding].en));
    } else if (outcome->is_done) {
        buf_add_text(&rows->note, work_say(work, "已重新排队", "queued again"));
    } else {
        buf_add_text(&rows->note, error_text(outcome->refusal, work->lang));
        buf_addf(&rows->note, " [%s]", outcome->refusal->rule);
    }
}

static void row_json(struct reconcile_rows *rows, const struct pair *pair, const struct record *record,
                     const struct outcome *outcome)
{
    struct buf *out = &rows->json;
    const char *result = !outcome ? NULL : outcome->is_done ? "queued" : "refused";

    buf_clear(out);
    lists_text(out, "{\"verdict\":", span_of(FINDING_NAMES[pair->finding]));
    lists_text(out, ",\"record\":", span_of(pair->record));
    side_json("ours", &pair->ours, out);
    side_json("theirs", &pair->theirs, out);
    lists_text(out, ",\"name\":", record->name);
    lists_text(out, ",\"uscc\":", record->uscc);
    lists_text(out, ",\"result\":", span_of(result));
    lists_text(out, ",\"rule\":", outcome && outcome->refusal ? span_of(outcome->refusal->rule) : SPAN_NONE);
    lists_text(out, ",\"message\":", buf_span(&rows->note));
    buf_add_byte(out, '}');
}

static struct span version_text(const struct side *side, char text[12])
{
    if (side->version == 0)
        return SPAN("-");
    snprintf(text, 12, "%u", side->version);
    return span_of(text);
}

void reconcile_rows_add(struct reconcile_rows *rows, struct store_txn *txn, const struct pair *pair,
                        const struct outcome *outcome)
{
    struct record_version version = {.record = {.version = 0}};
    struct error ignored; /* only for the eyes; they may hold what we know nothing of */
    struct span cells[CELL_COUNT];
    char ours[12], theirs[12];

    if (!records_load(txn, span_of(pair->record), 0, &version, &rows->hold, &ignored))
        version.record.name = version.record.uscc = SPAN_NONE;
    make_note(rows, pair->finding, outcome);
    row_json(rows, pair, &version.record, outcome);
    cells[CELL_VERDICT] = span_of(work_say(rows->work, ADVICE[pair->finding].word, FINDING_NAMES[pair->finding]));
    cells[CELL_RECORD] = span_of(pair->record);
    cells[CELL_OURS] = version_text(&pair->ours, ours);
    cells[CELL_THEIRS] = version_text(&pair->theirs, theirs);
    cells[CELL_NAME] = version.record.name;
    cells[CELL_CODE] = version.record.uscc;
    cells[CELL_NOTE] = buf_span(&rows->note);
    listing_row(rows->listing, cells, buf_span(&rows->json));
}
