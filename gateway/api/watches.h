/* watches.h - what the files about watch lists share; nobody else includes it. */
#ifndef GATEWAY_API_WATCHES_H
#define GATEWAY_API_WATCHES_H

#include "base/json.h"
#include "gateway/api/asking.h"
#include "gateway/watch/watch.h"

/* A call on its way. Every one is traced, whatever came of it. */
struct watching {
    struct visit *visit;
    const struct client *client;
    const struct domain *domain;
    char purpose[WATCH_TEXT_MAX + 1];
    struct span uscc; /* of a call about one subject */
    int64_t at_ms;
    char receipt[TRACE_RECEIPT_BYTES];
    uint32_t number; /* of the watch it is about; 0: none */
};

/* {"domain","id","opened_at","purpose","subjects"} */
void watches_add(const struct watch *watch, struct buf *out);
/* {"receipt","watch"}: how it stands. ERR_NOT_FOUND "watch.unknown" when it is not this client's. */
MUST_CHECK bool watches_tell(const struct watching *watching, struct error *err);
/* GET: all of a client, or one with its subjects. */
MUST_CHECK bool watches_list(struct watching *watching, struct error *err);
MUST_CHECK bool watches_show(struct watching *watching, struct error *err);

/* What a client asks to be watched. The spans are borrowed from `json`. */
struct watches_words {
    json_t *json;
    const char *domain;
    const char *purpose;
    struct span *subjects; /* ascending, each once */
    size_t subject_count;
    struct span *removed;
    size_t removed_count;
    char sha256[65]; /* of the request in canonical form */
};
void watches_words_done(struct watches_words *words);
/* {"domain","purpose","subjects"?}. ERR_INVALID "watch.form", "uscc.…"; ERR_LIMIT "watch.subjects-at-once". */
MUST_CHECK bool watches_words_opening(struct span body, struct watches_words *out, struct error *err);
/* {"add"?,"remove"?}: into subjects and removed; no code is in both. */
MUST_CHECK bool watches_words_change(struct span body, struct watches_words *out, struct error *err);

DEFINE_AUTO_IN_PLACE(struct watches_words, watches_words_done)

#endif
