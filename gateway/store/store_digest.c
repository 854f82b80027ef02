/* One digest over a table: key length, value length (both u32 BE), key, value; pair after pair in key order. */
#include <openssl/evp.h>
#include <string.h>

#include "gateway/store/store.h"

static void context_free(EVP_MD_CTX *context)
{
    EVP_MD_CTX_free(context);
}
DEFINE_AUTO(EVP_MD_CTX *, context_free)

static bool add_pair(EVP_MD_CTX *context, struct span key, struct span value)
{
    uint8_t head[8 + STORE_KEY_MAX];

    if (key.bytes > STORE_KEY_MAX)
        return false;
    store_key_u32(head, (uint32_t)key.bytes);
    store_key_u32(head + 4, (uint32_t)value.bytes);
    memcpy(head + 8, key.at, key.bytes);
    return EVP_DigestUpdate(context, head, 8 + key.bytes) == 1 && EVP_DigestUpdate(context, value.at, value.bytes) == 1;
}

bool store_digest(struct store_txn *txn, enum store_table table, uint8_t digest[32], struct error *err)
{
    AUTO(store_cursor_close) struct store_cursor *cursor = NULL;
    AUTO(context_free) EVP_MD_CTX *context = EVP_MD_CTX_new();
    struct span key, value;

    if (!store_cursor_open(txn, table, &cursor, err))
        return false;
    if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        return fail(err, ERR_INTERNAL, "cannot start SHA-256");
    while (store_cursor_next(cursor, &key, &value))
        if (!add_pair(context, key, value))
            return fail(err, ERR_INTERNAL, "cannot digest the table %s", store_table_name(table));
    if (!store_txn_is_good(txn, err))
        return false;
    if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
        return fail(err, ERR_INTERNAL, "cannot finish SHA-256");
    return true;
}
