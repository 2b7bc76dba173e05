#include "tests/harness/test.h"

#include "engine/base/buf.h"
#include "engine/local/proxy_head.h"

enum { MAX_HEAD = 16 * 1024 };

/* Into a place that stays: the host is views into the name beside it. */
static void read_head(const char *text, struct proxy_head *out)
{
    proxy_head_read(str_from(text), MAX_HEAD, out);
}

static void test_answers(void **state)
{
    static const struct {
        const char *text;
        int status;
        const char *part;
    } heads[] = {
        {"CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: x\r\n\r\n", 200, ""},
        {"CONNECT STS.AmazonAWS.com:443 HTTP/1.0\r\n\r\nmore", 200, ""},
        {"CONNECT sts.amazonaws.com:80 HTTP/1.1\r\n\r\n", 403, "only port 443"},
        {"CONNECT sts.amazonaws.com HTTP/1.1\r\n\r\n", 400, "HOST:443"},
        {"CONNECT :443 HTTP/1.1\r\n\r\n", 400, "HOST:443"},
        {"CONNECT example.com:443 HTTP/1.1\r\n\r\n", 403, "'example.com' is not a host of AWS"},
        {"CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n", 403, "not a host of AWS"},
        {"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", 403, "not a host of AWS"},
        {"CONNECT sts.amazonaws.com:443 HTTP/2\r\n\r\n", 400, "no HTTP request"},
        {"CONNECT sts.amazonaws.com:443\r\n\r\n", 400, "no HTTP request"},
        {"GET / HTTP/1.1\r\n\r\n", 405, "no endpoint"},
        {"GET http://s3.amazonaws.com/ HTTP/1.1\r\n\r\n", 403, "plain http"},
        {"\x16\x03\x01\x02", 400, "no HTTP request"},
        {"\r\n\r\n", 400, "no HTTP request"},
    };
    (void) state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        struct proxy_head head;
        read_head(heads[i].text, &head);
        assert_true(head.len > 0);
        assert_int_equal(head.status, heads[i].status);
        if (str_find(str_from(head.why), str_from(heads[i].part)) == SIZE_MAX)
            fail_msg("'%s' lacks '%s'", head.why, heads[i].part);
    }
    struct proxy_head head;
    read_head("CONNECT b.s3.us-east-1.amazonaws.com:443 HTTP/1.1\r\n\r\nx", &head);
    assert_str(head.host.bucket, "b");
    assert_int_equal(head.len, strlen("CONNECT b.s3.us-east-1.amazonaws.com:443 HTTP/1.1\r\n\r\n"));
}

/* However it is cut, it says either "more" or the same. */
static void test_cut(void **state)
{
    const char *text = "CONNECT sts.amazonaws.com:443 HTTP/1.1\r\nHost: sts\r\n\r\n";
    struct proxy_head head;
    (void) state;
    for (size_t len = 0; len < strlen(text); len++) {
        proxy_head_read(str_of(text, len), MAX_HEAD, &head);
        assert_int_equal(head.len, 0);
    }
    proxy_head_read(str_from(text), MAX_HEAD, &head);
    assert_int_equal(head.status, 200);
}

static void test_floods(void **state)
{
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    struct proxy_head head;
    (void) state;
    buf_add_z(&text, "CONNECT sts.amazonaws.com:443 HTTP/1.1\r\n");
    for (int i = 0; i < PROXY_HEADERS + 1; i++)
        buf_add_z(&text, "a: b\r\n");
    buf_add_z(&text, "\r\n");
    proxy_head_read(buf_str(&text), MAX_HEAD, &head);
    assert_int_equal(head.status, 431);
    buf_clear(&text);
    while (text.len < MAX_HEAD)
        buf_add_char(&text, 'x');
    proxy_head_read(buf_str(&text), MAX_HEAD, &head);
    assert_int_equal(head.status, 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_floods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
