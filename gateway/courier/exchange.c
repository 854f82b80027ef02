#include "gateway/courier/exchange.h"

enum { POLL_MS = 1000 };

static bool wait_for(CURLM *multi, CURLcode *code, struct error *err)
{
    CURLMsg *message;
    int running = 1;
    int left;

    for (;;) {
        CURLMcode state = curl_multi_perform(multi, &running);

        message = curl_multi_info_read(multi, &left);
        if (message && message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return true;
        }
        if (state == CURLM_OK && running > 0)
            state = curl_multi_poll(multi, NULL, 0, POLL_MS, NULL);
        if (state != CURLM_OK || running == 0)
            return fail(err, ERR_INTERNAL, "libcurl: %s", curl_multi_strerror(state));
    }
}

bool exchange(CURLM *multi, const struct transfer_order *order, struct transfer **out, struct error *err)
{
    struct transfer *transfer;
    CURLcode code;

    if (!transfer_start(multi, order, &transfer, err))
        return false;
    if (!wait_for(multi, &code, err)) {
        transfer_break_off(multi, transfer, "");
        transfer_free(transfer);
        return false;
    }
    transfer_end(multi, transfer, code);
    *out = transfer;
    return true;
}
