#include "tests/fault/model/platform.h"

#include <stdio.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/fault/model/staff.h"

enum { FAULT_BYTES = 256, PATIENCE_MS = 100, CALM_PATIENCE_MS = 10000 };

static long ask(const struct stage *stage, const char *method, const char *path, struct span body, struct buf *answer)
{
    bool is_order = body.at != NULL;
    AUTO(text_free) char *socket = stage_path(stage, "control.sock");

    return unix_ask(&(struct unix_request){socket, method, path, body, 0, is_order ? PATIENCE_MS : CALM_PATIENCE_MS},
                    answer);
}

/* Delays on both sides of the gateway's patience (2 s) would cost a seed too much time: short ones only. */
static void choose(struct dice *dice, const char *record, char fault[FAULT_BYTES])
{
    static const char *const PLACES[] = {"upload", "task", "any"};
    static const int STATUSES[] = {500, 502, 503, 429, 408, 504, 401, 404, 413, 422};
    const char *on = PLACES[dice_roll(dice, COUNT_OF(PLACES))];
    unsigned times = 1 + dice_roll(dice, 3);

    switch (dice_roll(dice, record[0] ? 14 : 10)) {
    case 0:
    case 1:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"lost-reply\",\"on\":\"%s\",\"times\":%u}", on, times);
        return;
    case 2:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"close\",\"on\":\"%s\",\"times\":%u}", on, times);
        return;
    case 3:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"delay\",\"on\":\"%s\",\"ms\":%u}", on, 5 + dice_roll(dice, 80));
        return;
    case 4:
    case 5:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"malformed\",\"on\":\"%s\",\"times\":%u}", on, times);
        return;
    case 6:
    case 7:
    case 8:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"status\",\"on\":\"%s\",\"status\":%d,\"after\":%s}", on,
                 STATUSES[dice_roll(dice, COUNT_OF(STATUSES))], dice_percent(dice, 50) ? "true" : "false");
        return;
    case 9:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"result-delay\",\"polls\":%u}", 1 + dice_roll(dice, 5));
        return;
    case 10:
    case 11:
    case 12:
        snprintf(fault, FAULT_BYTES,
                 "{\"fault\":\"refuse-row\",\"rowid\":\"%s\",\"code\":\"40001\",\"message\":\"不在名录\"}", record);
        return;
    default:
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"refuse-body\",\"rowid\":\"%s\",\"code\":\"6002\",\"times\":%u}",
                 record, times);
    }
}

void platform_misbehave(const struct stage *stage, struct dice *dice, const char *record)
{
    AUTO(buf_done) struct buf order = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;
    char fault[FAULT_BYTES];

    choose(dice, record, fault);
    buf_addf(&order, "{\"next\":[%s]}", fault);
    (void)ask(stage, "POST", "/control/faults", buf_span(&order), &answer);
}

bool platform_calm(const struct stage *stage, struct error *err)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    long status = ask(stage, "DELETE", "/control/faults", SPAN_NONE, &answer);

    return status == 200 || fail(err, ERR_IO, "the sandbox answers %ld to being calmed", status);
}

bool platform_state(const struct stage *stage, enum channel channel, json_t **out, struct error *err)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    char path[96];
    long status;

    if (!stage->has_platform[channel])
        return true;
    snprintf(path, sizeof path, "/control/state?platform=%s", CHANNEL_NAMES[channel]);
    status = ask(stage, "GET", path, SPAN_NONE, &answer);
    return (status == 200 || fail(err, ERR_IO, "the sandbox answers %ld to /control/state", status)) &&
           json_read(buf_span(&answer), JSON_BYTES_MAX, out, err);
}
