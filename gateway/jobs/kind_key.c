/* kind_key.c - one of the gateway's keys is followed by another. The key is made in the signer process; here only its
 * id is known. */
#include <string.h>

#include "gateway/command/command_key.h"
#include "gateway/jobs/kinds.h"
#include "gateway/jobs/results.h"

static const struct results_closing ROTATED = {
    "公钥文件（public-keys.json、/v1/keys）已更新，请交给查验方；旧密钥的签名仍可查验。",
    "public-keys.json and /v1/keys tell the new key: hand it to whoever verifies. What the old one signed still does."};

bool run_key(struct work *work, struct error *err)
{
    AUTO(results_free) struct results *results = NULL;
    AUTO(text_free) char *public_file = config_state_path(work->environment->config, "public-keys.json");
    int32_t day = argument_day(work->arguments, "from");
    struct key_rotation rotation = {.kid = argument_id(work->arguments, 0),
                                    .reason = argument_text(work->arguments, "reason"),
                                    .from_ms = day == DAY_NONE ? 0 : day_start_ms(day),
                                    .public_file = public_file};
    struct error why = {.code = ERR_NONE};
    char next[KEY_ID_BYTES];

    if (!results_new(work, &results, err))
        return false;
    if (command_key_rotate(&work->desk, &rotation, next, &why)) {
        AUTO(buf_done) struct buf words = BUF_INIT;

        buf_addf(&words, "%s %s", work_say(work, "接替", "follows"), rotation.kid);
        results_told(results, "key", next, buf_text(&words));
    } else if (*why.rule) {
        results_other(results, "key", rotation.kid, &why);
    } else {
        if (err)
            *err = why;
        return false;
    }
    return results_finish(results, &ROTATED, err);
}
