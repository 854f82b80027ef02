#include <criterion/criterion.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/accounts/signin.h"
#include "tests/support/support.h"

#define PASSWORD "正确的马电池订书钉"
static const struct span KEY = {"key of the gateway", 18};
enum { NOW = 1795596000 };
#define NOW_MS (INT64_C(1000) * NOW)

static char folder[TEST_PATH_BYTES];
static struct account account;
static struct error err;
static char code[TOTP_CODE_BYTES];

static struct span secret_now(int64_t now_ms)
{
    totp_code((struct span){(const char *)account.secret, sizeof account.secret}, now_ms / TOTP_STEP_MS, code);
    return span_of(code);
}

static void enrol(void)
{
    char invitation[INVITATION_TEXT_BYTES];
    uint8_t secret[TOTP_SECRET_BYTES];
    struct enrolment enrolment;

    account_invite(&account, NOW_MS, invitation);
    enrolment_secret(&account, span_of(invitation), KEY, secret);
    totp_code((struct span){(const char *)secret, sizeof secret}, NOW_MS / TOTP_STEP_MS, code);
    enrolment = (struct enrolment){span_of(invitation), span_of(PASSWORD), span_of(code)};
    cr_assert(enrolment_finish(&account, &enrolment, KEY, NOW_MS, &err), "%s", err.text);
}

static void begin(void)
{
    test_folder_new(folder);
    cr_assert(account_load(folder, "lin", &account, &err), "%s", err.text);
}

static void end(void)
{
    account_done(&account);
    test_folder_remove(folder);
}

TestSuite(signin, .init = begin, .fini = end);

static enum signin_outcome attempt_with(const char *password, struct span one_time, struct span browser, int64_t now_ms)
{
    struct signin signin = {span_of(password), one_time, browser};
    int64_t wait_ms;

    return signin_judge(&account, &signin, now_ms, &wait_ms);
}

static enum signin_outcome attempt(const char *password, struct span one_time, int64_t now_ms)
{
    return attempt_with(password, one_time, SPAN_NONE, now_ms);
}

Test(signin, nobody_comes_in_without_an_account)
{
    cr_assert_eq(attempt("", span_of("000000"), NOW_MS), SIGNIN_NO_ACCOUNT);
    cr_assert_eq(attempt(PASSWORD, span_of("000000"), NOW_MS), SIGNIN_NO_ACCOUNT);
}

Test(signin, one_half_is_not_enough_and_both_halves_are)
{
    enrol();
    cr_assert_eq(attempt(PASSWORD "x", secret_now(NOW_MS + 60000), NOW_MS + 60000), SIGNIN_WRONG_PASSWORD);
    cr_assert_eq(attempt(PASSWORD, span_of("000000"), NOW_MS + 60000), SIGNIN_WRONG_CODE);
    cr_assert_eq(attempt(PASSWORD, SPAN_NONE, NOW_MS + 60000), SIGNIN_WRONG_CODE);
    cr_assert_eq(attempt(PASSWORD, secret_now(NOW_MS + 60000), NOW_MS + 60000), SIGNIN_IN);
}

Test(signin, a_code_opens_once_and_not_the_one_of_the_enrolment)
{
    enrol();
    cr_assert_eq(attempt(PASSWORD, secret_now(NOW_MS), NOW_MS), SIGNIN_WRONG_CODE);
    cr_assert_eq(attempt(PASSWORD, secret_now(NOW_MS + 60000), NOW_MS + 60000), SIGNIN_IN);
    cr_assert_eq(attempt(PASSWORD, secret_now(NOW_MS + 60000), NOW_MS + 60000), SIGNIN_WRONG_CODE);
}

Test(signin, a_wrong_password_does_not_spoil_the_code)
{
    enrol();
    cr_assert_eq(attempt(PASSWORD "x", secret_now(NOW_MS + 60000), NOW_MS + 60000), SIGNIN_WRONG_PASSWORD);
    cr_assert_eq(attempt(PASSWORD, secret_now(NOW_MS + 60000), NOW_MS + 60000), SIGNIN_IN);
}

Test(signin, a_guesser_waits_and_the_person_on_a_known_browser_does_not)
{
    AUTO(buf_done) struct buf token = BUF_INIT;
    int64_t now_ms = NOW_MS + 60000;

    enrol();
    account_remember_browser(&account, now_ms, &token);
    for (int i = 0; i < LOCKOUT_FREE; i++)
        cr_assert_eq(attempt("guess", span_of("000000"), now_ms), SIGNIN_WRONG_PASSWORD);
    cr_assert_eq(attempt(PASSWORD, secret_now(now_ms), now_ms), SIGNIN_WAIT);
    cr_assert_eq(attempt_with(PASSWORD, secret_now(now_ms), buf_span(&token), now_ms), SIGNIN_IN);
    /* and it was the browser that was counted: the guesser waits on */
    cr_assert_eq(attempt("guess", span_of("000000"), now_ms), SIGNIN_WAIT);
}

