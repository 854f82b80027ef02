/* talk.h - an adapter and its stand-in, which share no code, talk to each other without sockets. */
#ifndef TESTS_UNIT_ALL_TALK_H
#define TESTS_UNIT_ALL_TALK_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapter.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "keys/digest.h"
#include "keys/key.h"
#include "sandbox/platform.h"
#include "tests/support/support.h"
#include "tests/unit/adapters/layouts.h"

#define TALK_HOST "https://localhost"

/* Version 1 of a record that any of the platforms takes in 2020. */
static inline struct adapter_record talk_record(const char *id, const char *name)
{
    return (struct adapter_record){
        .record = span_of(id),
        .version = 1,
        .op = ADAPTER_OP_ADD,
        .name = span_of(name),
        .code = SPAN("91440224MAYUCHK485"),
        .facts = SPAN("能耗：25吨转炉1台，产能31.47万吨/年，应于2018-05-28前退出，“逾期”未退出。\n\t/\\\""),
        .order = SPAN("韶经信节能〔2017〕10号，2017-08-31，限期整改。"),
        .listed_on = day_from_civil(2018, 6, 20),
        .published_until = day_from_civil(2019, 6, 20),
        .authority = SPAN("韶关市发展和改革局"),
        .document = SPAN("韶发改信〔2018〕3号"),
        .provided_on = day_from_civil(2018, 7, 1),
        .division = SPAN("440224"),
        .severity = 2,
    };
}

/* "Name: value" as the server hands it on: the name in lower case. */
static inline struct http_header talk_header(struct buf *line)
{
    char *colon = strchr(line->data, ':');

    cr_assert(colon && colon[1] == ' ');
    for (char *c = line->data; c < colon; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
    return (struct http_header){{line->data, (size_t)(colon - line->data)}, span_of(colon + 2)};
}

/* The request to the platform: its status; the body is added to `out`. */
static inline int talk_carry(struct platform *platform, struct faults *faults, struct adapter_request *request,
                             struct buf *out)
{
    const struct http_peer peer = {.has_certificate = true};
    struct http_header headers[ADAPTER_HEADERS_MAX];
    struct http_reply reply = {.status = 200};
    const char *path = buf_text(&request->url) + sizeof TALK_HOST - 1;
    const char *question = strchrnul(path, '?');
    struct http_request asked = {.method = span_of(request->method),
                                 .path = {path, (size_t)(question - path)},
                                 .query = span_of(*question ? question + 1 : ""),
                                 .headers = headers,
                                 .header_count = request->header_count,
                                 .body = buf_span(&request->body),
                                 .body_fd = -1,
                                 .body_bytes = request->body.bytes,
                                 .peer = &peer};

    for (size_t i = 0; i < request->header_count; i++)
        headers[i] = talk_header(&request->headers[i]);
    platform->kind->handle(platform, faults, &asked, &reply);
    buf_add_span(out, buf_span(&reply.body));
    buf_done(&reply.body);
    buf_done(&reply.headers);
    return reply.status;
}

#endif
