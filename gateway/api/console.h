/* console.h - the door of the staff's console: who is signed in, and what a browser is told with every answer.
 *
 * The session is a cookie that scripts never see. A request that is not GET must bring the session's second token in
 * X-Creditgate-Forgery, and where the browser says from which page it comes (Origin, Sec-Fetch-Site) it must be ours:
 * another site can make a browser send cookies, but neither read the token nor set the header. What is behind this door
 * besides: docs/console-api.md. */
#ifndef GATEWAY_API_CONSOLE_H
#define GATEWAY_API_CONSOLE_H

#include "gateway/api/api_internal.h"

static inline bool console_is(const struct http_request *request)
{
    return request->peer->door == API_DOOR_CONSOLE;
}
MUST_CHECK bool console_listen(struct api *api, struct error *err);

/* A cookie's value; empty: there is none. Borrowed from the request. */
#define CONSOLE_COOKIE "__Host-creditgate"
#define CONSOLE_COOKIE_BROWSER "__Host-creditgate-browser"
struct span console_cookie(const struct http_request *request, const char *name);

/* Fill visit->person and visit->session, or refuse (and false). */
bool console_enter(struct visit *visit);
/* The same for what keeps nobody signed in. */
bool console_peek(struct visit *visit);
/* Does it come from a page of ours? Else 403 "session.origin", and false. */
bool console_check_origin(const struct visit *visit);
/* The headers of every answer. */
void console_finish(struct visit *visit);

/* /console/api/… */
void console_api_handle(struct visit *visit);
bool console_api_admits(struct visit *visit);
/* console_sign.c */
void console_session(struct visit *visit);
void console_certificate(struct visit *visit);
void console_sign_in(struct visit *visit);
void console_sign_out(struct visit *visit);
void console_enrol(struct visit *visit);
/* console_register.c, console_enterprise.c */
void console_obligations(struct visit *visit);
void console_enterprises(struct visit *visit);
/* console_today.c, console_events.c, console_deliveries.c */
void console_today(struct visit *visit);
void console_events(struct visit *visit);
void console_deliveries(struct visit *visit);
/* What streams last said (console_events.c). */
struct console_streams *console_streams_new(void);
void console_streams_free(struct console_streams *streams);
/* console_template.c */
void console_template(struct visit *visit);
/* console_evidence.c, console_lookup.c */
void console_evidence(struct visit *visit);
void console_domains(struct visit *visit);
void console_lookup(struct visit *visit);
void console_lookup_receipt(struct visit *visit);
/* console_pages.c: /console/… */
void console_pages_handle(struct visit *visit);

/* Ask the door, and wait for its word without keeping others: `*answer` when it is there. False: nothing is to be said
 * now (the reply is early, or a refusal). End with console_asked. */
bool console_ask_door(struct visit *visit, const struct door_question *question, const struct door_answer **answer,
                      struct span *text);
/* The request is answered; the answer of the door is forgotten. */
void console_asked(const struct visit *visit, uint64_t key);

#endif
