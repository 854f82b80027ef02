#include "tests/fault/model/platform.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "tests/fault/model/staff.h"

enum { FAULT_BYTES = 320, PATIENCE_MS = 100, CALM_PATIENCE_MS = 10000 };

static long ask(const struct stage *stage, const char *method, const char *path, struct span body, struct buf *answer)
{
    bool is_order = body.at != NULL;
    AUTO(text_free) char *socket = stage_path(stage, "control.sock");

    return unix_ask(&(struct unix_request){socket, method, path, body, 0, is_order ? PATIENCE_MS : CALM_PATIENCE_MS},
                    answer);
}

/* What chance (the sandbox's own chaos) does not make: what people are needed for, and what hits one record. `%s` is
 * the platform and the call, `%d` a number; delays are short, since the gateway's patience (2 s) would cost a seed too
 * much time. */
static const char *const FAULTS[] = {
    "\"lost-reply\"",
    "\"lost-reply\"",
    "\"close\"",
    "\"reset\",\"after\":true",
    "\"reset-body\"",
    "\"cut\",\"bytes\":100",
    "\"delay\",\"ms\":60",
    "\"malformed\"",
    "\"wrong-types\"",
    "\"status\",\"status\":401",
    "\"status\",\"status\":403",
    "\"status\",\"status\":404",
    "\"status\",\"status\":413",
    "\"status\",\"status\":422",
    "\"status\",\"status\":500,\"after\":true",
    "\"status\",\"status\":503,\"retry_after\":\"0\"",
};
static const char *const ROW_FAULTS[] = {"rows-missing", "rows-twice", "rows-foreign", "rows-contradict"};
static const char *const PLACES[] = {"upload", "second", "doubt", "task", "key", "any"};

static void choose(struct dice *dice, const char *record, char fault[FAULT_BYTES])
{
    const char *channel = CHANNEL_NAMES[dice_roll(dice, STAGE_COUNT)];
    const char *on = PLACES[dice_roll(dice, COUNT_OF(PLACES))];
    unsigned times = 1 + dice_roll(dice, 3);
    unsigned kind = dice_roll(dice, record[0] ? 18 : 11);
    char where[96];

    if (kind > 10 && dice_percent(dice, 40))
        channel = CHANNEL_NAMES[CHANNEL_CREDIT_GUANGDONG]; /* everything comes by there */
    snprintf(where, sizeof where, "\"platform\":\"%s\",\"on\":\"%s\"", channel, on);
    if (kind < 7) {
        snprintf(fault, FAULT_BYTES, "{\"fault\":%s,%s,\"times\":%u}", FAULTS[dice_roll(dice, COUNT_OF(FAULTS))], where,
                 times);
    } else if (kind == 7) {
        /* Of outcomes only: an old list of what is held would be believed. */
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"previous\",\"platform\":\"%s\",\"on\":\"task\"}", channel);
    } else if (kind == 8) {
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"result-delay\",\"platform\":\"%s\",\"polls\":%u}", channel,
                 1 + dice_roll(dice, 5));
    } else if (kind == 9) {
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"result-steps\",\"platform\":\"credit-china\",\"steps\":2}");
    } else if (kind == 10) {
        snprintf(fault, FAULT_BYTES, "{\"fault\":\"%s\",\"platform\":\"%s\"}",
                 ROW_FAULTS[dice_roll(dice, COUNT_OF(ROW_FAULTS))], channel);
    } else if (kind == 11) {
        snprintf(fault, FAULT_BYTES,
                 "{\"fault\":\"refuse-body\",\"platform\":\"%s\",\"code\":\"%s\",\"rowid\":\"%s\",\"times\":%u}",
                 channel, strcmp(channel, "national-platform") == 0 ? "E-301" : "6002", record, times);
    } else {
        snprintf(fault, FAULT_BYTES,
                 "{\"fault\":\"refuse-row\",\"platform\":\"%s\",\"rowid\":\"%s\",\"code\":\"40001\",\"message\":"
                 "\"不在名录\"}",
                 channel, record);
    }
}

void platform_misbehave(const struct stage *stage, struct dice *dice, const char *record)
{
    AUTO(buf_done) struct buf order = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;
    char fault[FAULT_BYTES];
    long status;

    if (dice_percent(dice, 5)) {
        (void)ask(stage, "POST", "/control/expire", SPAN("{\"platform\":\"national-platform\"}"), &answer);
        return;
    }
    choose(dice, record, fault);
    buf_addf(&order, "{\"next\":[%s]}", fault);
    status = ask(stage, "POST", "/control/faults", buf_span(&order), &answer);
    if (status != 0 && status != 200)
        fprintf(stderr, "the sandbox does not take %s: %ld %s\n", buf_text(&order), status, buf_text(&answer));
}

bool platform_calm(const struct stage *stage, struct error *err)
{
    static const char *const PATHS[] = {"/control/chaos", "/control/line", "/control/faults"};

    for (size_t i = 0; i < COUNT_OF(PATHS); i++) {
        AUTO(buf_done) struct buf answer = BUF_INIT;
        long status = ask(stage, "DELETE", PATHS[i], SPAN_NONE, &answer);

        if (status != 200)
            return fail(err, ERR_IO, "the sandbox answers %ld to being calmed: %.200s", status, buf_text(&answer));
    }
    return true;
}

bool platform_state(const struct stage *stage, enum channel channel, json_t **out, struct error *err)
{
    AUTO(buf_done) struct buf answer = BUF_INIT;
    char path[96];
    long status;

    snprintf(path, sizeof path, "/control/state?platform=%s", CHANNEL_NAMES[channel]);
    status = ask(stage, "GET", path, SPAN_NONE, &answer);
    return (status == 200 || fail(err, ERR_IO, "the sandbox answers %ld to /control/state", status)) &&
           json_read(buf_span(&answer), JSON_BYTES_MAX, out, err);
}
