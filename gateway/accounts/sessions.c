/* Each slot has a count that is odd while it is changed (a seqlock): who reads an odd count, or another one afterwards,
 * has read nothing. Only `seen_ms` is changed by readers. A doorkeeper that dies in the middle leaves an odd count: the
 * slot is nobody's, until it is opened anew. */
#include "gateway/accounts/sessions.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <openssl/crypto.h>

#include "base/encode.h"
#include "keys/digest.h"

enum { TOKEN_BYTES = 32 };

struct slot {
    _Atomic uint32_t count;
    _Atomic int64_t seen_ms; /* 0: free */
    int64_t began_ms;
    enum session_method method;
    uint8_t sha256[32];
    char person[ACCOUNT_NAME_BYTES];
    char forgery[SESSION_TOKEN_BYTES];
};

struct sessions {
    int64_t idle_ms;
    int64_t longest_ms;
    struct slot slots[SESSIONS_MAX];
};

struct sessions *sessions_new(int64_t idle_ms, int64_t longest_ms)
{
    struct sessions *sessions = mmap(NULL, sizeof *sessions, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (sessions == MAP_FAILED)
        abort(); /* as memory_new does */
    sessions->idle_ms = idle_ms;
    sessions->longest_ms = longest_ms;
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions)
        munmap(sessions, sizeof *sessions);
}

static void new_token(char text[SESSION_TOKEN_BYTES])
{
    AUTO(buf_wipe_done) struct buf base64 = BUF_INIT;
    uint8_t random[TOKEN_BYTES];

    random_bytes(random, sizeof random);
    base64url_add(&base64, random, sizeof random);
    snprintf(text, SESSION_TOKEN_BYTES, "%s", buf_text(&base64));
    OPENSSL_cleanse(random, sizeof random);
}

static void begin_change(struct slot *slot)
{
    uint32_t count = atomic_load_explicit(&slot->count, memory_order_relaxed);

    atomic_store_explicit(&slot->count, count | 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release);
}

static void end_change(struct slot *slot)
{
    uint32_t count = atomic_load_explicit(&slot->count, memory_order_relaxed);

    atomic_store_explicit(&slot->count, count + 1, memory_order_release);
}

static void empty(struct slot *slot)
{
    begin_change(slot);
    atomic_store(&slot->seen_ms, 0);
    slot->began_ms = 0;
    OPENSSL_cleanse(slot->sha256, sizeof slot->sha256);
    OPENSSL_cleanse(slot->person, sizeof slot->person);
    OPENSSL_cleanse(slot->forgery, sizeof slot->forgery);
    end_change(slot);
}

/* Where a session has room: a free slot, else the one not used for longest: of the person's, when these are enough. */
static struct slot *room_for(struct sessions *sessions, const char *person)
{
    struct slot *oldest = NULL, *oldest_own = NULL, *free_slot = NULL;
    unsigned own = 0;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct slot *slot = &sessions->slots[i];
        int64_t seen_ms = atomic_load(&slot->seen_ms);
        bool is_broken = atomic_load(&slot->count) & 1; /* only we change slots, and are not at it */

        if (seen_ms == 0 || is_broken) {
            free_slot = slot;
            continue;
        }
        if (!oldest || seen_ms < atomic_load(&oldest->seen_ms))
            oldest = slot;
        if (strcmp(slot->person, person) != 0)
            continue;
        own++;
        if (!oldest_own || seen_ms < atomic_load(&oldest_own->seen_ms))
            oldest_own = slot;
    }
    if (own >= SESSIONS_PERSON_MAX)
        return oldest_own;
    return free_slot ? free_slot : oldest;
}

void sessions_open(struct sessions *sessions, const char *person, enum session_method method, int64_t now_ms,
                   char token[SESSION_TOKEN_BYTES], struct session *out)
{
    struct slot *slot = room_for(sessions, person);
    uint8_t sha256[32];

    new_token(token);
    digest_sha256((struct span){token, SESSION_TOKEN_BYTES - 1}, sha256);
    *out = (struct session){.method = method, .began_ms = now_ms, .ends_ms = now_ms + sessions->idle_ms};
    new_token(out->forgery);
    snprintf(out->person, sizeof out->person, "%s", person);
    begin_change(slot);
    slot->began_ms = now_ms;
    slot->method = method;
    memcpy(slot->sha256, sha256, sizeof slot->sha256);
    memcpy(slot->person, out->person, sizeof slot->person);
    memcpy(slot->forgery, out->forgery, sizeof slot->forgery);
    atomic_store(&slot->seen_ms, now_ms);
    end_change(slot);
}

