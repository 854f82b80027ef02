/* sha256_front.c - by OpenSSL's own SHA-256 rather than by EVP, whose state can only be copied on the heap. It is the
 * same code beneath, and deprecated only as an interface. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "keys/sha256_front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256_front), "a state fits");

/* As in digest.c: nothing made with a library that lies may be trusted. */
static void insist(bool is_good)
{
    if (is_good)
        return;
    fprintf(stderr, "creditgate: OpenSSL cannot do digests\n");
    abort();
}

void sha256_front_set(struct sha256_front *front, struct span text)
{
    SHA256_CTX context;

    insist(SHA256_Init(&context) == 1 && SHA256_Update(&context, text.at, text.bytes) == 1);
    *front = (struct sha256_front){{0}};
    memcpy(front, &context, sizeof context);
}

void sha256_front_digest(const struct sha256_front *front, struct span rest, uint8_t out[32])
{
    SHA256_CTX context;

    memcpy(&context, front, sizeof context);
    insist(SHA256_Update(&context, rest.at, rest.bytes) == 1 && SHA256_Final(out, &context) == 1);
}
