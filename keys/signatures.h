/* signatures.h - HTTP Message Signatures (RFC 9421): what is signed of a request or an answer, signing, and checking.
 *
 * "alg" is ed25519, ecdsa-p256-sha256 (section 3.3) or the private name sm2-sm3 (GB/T 32918, DER, identifier
 * 1234567812345678; the SM2-SM3 of keys/jws.h in the small letters of this registry). The algorithm is the key's: an
 * "alg" that says otherwise is refused before anything is computed.
 *
 * Components: @method, @target-uri, @authority, @scheme, @request-target, @path, @query, @query-param;name=…, @status,
 * and fields by their name in small letters, with ;sf, ;key=…, ;bs and ;req. Trailers (;tr) are refused, since we read
 * none. What a message does not have cannot be signed or checked: that is an error, never an empty value. */
#ifndef KEYS_SIGNATURES_H
#define KEYS_SIGNATURES_H

#include "keys/keyring.h"
#include "keys/signer.h"
#include "keys/structured_fields.h"

enum { SIGNATURES_COMPONENTS_MAX = 64, SIGNATURES_FIELDS_MAX = 256, SIGNATURES_TEXT_MAX = 256 };

struct signatures_field {
    struct span name; /* either case */
    struct span value;
};

/* Borrowed. */
struct signatures_message {
    int status; /* of an answer; 0: it is a request */
    /* of a request: */
    struct span method;
    struct span scheme;    /* "https" */
    struct span authority; /* of the target or the Host field */
    struct span target;    /* path and query as they were sent */
    /* of both: */
    const struct signatures_field *fields;
    size_t field_count;
    const struct signatures_message *request; /* what an answer answers, for ;req; NULL when it is not known */
};

const char *signatures_algorithm_name(enum key_algorithm algorithm);
MUST_CHECK bool signatures_algorithm_parse(struct span name, enum key_algorithm *algorithm);

/* The signature base (section 2.5) of a member of a Signature-Input field, added to `out`. ERR_INVALID: a component
 * that is unknown, twice there, or not in the message. */
MUST_CHECK bool signatures_base(const struct signatures_message *message, const struct structured *inputs,
                                const struct structured_item *input, struct buf *out, struct error *err);

/* What to sign with. */
struct signatures_signing {
    enum key_use use;
    enum key_algorithm algorithm;
    const char *label;
    const char *components; /* as an inner list: ("@status" "@method";req) */
    int64_t created_s;
    struct span nonce; /* printable ASCII; empty: none */
    struct span tag;
};
/* Replaces `input` and `signature` with the values of the fields Signature-Input and Signature. The parameters are
 * created, keyid, alg, then nonce and tag when they are given. */
MUST_CHECK bool signatures_sign(struct signer *signer, const struct signatures_signing *signing,
                                const struct signatures_message *message, struct buf *input, struct buf *signature,
                                struct error *err);

/* Whom to believe: one key, or a keyring whose key "keyid" was in force for `use` when the signature was created. */
struct signatures_trust {
    const struct key *key; /* this one; a "keyid" that is there must be its id */
    const struct keyring *keyring;
    enum key_use use;
    int64_t now_ms; /* later than "expires" is refused; 0: not judged */
    /* Components that must be covered, in their canonical form ("\"@method\";req"), ended by NULL; NULL: none. */
    const char *const *required;
};
struct signatures_found {
    char label[STRUCTURED_KEY_MAX + 1];
    char kid[KEY_ID_BYTES]; /* "" when it names none */
    int64_t created_ms;     /* 0 when it does not say */
};
/* True only when the signature under `label` (NULL: the only one there is) is good. Wrong form: ERR_INVALID; wrong
 * signature: ERR_CORRUPT; a key we do not trust: ERR_UNAUTHORIZED; a component that should be covered and is not:
 * ERR_FORBIDDEN. */
MUST_CHECK bool signatures_verify(const struct signatures_message *message, const char *label,
                                  const struct signatures_trust *trust, struct signatures_found *out,
                                  struct error *err);

/* All values of a field, joined with ", " (section 2.1), added to `out`. False when there is none. */
bool signatures_field_value(const struct signatures_message *message, struct span lower_case_name, struct buf *out);

#endif
