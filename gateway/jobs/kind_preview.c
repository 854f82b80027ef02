/* kind_preview.c - what an order would do, before anybody gives it: "preview" takes the arguments of the order and
 * which one it is, changes nothing, and says of each item whether it would be done or refused, what each channel would
 * receive, and what would be different then. */
#include <stdlib.h>
#include <string.h>

#include "adapters/layout.h"
#include "base/text.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/lists.h"
#include "gateway/jobs/preview.h"
#include "gateway/jobs/proposing.h"

const char *const PREVIEW_ORDERS[PREVIEW_ORDER_COUNT + 1] = {
    "propose", "correct", "withdraw", "repair", "dispute", "settle", "approve", "return", "push", NULL,
};

/* As the order itself would be judged. */
bool kind_check_preview(const json_t *arguments, struct error *err)
{
    AUTO(json_release) json_t *inner = json_copy((json_t *)arguments); /* only reads */
    const struct kind *kind = kind_find(argument_text(arguments, "order"));

    json_object_del(inner, "order");
    return kind && arguments_check(kind->arguments, inner, err) && (!kind->check || kind->check(inner, err));
}

/* --- gathering --- */

struct unfound {
    char id[ARGUMENT_ID_BYTES_MAX + 1];
    struct error why;
};

struct gathering {
    struct unfound *list;
    size_t count;
};

static void see_unfound(void *context, const char *id, const struct error *why)
{
    struct gathering *gathering = context;
    struct unfound *unfound = &gathering->list[gathering->count++];

    snprintf(unfound->id, sizeof unfound->id, "%s", id);
    unfound->why = *why;
}

static void make_items(struct preview *preview, const struct named *named, const struct gathering *gathering)
{
    preview->named = named->count;
    preview->count = named->count + gathering->count;
    preview->items = memory_new((preview->count + 1) * sizeof *preview->items);
    for (size_t i = 0; i < preview->count; i++) {
        struct preview_item *item = &preview->items[i];

        item->answers = memory_new((preview->domain_count + 1) * sizeof *item->answers);
        item->publication_end = item->held_until = DAY_NONE;
        if (i < named->count)
            item->seen = named->seen[i];
        if (i >= named->count) {
            item->result = PREVIEW_REFUSED;
            item->why = gathering->list[i - named->count].why;
            buf_add_text(&item->name, gathering->list[i - named->count].id);
        } else if (preview->order == PREVIEW_PROPOSE) {
            memcpy(item->obligation, named_at(named, i), sizeof item->obligation);
        } else {
            memcpy(item->record, named_at(named, i), sizeof item->record);
        }
    }
}

static bool gather(struct preview *preview, struct error *err)
{
    AUTO(named_done) struct named named = {.ids = NULL};
    size_t asked = argument_id_count(preview->work->arguments);
    struct gathering gathering = {.list = memory_new((asked + 1) * sizeof *gathering.list)};
    bool is_good = named_find(preview->work, preview->order != PREVIEW_PROPOSE, see_unfound, &gathering, &named, err);

    if (is_good)
        make_items(preview, &named, &gathering);
    free(gathering.list);
    return is_good;
}

/* --- what it is tried with --- */

/* A channel that is not used gets nothing, which is no failure of a preview. */
static bool load_channel(struct preview *preview, enum channel channel, struct error *err)
{
    const struct config *config = preview->work->environment->config;
    struct preview_channel *of = &preview->channels[channel];

    if (!channel_settings_load(config, channel, &of->settings, &of->why)) {
        if (of->why.code != ERR_REFUSED) {
            if (err)
                *err = of->why;
            return false;
        }
        return true;
    }
    of->why.code = ERR_NONE;
    return channel_layout_load(config, channel, &of->layout, err);
}

static bool load(struct preview *preview, struct error *err)
{
    const char *data = preview->work->environment->config->data;
    AUTO(text_free) char *consumers = path_join(data, "adapters/consumers");
    AUTO(text_free) char *schemas = path_join(data, "schemas");

    if (!work_load_rules(preview->work, err) || !domains_load(consumers, schemas, &preview->domains, err))
        return false;
    while (domains_at(preview->domains, preview->domain_count))
        preview->domain_count++;
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        if (!load_channel(preview, (enum channel)channel, err))
            return false;
    }
    return true;
}

static bool read_proposal(struct preview *preview, struct error *err)
{
    if (preview->order == PREVIEW_PROPOSE) {
        proposing_new(preview->work, &preview->proposal);
        return true;
    }
    return preview->order > PREVIEW_SETTLE || proposing_change(preview->work, PREVIEW_ORDERS[preview->order],
                                                               &preview->statement, &preview->proposal, err);
}

static void preview_done(struct preview *preview)
{
    for (size_t i = 0; i < preview->count; i++) {
        struct preview_item *item = &preview->items[i];

        buf_done(&item->name);
        buf_done(&item->claim);
        buf_done(&item->held);
        for (int channel = 0; channel < STAGE_COUNT; channel++)
            buf_done(&item->sendings[channel].json);
        free(item->answers);
    }
    free(preview->items);
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        channel_settings_free(preview->channels[channel].settings);
        layout_free(preview->channels[channel].layout);
    }
    domains_free(preview->domains);
    buf_done(&preview->statement);
}
DEFINE_AUTO_IN_PLACE(struct preview, preview_done)

