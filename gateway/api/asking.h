/* asking.h - a question by an outside system, judged step by step: who asks, how often, what for, as of when. What the
 * lookups of this room share; nobody else includes it. */
#ifndef GATEWAY_API_ASKING_H
#define GATEWAY_API_ASKING_H

#include "gateway/api/api_internal.h"
#include "gateway/api/signing.h"
#include "gateway/lookup/lookup.h"

/* Of what a client sends; more is refused. */
enum { AUTHORISATION_BYTES_MAX = 200, GIVEN_BYTES_MAX = 100, ASKED_MAX = 64 };

struct asking {
    struct visit *visit;
    const struct client *client; /* NULL: a stranger, or too many of them */
    const struct domain *domain;
    struct span domain_text; /* as asked */
    struct span purpose;
    struct domain_given given;
    struct span as_of; /* as asked; empty: now */
    int64_t at_ms;
    int64_t as_of_ms;         /* 0: the newest state */
    uint64_t as_of_sequence;  /* 0: not asked so */
    int64_t wait_ms;          /* when beyond the limit */
    struct structured wishes; /* for a signature: signing.h */
};

/* The client and the time; nothing is refused yet. */
void asking_begin(struct visit *visit, struct asking *asking);
void asking_end(struct asking *asking);
/* May it ask at all (admission.h)? One token; none when the same request is asked again (http_request.early_key). */
MUST_CHECK bool asking_admit(struct asking *asking, struct error *err);
/* `count` further tokens, for a question about many. */
MUST_CHECK bool asking_take(struct asking *asking, int64_t count, struct error *err);
/* `count` subjects of the day's quota, just before they are answered: what is refused before costs nothing of it. */
MUST_CHECK bool asking_charge(struct asking *asking, int64_t count, struct error *err);
/* domain_text → domain: there, and this client's. */
MUST_CHECK bool asking_domain(struct asking *asking, struct error *err);
/* Purpose, matter, case, authorisation, operator, department and as_of: their lengths and characters, is the purpose
 * this client's, and which instant or sequence is meant: a day means its end, or now when it is not over yet. Then what
 * signature is wished. */
MUST_CHECK bool asking_given(struct asking *asking, struct error *err);
/* A text that a client gave to be kept in the trace. `name` for the message. */
MUST_CHECK bool asking_check_text(const char *name, struct span text, size_t bytes_max, struct error *err);

/* A read of what this client is answered from: the register, or the test list (`uscc`: one of its codes is answered as
 * if nothing were registered). End it with client_end_read. */
struct store_txn *asking_read(const struct asking *asking, struct span uscc, struct error *err);
/* What lookups ask of the register, without code and receipt. */
struct lookup_question asking_question(const struct asking *asking);
/* What the trace says of it, the answer left out. */
struct trace_entry asking_entry(const struct asking *asking);
/* Finish a reply that is an answer: signed when that was wished. What cannot be signed as asked is not answered at all.
 */
MUST_CHECK bool asking_sign(const struct asking *asking, struct error *err);
/* Reply with the problem; traced under `receipt`, unless a stranger asks beyond his limit. */
void asking_refuse(const struct asking *asking, const struct error *err, const char *receipt);

#endif