Test(signin, a_stolen_browser_token_waits_for_itself)
{
    AUTO(buf_done) struct buf token = BUF_INIT;
    int64_t now_ms = NOW_MS + 60000;

    enrol();
    account_remember_browser(&account, now_ms, &token);
    for (int i = 0; i < LOCKOUT_FREE; i++)
        cr_assert_eq(attempt_with("guess", span_of("000000"), buf_span(&token), now_ms), SIGNIN_WRONG_PASSWORD);
    cr_assert_eq(attempt_with("guess", span_of("000000"), buf_span(&token), now_ms), SIGNIN_WAIT);
    cr_assert_eq(attempt(PASSWORD, secret_now(now_ms), now_ms), SIGNIN_IN);
}

Test(signin, an_invitation_is_good_once_for_a_day_and_only_the_newest)
{
    char first[INVITATION_TEXT_BYTES], second[INVITATION_TEXT_BYTES];

    account_invite(&account, NOW_MS, first);
    account_invite(&account, NOW_MS, second);
    cr_assert_not(account_is_invited(&account, span_of(first), NOW_MS));
    cr_assert(account_is_invited(&account, span_of(second), NOW_MS + INVITATION_MS - 1));
    cr_assert_not(account_is_invited(&account, span_of(second), NOW_MS + INVITATION_MS));
    cr_assert_not(account_is_invited(&account, span_of(second), NOW_MS - 1));
    cr_assert_not(account_is_invited(&account, SPAN_NONE, NOW_MS));
    second[0] = (char)(second[0] == 'A' ? 'B' : 'A');
    cr_assert_not(account_is_invited(&account, span_of(second), NOW_MS));
    enrol();
    cr_assert_not(account_is_invited(&account, SPAN_NONE, NOW_MS));
}

Test(signin, a_wrong_code_or_a_short_password_uses_nothing_up)
{
    char invitation[INVITATION_TEXT_BYTES];
    struct enrolment enrolment = {.password = span_of(PASSWORD), .code = span_of("000000")};

    account_invite(&account, NOW_MS, invitation);
    enrolment.invitation = span_of(invitation);
    cr_assert_not(enrolment_finish(&account, &enrolment, KEY, NOW_MS, &err));
    cr_assert_str_eq(err.rule, "account.code");
    enrolment.password = span_of("short");
    cr_assert_not(enrolment_finish(&account, &enrolment, KEY, NOW_MS, &err));
    cr_assert_str_eq(err.rule, "password.length");
    cr_assert(account_is_invited(&account, span_of(invitation), NOW_MS));
    cr_assert_eq(account.verifier.bytes, 0);
}

Test(signin, what_is_saved_is_what_comes_back_and_only_the_owner_reads_it)
{
    AUTO(account_done) struct account back = {.used_step = 0};
    AUTO(text_free) char *path = path_join(folder, "lin.json");
    AUTO(buf_done) struct buf token = BUF_INIT;
    struct stat about;

    enrol();
    account_remember_browser(&account, NOW_MS, &token);
    lockout_fail(&account.lockout, NOW_MS);
    cr_assert(account_save(folder, &account, &err), "%s", err.text);
    cr_assert_eq(stat(path, &about), 0);
    cr_assert_eq(about.st_mode & 07777, 0600);
    cr_assert(account_load(folder, "lin", &back, &err), "%s", err.text);
    cr_assert_str_eq(buf_text(&back.verifier), buf_text(&account.verifier));
    cr_assert_eq(memcmp(back.secret, account.secret, sizeof back.secret), 0);
    cr_assert_eq(back.used_step, account.used_step);
    cr_assert_eq(back.lockout.failures, 1);
    cr_assert_not_null(account_browser(&back, buf_span(&token)));
    cr_assert_null(account_browser(&back, span_of("other")));
}

Test(signin, another_persons_file_or_a_broken_one_is_no_account)
{
    static const char *const BROKEN[] = {"", "{}", "{\"name\":\"wang\"}"};
    AUTO(text_free) char *path = path_join(folder, "wang.json");
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(text_free) char *own = path_join(folder, "lin.json");

    enrol();
    cr_assert(account_save(folder, &account, &err), "%s", err.text);
    cr_assert(file_read(own, 65536, &text, &err), "%s", err.text);
    cr_assert(file_write(path, buf_span(&text), 0600, &err), "%s", err.text);
    for (size_t i = 0; i <= COUNT_OF(BROKEN); i++) {
        AUTO(account_done) struct account other = {.used_step = 0};

        cr_assert_not(account_load(folder, "wang", &other, &err));
        cr_assert_eq(err.code, ERR_CORRUPT);
        cr_assert_eq(other.verifier.bytes, 0);
        if (i < COUNT_OF(BROKEN))
            cr_assert(file_write(path, span_of(BROKEN[i]), 0600, &err), "%s", err.text);
    }
}

Test(signin, only_so_many_browsers_are_remembered_and_the_longest_unseen_goes)
{
    AUTO(buf_done) struct buf first = BUF_INIT;
    AUTO(buf_done) struct buf second = BUF_INIT;

    account_remember_browser(&account, NOW_MS, &first);
    account_remember_browser(&account, NOW_MS + 1, &second);
    for (int i = 0; i < ACCOUNT_BROWSERS_MAX - 1; i++) {
        AUTO(buf_done) struct buf more = BUF_INIT;

        account_remember_browser(&account, NOW_MS + 2 + i, &more);
    }
    cr_assert_eq(account.browser_count, ACCOUNT_BROWSERS_MAX);
    cr_assert_null(account_browser(&account, buf_span(&first)));
    cr_assert_not_null(account_browser(&account, buf_span(&second)));
}
