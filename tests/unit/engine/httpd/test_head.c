#include "tests/harness/test.h"

#include "engine/base/rng.h"
#include "engine/httpd/head.h"

#define HEAD "POST /models/m/invoke?x HTTP/1.1\r\n"
#define HOST "Host: h:1\r\n"

static enum head_state parse(struct str text, struct head *out, struct head_fault *ret_fault)
{
    static struct httpd_header headers[HEAD_MAX_HEADERS];
    *ret_fault = (struct head_fault){0, ""};
    return head_parse(text, headers, out, ret_fault);
}

static void a_whole_head(void **state)
{
    (void) state;
    struct httpd_header headers[HEAD_MAX_HEADERS];
    struct head head;
    struct head_fault fault;
    struct str text = STR("\r\n" HEAD HOST "X-A:\t v, \xc3\xa4 \t\r\nx-b:\r\nCONTENT-length: 12\r\n"
                          "Expect: 100-Continue\r\nConnection: keep-alive, Close\r\n\r\nbody");
    assert_int_equal(head_parse(text, headers, &head, &fault), HEAD_WHOLE);
    assert_str(head.method, "POST");
    assert_str(head.target, "/models/m/invoke?x");
    assert_str(head.host, "h:1");
    assert_int_equal(head.n_headers, 6);
    assert_str(headers[1].name, "X-A");
    assert_str(headers[1].value, "v, \xc3\xa4");
    assert_str(headers[2].value, "");
    assert_int_equal(head.length, 12);
    assert_int_equal(head.bytes, text.len - 4);
    assert_true(head.expects && head.closes && !head.chunked);
    assert_int_equal(parse(STR("GET / HTTP/1.0\r\n\r\n"), &head, &fault), HEAD_WHOLE);
    assert_true(head.closes);
    assert_int_equal(
        parse(STR(HEAD HOST "Transfer-Encoding: Chunked\r\n\r\n"), &head, &fault), HEAD_WHOLE);
    assert_true(head.chunked && !head.closes && !head.expects);
}

/* A head that is cut anywhere is the beginning of one. */
static void cut_heads_wait(void **state)
{
    (void) state;
    struct str text = STR(HEAD HOST "Content-Length: 5\r\nX-Y: z\r\n\r\n");
    struct head head;
    struct head_fault fault;
    for (size_t n = 0; n < text.len; n++)
        assert_int_equal(parse(str_slice(text, 0, n), &head, &fault), HEAD_MORE);
    assert_int_equal(parse(text, &head, &fault), HEAD_WHOLE);
    assert_int_equal(head.bytes, text.len);
}

