/* h2_raw.h - HTTP/2 in raw frames (RFC 9113 section 4.1), for what nghttp2 would never send. */
#ifndef TESTS_UNIT_GATEWAY_HTTP_H2_RAW_H
#define TESTS_UNIT_GATEWAY_HTTP_H2_RAW_H

#include "h2.h"

#define H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum {
    H2_END_STREAM = NGHTTP2_FLAG_END_STREAM,
    H2_END_HEADERS = NGHTTP2_FLAG_END_HEADERS,
    H2_PADDED = NGHTTP2_FLAG_PADDED,
    H2_WHOLE = H2_END_STREAM | H2_END_HEADERS
};

struct h2_frame {
    size_t bytes;
    uint8_t type;
    uint8_t flags;
    uint32_t stream_id;
    uint8_t payload[16384 + 1];
};

static inline void h2_add_frame(struct buf *out, uint8_t type, uint8_t flags, uint32_t stream_id, struct span payload)
{
    const uint8_t head[9] = {(uint8_t)(payload.bytes >> 16),
                             (uint8_t)(payload.bytes >> 8),
                             (uint8_t)payload.bytes,
                             type,
                             flags,
                             (uint8_t)(stream_id >> 24),
                             (uint8_t)(stream_id >> 16),
                             (uint8_t)(stream_id >> 8),
                             (uint8_t)stream_id};

    buf_add(out, head, sizeof head);
    buf_add_span(out, payload);
}

/* A length in HPACK (RFC 7541 section 5.1), seven bits of prefix, no Huffman code. */
static inline void h2_add_text(struct buf *out, struct span text)
{
    size_t rest = text.bytes - 127;

    if (text.bytes < 127) {
        buf_add_byte(out, (char)text.bytes);
    } else {
        buf_add_byte(out, 127);
        for (; rest >= 128; rest /= 128)
            buf_add_byte(out, (char)(rest % 128 + 128));
        buf_add_byte(out, (char)rest);
    }
    buf_add_span(out, text);
}

/* A literal field that goes into no table. */
static inline void h2_add_field(struct buf *block, struct span name, struct span value)
{
    buf_add_byte(block, 0);
    h2_add_text(block, name);
    h2_add_text(block, value);
}

/* ":method GET", ":scheme https", ":path /", ":authority a". */
static inline void h2_add_good_head(struct buf *block)
{
    buf_add(block, "\x82\x87\x84", 3);
    h2_add_field(block, SPAN(":authority"), SPAN("a"));
}

static inline void h2_add_get(struct buf *out, uint32_t stream_id)
{
    AUTO(buf_done) struct buf block = BUF_INIT;

    h2_add_good_head(&block);
    h2_add_frame(out, NGHTTP2_HEADERS, H2_WHOLE, stream_id, buf_span(&block));
}