/* A copy of the slot as it stood at one moment, or false. */
static bool copy_of(const struct slot *slot, struct slot *copy)
{
    uint32_t count = atomic_load_explicit(&slot->count, memory_order_acquire);

    if (count & 1)
        return false;
    memcpy(copy->sha256, slot->sha256, sizeof copy->sha256);
    memcpy(copy->person, slot->person, sizeof copy->person);
    memcpy(copy->forgery, slot->forgery, sizeof copy->forgery);
    copy->began_ms = slot->began_ms;
    copy->method = slot->method;
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&slot->count, memory_order_relaxed) == count;
}

static struct slot *slot_of(struct sessions *sessions, struct span token, struct slot *copy)
{
    uint8_t sha256[32];

    if (token.bytes != SESSION_TOKEN_BYTES - 1)
        return NULL;
    digest_sha256(token, sha256);
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct slot *slot = &sessions->slots[i];

        if (atomic_load_explicit(&slot->seen_ms, memory_order_relaxed) != 0 && copy_of(slot, copy) &&
            CRYPTO_memcmp(copy->sha256, sha256, sizeof sha256) == 0)
            return slot;
    }
    return NULL;
}

static bool look(struct sessions *sessions, struct span token, int64_t now_ms, bool uses, struct session *out)
{
    struct slot copy;
    struct slot *slot = slot_of(sessions, token, &copy);
    int64_t seen_ms, last_ms;

    if (!slot)
        return false;
    seen_ms = atomic_load(&slot->seen_ms);
    last_ms = copy.began_ms + sessions->longest_ms;
    /* A clock that went back ends a session rather than making it longer. */
    if (seen_ms == 0 || now_ms < copy.began_ms || now_ms - seen_ms >= sessions->idle_ms || now_ms >= last_ms)
        return false;
    /* Whoever was quicker is right: the slot may have been emptied meanwhile. */
    if (uses && seen_ms < now_ms && !atomic_compare_exchange_strong(&slot->seen_ms, &seen_ms, now_ms) && seen_ms == 0)
        return false;
    *out = (struct session){
        .method = copy.method, .began_ms = copy.began_ms, .ends_ms = (uses ? now_ms : seen_ms) + sessions->idle_ms};
    if (out->ends_ms > last_ms)
        out->ends_ms = last_ms;
    memcpy(out->person, copy.person, sizeof out->person);
    memcpy(out->forgery, copy.forgery, sizeof out->forgery);
    OPENSSL_cleanse(&copy, sizeof copy);
    return true;
}

bool sessions_find(struct sessions *sessions, struct span token, int64_t now_ms, struct session *out)
{
    return look(sessions, token, now_ms, true, out);
}

bool sessions_peek(struct sessions *sessions, struct span token, int64_t now_ms, struct session *out)
{
    return look(sessions, token, now_ms, false, out);
}

unsigned sessions_count(const struct sessions *sessions, const char *person)
{
    unsigned count = 0;
    struct slot copy;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        const struct slot *slot = &sessions->slots[i];

        count += atomic_load(&slot->seen_ms) != 0 && copy_of(slot, &copy) && strcmp(copy.person, person) == 0;
    }
    OPENSSL_cleanse(&copy, sizeof copy);
    return count;
}

void sessions_close(struct sessions *sessions, struct span token)
{
    struct slot copy;
    struct slot *slot = slot_of(sessions, token, &copy);

    if (slot)
        empty(slot);
}

void sessions_close_all(struct sessions *sessions, const char *person)
{
    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        if (atomic_load(&sessions->slots[i].seen_ms) != 0 && strcmp(sessions->slots[i].person, person) == 0)
            empty(&sessions->slots[i]);
    }
}