static void what_is_doubtful_is_refused(void **state)
{
    (void) state;
    static const struct {
        int status;
        const char *text;
    } rows[] = {
        {400, "\x16\x03\x01"},
        {400, " GET / HTTP/1.1\r\n"},
        {400, "GET /\r\n"},
        {400, "GET  HTTP/1.1\r\n"},
        {400, "GET / x HTTP/1.1\r\n"},
        {400, "GET /\t HTTP/1.1\r\n"},
        {400, "GET /\x7f HTTP/1.1\r\n"},
        {400, "G(T / HTTP/1.1\r\n"},
        {400, "GETGETGETGETGETGETGETGETGETGETGETGET / HTTP/1.1\r\n"},
        {400, "GET / HTTP/1.1\n"},
        {505, "GET / HTTP/1.1\r\r\n"},
        {400, "GET / http/1.1\r\n"},
        {505, "PRI * HTTP/2.0\r\n"},
        {505, "GET / HTTP/1.10\r\n"},
        {400, HEAD "\r\n"},
        {400, HEAD HOST HOST "\r\n"},
        {400, HEAD HOST "nothing\r\n"},
        {400, HEAD HOST ": x\r\n"},
        {400, HEAD HOST "X : y\r\n"},
        {400, HEAD HOST "X(y): z\r\n"},
        {400, HEAD HOST "X-\xe4: z\r\n"},
        {400, HEAD HOST " folded: z\r\n"},
        {400, HEAD HOST "X: y\r\n z\r\n"},
        {400, HEAD HOST "X: long enough \x01\r\n"},
        {400, HEAD HOST "X: \x7f\r\n"},
        {400, HEAD HOST "X: y\rz: a\r\n"},
        {400, HEAD HOST "X: y\nz: a\r\n"},
        {400, HEAD HOST "Content-Length:\r\n"},
        {400, HEAD HOST "Content-Length: +5\r\n"},
        {400, HEAD HOST "Content-Length: -5\r\n"},
        {400, HEAD HOST "Content-Length: 5 5\r\n"},
        {400, HEAD HOST "Content-Length: 5, 5\r\n"},
        {400, HEAD HOST "Content-Length: 0x5\r\n"},
        {400, HEAD HOST "Content-Length: 18446744073709551617\r\n"},
        {400, HEAD HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
        {400, HEAD HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400, HEAD HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {400, HEAD HOST "Transfer-Encoding: gzip\r\n"},
        {400, HEAD HOST "Transfer-Encoding: chunked, identity\r\n"},
        {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"},
        {417, HEAD HOST "Expect: more\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct head head;
        struct head_fault fault;
        enum head_state got = parse(str_from(rows[i].text), &head, &fault);
        if (got != HEAD_BAD || fault.status != rows[i].status)
            fail_msg("%s: %d, %d %s", rows[i].text, (int) got, fault.status, fault.why);
    }
}

static void sizes_are_bounded(void **state)
{
    struct arena *arena = *state;
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(1));
    struct head head;
    struct head_fault fault;
    buf_add_z(&text, HEAD HOST);
    for (int i = 0; i < HEAD_MAX_HEADERS - 1; i++)
        buf_fmt(&text, "X-%d: y\r\n", i);
    struct str most = str_fmt(arena, STR_FMT "\r\n", STR_ARG(buf_str(&text)));
    assert_int_equal(parse(most, &head, &fault), HEAD_WHOLE);
    assert_int_equal(head.n_headers, HEAD_MAX_HEADERS);
    buf_add_z(&text, "X: y\r\n");
    assert_int_equal(parse(buf_str(&text), &head, &fault), HEAD_BAD);
    assert_int_equal(fault.status, 431);
    buf_clear(&text);
    buf_add_z(&text, HEAD HOST "X: ");
    while (text.len < HEAD_MAX_BYTES - 1)
        buf_add_char(&text, 'y');
    assert_int_equal(parse(buf_str(&text), &head, &fault), HEAD_MORE);
    buf_add_z(&text, "yy");
    assert_int_equal(parse(buf_str(&text), &head, &fault), HEAD_BAD);
    assert_int_equal(fault.status, 431);
}

/* Whatever comes, nothing outside of it is read, and what is whole says where it ends. */
static void any_bytes(void **state)
{
    (void) state;
    static const char *const pieces[] = {
        "GET",
        " ",
        "/",
        "HTTP/1.1",
        "\r\n",
        "\r",
        "\n",
        ":",
        "Host: x",
        "Content-Length: 7",
        "Transfer-Encoding: chunked",
        "\t",
        "\0",
        "\xff",
        "a",
        "Connection: close",
        HEAD HOST};
    struct rng rng;
    rng_seed(&rng, test_seed());
    for (int round = 0; round < 20000; round++) {
        char bytes[600];
        size_t len = 0;
        for (uint64_t n = rng_below(&rng, 16); n > 0; n--) {
            const char *piece = pieces[rng_below(&rng, ARRAY_LEN(pieces))];
            size_t size = piece[0] == '\0' ? 1 : strlen(piece);
            memcpy(bytes + len, piece, size);
            len += size;
        }
        char *exact = xmalloc(len); /* whose end a sanitizer guards */
        memcpy(exact, bytes, len);
        struct head head;
        struct head_fault fault;
        enum head_state got = parse(str_of(exact, len), &head, &fault);
        assert_true(got != HEAD_WHOLE || (head.bytes > 0 && head.bytes <= len));
        assert_true(got != HEAD_BAD || fault.status >= 400);
        xfree(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_head), cmocka_unit_test(cut_heads_wait),
        cmocka_unit_test(what_is_doubtful_is_refused), WITH_ARENA(sizes_are_bounded),
        cmocka_unit_test(any_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
