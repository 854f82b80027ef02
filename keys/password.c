#include "keys/password.h"

#include <string.h>

#include <argon2.h>

#include "base/text.h"
#include "keys/digest.h"

enum { SALT_BYTES = 16, HASH_BYTES = 32, LANES = 1, VERIFIER_BYTES = 256 };

bool password_keep(struct span password, struct buf *out, struct error *err)
{
    uint8_t salt[SALT_BYTES];
    char verifier[VERIFIER_BYTES];
    int result;

    if (password.bytes < PASSWORD_BYTES_MIN || password.bytes > PASSWORD_BYTES_MAX)
        return refuse(err, ERR_INVALID, "password.length", "a password has %d to %d bytes",
                      "口令长度应为 %d 至 %d 字节", PASSWORD_BYTES_MIN, PASSWORD_BYTES_MAX);
    random_bytes(salt, sizeof salt);
    result = argon2id_hash_encoded(PASSWORD_PASSES, PASSWORD_MEMORY_KIB, LANES, password.at, password.bytes, salt,
                                   sizeof salt, HASH_BYTES, verifier, sizeof verifier);
    if (result != ARGON2_OK)
        return fail(err, ERR_INTERNAL, "Argon2id: %s", argon2_error_message(result));
    buf_add_text(out, verifier);
    return true;
}

/* The number behind `name`, of at most nine digits; 0 when there is none, which no verifier says. */
static unsigned number_behind(const char **at, const char *name)
{
    size_t digits;
    int64_t value;

    if (strncmp(*at, name, strlen(name)) != 0)
        return 0;
    *at += strlen(name);
    digits = strspn(*at, "0123456789");
    if (digits == 0 || digits > 9 || !integer_parse((struct span){*at, digits}, &value))
        return 0;
    *at += digits;
    return (unsigned)value;
}

/* Memory and passes of a verifier. */
static bool cost_of(const char *verifier, unsigned *memory, unsigned *passes)
{
    *memory = number_behind(&verifier, "$argon2id$v=19$m=");
    *passes = number_behind(&verifier, ",t=");
    return *memory > 0 && *passes > 0 && *verifier == ',';
}

bool password_check(const char *verifier, struct span password)
{
    unsigned memory, passes;

    /* What asks for more than we would ever have written is not ours, and could be used to keep us busy. */
    return password.bytes <= PASSWORD_BYTES_MAX && cost_of(verifier, &memory, &passes) &&
           memory <= 4 * PASSWORD_MEMORY_KIB && passes <= 4 * PASSWORD_PASSES &&
           argon2id_verify(verifier, password.at, password.bytes) == ARGON2_OK;
}

bool password_is_weak(const char *verifier)
{
    unsigned memory, passes;

    return !cost_of(verifier, &memory, &passes) || memory < PASSWORD_MEMORY_KIB || passes < PASSWORD_PASSES;
}