/* --- the report --- */

static const struct listing_column COLUMNS[] = {
    {"结果", "result", 0, false},
    {"记录", "record", 0, false},
    {"企业", "enterprise", 40, false},
    {"信用广东", "credit-guangdong", 0, true},
    {"全国平台", "national-platform", 0, true},
    {"信用中国", "credit-china", 0, true},
    {"会怎样", "what would happen", 0, false},
};
enum { CELL_RESULT, CELL_RECORD, CELL_NAME, CELL_CHANNELS, CELL_WILL = CELL_CHANNELS + STAGE_COUNT, CELL_COUNT };
_Static_assert(CELL_COUNT == COUNT_OF(COLUMNS), "a cell for each column");

struct telling {
    const struct work *work;
    struct buf *out;
};

static void add_sentence(const char *topic, const char *zh, const char *en, void *context)
{
    const struct telling *telling = context;

    (void)topic;
    buf_addf(telling->out, "%s%s", telling->out->bytes ? work_say(telling->work, "", " ") : "",
             work_say(telling->work, zh, en));
}

static void add_row(const struct preview *preview, const struct preview_item *item, struct listing *listing)
{
    static const char *const ZH[] = {"未变", "拒绝", "可行"};
    static const char *const EN[] = {"unchanged", "refused", "would be done"};
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(buf_done) struct buf will = BUF_INIT;
    struct telling telling = {preview->work, &will};
    char counts[STAGE_COUNT][12];
    struct span cells[CELL_COUNT];

    preview_item_add(preview, item, &json);
    preview_words(preview, item, add_sentence, &telling);
    cells[CELL_RESULT] = span_of(work_say(preview->work, ZH[item->result], EN[item->result]));
    cells[CELL_RECORD] = span_of(item->record[0] ? item->record : "-");
    cells[CELL_NAME] = buf_span(&item->name);
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        snprintf(counts[channel], sizeof counts[channel], "%u", item->sendings[channel].count);
        cells[CELL_CHANNELS + channel] = span_of(counts[channel]);
    }
    cells[CELL_WILL] = buf_span(&will);
    listing_row(listing, cells, buf_span(&json));
}

static bool tell(struct preview *preview, struct error *err)
{
    AUTO(listing_free) struct listing *listing = NULL;
    AUTO(buf_done) struct buf head = BUF_INIT;
    AUTO(buf_done) struct buf closing = BUF_INIT;
    struct work *work = preview->work;
    uint64_t counts[PREVIEW_DONE + 1] = {0};

    if (!listing_new(work->folder, work_is_chinese(work), COLUMNS, COUNT_OF(COLUMNS), &listing, err))
        return false;
    for (size_t i = 0; i < preview->count; i++) {
        counts[preview->items[i].result]++;
        add_row(preview, &preview->items[i], listing);
    }
    work_count(work, "done", counts[PREVIEW_DONE]);
    work_count(work, "refused", counts[PREVIEW_REFUSED]);
    work_count(work, "skipped", counts[PREVIEW_UNCHANGED]);
    work->exit = counts[PREVIEW_REFUSED] > 0 ? WORK_EXIT_SOME_REFUSED : WORK_EXIT_DONE;
    if (preview->tells_answers)
        work_count(work, KIND_TELLS_ANSWERS, 1);
    preview_head_add(preview, &head);
    json_count_add(&head, "\"done\":", counts[PREVIEW_DONE]);
    json_count_add(&head, ",\"refused\":", counts[PREVIEW_REFUSED]);
    json_count_add(&head, ",\"skipped\":", counts[PREVIEW_UNCHANGED]);
    buf_add_byte(&head, ',');
    buf_addf(&closing,
             work_is_chinese(work) ? "预览：可行 %llu，拒绝 %llu，无需处理 %llu。什么都没有改变，什么都没有发出。"
                                   : "Preview: %llu would be done, %llu refused, %llu with nothing to do. Nothing was "
                                     "changed, nothing sent.",
             (unsigned long long)counts[PREVIEW_DONE], (unsigned long long)counts[PREVIEW_REFUSED],
             (unsigned long long)counts[PREVIEW_UNCHANGED]);
    return lists_finish(work, listing, buf_span(&head), buf_span(&closing), err);
}

bool run_preview(struct work *work, struct error *err)
{
    AUTO(preview_done) struct preview preview = {.work = work};

    preview.tells_answers = (work_roles(work) & KIND_LOOKERS) != 0;
    preview.order = (enum preview_order)argument_choice(work->arguments, "order", PREVIEW_ORDERS);
    return read_proposal(&preview, err) && load(&preview, err) && gather(&preview, err) && preview_try(&preview, err) &&
           tell(&preview, err);
}