static inline void h2_add_number(struct buf *out, uint8_t type, uint32_t stream_id, uint32_t number)
{
    const char bytes[4] = {(char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};

    h2_add_frame(out, type, 0, stream_id, (struct span){bytes, 4});
}

/* Whatever came is put into h2->in. */
static inline void h2_raw_gather(struct h2 *h2, int wait_ms)
{
    char part[16384];
    size_t got;

    h2_poll(h2, false, wait_ms);
    while ((got = h2_read(h2, part, sizeof part)) > 0)
        buf_add(&h2->in, part, got);
}

/* Returns how much the server took before it hung up. */
static inline size_t h2_raw_send(struct h2 *h2, struct span bytes)
{
    size_t sent = 0;

    while (sent < bytes.bytes && !h2->is_over) {
        size_t now = h2_write(h2, bytes.at + sent, bytes.bytes - sent);

        sent += now;
        if (now == 0)
            h2_poll(h2, true, 100);
        h2_raw_gather(h2, 0);
    }
    return sent;
}

/* The next frame of the server; false when there is none any more, or none within `wait_ms`. */
static inline bool h2_raw_next(struct h2 *h2, struct h2_frame *frame, int64_t wait_ms)
{
    int64_t until_ms = time_monotonic_ms() + wait_ms;
    const uint8_t *at;

    for (;;) {
        at = (const uint8_t *)buf_text(&h2->in);
        frame->bytes = h2->in.bytes >= 9 ? (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2] : 0;
        if (h2->in.bytes >= 9 + frame->bytes)
            break;
        if (h2->is_over || time_monotonic_ms() >= until_ms)
            return false;
        h2_raw_gather(h2, 20);
    }
    cr_assert_leq(frame->bytes, 16384u);
    frame->type = at[3];
    frame->flags = at[4];
    frame->stream_id = ((uint32_t)at[5] << 24 | (uint32_t)at[6] << 16 | (uint32_t)at[7] << 8 | at[8]) & 0x7fffffff;
    memcpy(frame->payload, at + 9, frame->bytes);
    h2->in.bytes -= 9 + frame->bytes;
    memmove(h2->in.data, h2->in.data + 9 + frame->bytes, h2->in.bytes);
    return true;
}

static inline uint32_t h2_number_of(const struct h2_frame *frame, size_t at)
{
    return (uint32_t)frame->payload[at] << 24 | (uint32_t)frame->payload[at + 1] << 16 |
           (uint32_t)frame->payload[at + 2] << 8 | frame->payload[at + 3];
}

/* What became of it. -1: nothing of the kind came. */
struct h2_outcome {
    int goaway;     /* its code */
    int last;       /* the last stream GOAWAY names */
    int reset;      /* the code of the last RST_STREAM */
    size_t resets;  /* how many came */
    size_t answers; /* HEADERS frames */
    int status;     /* of the last answer */
    bool is_over;   /* the server hung up */
};

/* The first field of each answer is its status, and nghttp2 writes it by index (RFC 7541 appendix A) or as a literal
 * with the name's index 8, Huffman-coded or put into its table; only the codes used here are read. */
static inline int h2_status_of(const struct h2_frame *frame)
{
    static const int INDEXED[] = {200, 204, 206, 304, 400, 404, 500};

    size_t at = 0;

    while (at < frame->bytes && (frame->payload[at] & 0xe0) == 0x20) /* the size of the encoder's table */
        at += frame->payload[at] == 0x3f ? 3 : 1;
    if (frame->payload[at] >= 0x88 && frame->payload[at] <= 0x8e)
        return INDEXED[frame->payload[at] - 0x88];
    return 1; /* another */
}

static inline void h2_note(struct h2_outcome *outcome, const struct h2_frame *frame)
{
    if (frame->type == NGHTTP2_GOAWAY) {
        outcome->last = (int)h2_number_of(frame, 0);
        outcome->goaway = (int)h2_number_of(frame, 4);
    }
    if (frame->type == NGHTTP2_RST_STREAM) {
        outcome->resets++;
        outcome->reset = (int)h2_number_of(frame, 0);
    }
    if (frame->type == NGHTTP2_HEADERS) {
        outcome->answers++;
        outcome->status = h2_status_of(frame);
    }
}

/* Two PINGs, one after the other, come back when all before them has been dealt with; or the server hangs up. */
static inline struct h2_outcome h2_raw_outcome(struct h2 *h2)
{
    static struct h2_frame frame;
    struct h2_outcome outcome = {.goaway = -1, .last = -1, .reset = -1, .status = -1};
    AUTO(buf_done) struct buf ping = BUF_INIT;
    int acks = 0;

    h2_add_frame(&ping, NGHTTP2_PING, 0, 0, SPAN("12345678"));
    h2_raw_send(h2, buf_span(&ping));
    while (acks < 2 && h2_raw_next(h2, &frame, H2_WAIT_MS)) {
        h2_note(&outcome, &frame);
        if (frame.type != NGHTTP2_PING || !(frame.flags & NGHTTP2_FLAG_ACK) || ++acks == 2)
            continue;
        h2_raw_send(h2, buf_span(&ping));
    }
    outcome.is_over = h2->is_over;
    cr_assert(h2->is_over || acks == 2, "the server neither answers nor hangs up");
    return outcome;
}

/* Connected, preface and empty SETTINGS sent. */
static inline void h2_raw_open(struct h2 *h2, const struct fixture *fixture)
{
    AUTO(buf_done) struct buf start = BUF_INIT;

    h2_open(h2, fixture, &(struct h2_options){.is_raw = true});
    buf_add_text(&start, H2_PREFACE);
    h2_add_frame(&start, NGHTTP2_SETTINGS, 0, 0, SPAN_NONE);
    h2_raw_send(h2, buf_span(&start));
}

/* GET / of host a, as a header block. */
#define HEAD_GET "\x82\x87\x84\x41\x01\x61"
#define HEAD_POST "\x83\x87\x84\x41\x01\x61"

/* Connected, and `bytes` sent behind a good beginning. */
static inline struct h2_outcome h2_try(struct h2 *h2, const struct fixture *fixture, struct span bytes)
{
    struct h2_outcome outcome;

    h2_raw_open(h2, fixture);
    h2_raw_send(h2, bytes);
    outcome = h2_raw_outcome(h2);
    h2_close(h2);
    return outcome;
}

/* The number a path of the fixture answers, asked on a connection of its own: the server must still serve. */
static inline long h2_number_at(struct h2 *h2, const struct fixture *fixture, const char *path)
{
    struct h2_answer *answer;
    long number;

    h2_close(h2);
    h2_meet(h2, fixture, &(struct h2_options){0});
    answer = h2_fetch(h2, &(struct h2_request){.method = "GET", .path = path});
    cr_assert_eq(answer->status, 200, "the server must still serve");
    number = strtol(buf_text(&answer->body), NULL, 10);
    h2_close(h2);
    return number;
}

#endif
