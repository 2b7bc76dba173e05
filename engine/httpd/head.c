#include "engine/httpd/head.h"

struct reading {
    struct str rest;
    struct httpd_header *headers;
    struct head *head;
    struct head_fault *fault;
    size_t n_length, n_encoding, n_host;
    bool old; /* HTTP/1.0 */
};

static enum head_state bad(struct reading *reading, int status, const char *why)
{
    *reading->fault = (struct head_fault){status, why};
    return HEAD_BAD;
}

/* RFC 9110, 5.6.2: letters, digits and !#$%&'*+-.^_`|~, a bit for each. */
static bool is_token(struct str name)
{
    static const uint64_t allowed[4] = {
        UINT64_C(0x03ff6cfa00000000), UINT64_C(0x57ffffffc7fffffe), 0, 0};
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char) name.ptr[i];
        if ((allowed[c / 64] >> (c % 64) & 1) == 0)
            return false;
    }
    return name.len > 0;
}

static bool is_control(unsigned char c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

/* Eight bytes at a time, none of them below a blank in nearly every header. */
static bool has_control(struct str text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t word;
        memcpy(&word, text.ptr + i, sizeof(word));
        uint64_t del = word ^ (ones * 0x7f);
        if ((((word - ones * 0x20) & ~word) | ((del - ones) & ~del)) & highs)
            break;
    }
    for (; i < text.len; i++)
        if (is_control((unsigned char) text.ptr[i]))
            return true;
    return false;
}

/* HEAD_WHOLE: *ret_line is the next one, without its end. */
static enum head_state take_line(struct reading *reading, struct str *ret_line)
{
    size_t end = str_index(reading->rest, '\n');
    if (end == SIZE_MAX)
        return HEAD_MORE;
    if (end == 0 || reading->rest.ptr[end - 1] != '\r')
        return bad(reading, 400, "a line has to end with CR LF\n");
    *ret_line = str_of(reading->rest.ptr, end - 1);
    reading->rest = str_from_index(reading->rest, end + 1);
    return HEAD_WHOLE;
}

static enum head_state take_first_line(struct reading *reading)
{
    struct head *head = reading->head;
    struct str line, version;
    enum head_state state = take_line(reading, &line);
    if (state == HEAD_WHOLE && line.len == 0) /* RFC 9112, 2.2: one empty line is ignored */
        state = take_line(reading, &line);
    if (state != HEAD_WHOLE)
        return state;
    size_t first = str_index(line, ' '), last = str_rindex(line, ' ');
    if (first == SIZE_MAX || first == last)
        return bad(reading, 400, "the first line has to be METHOD TARGET HTTP/1.1\n");
    head->method = str_slice(line, 0, first);
    head->target = str_slice(line, first + 1, last);
    version = str_from_index(line, last + 1);
    if (!is_token(head->method) || head->method.len > 32)
        return bad(reading, 400, "the method is broken\n");
    for (size_t i = 0; i < head->target.len; i++)
        if (head->target.ptr[i] <= ' ' || head->target.ptr[i] == 0x7f)
            return bad(reading, 400, "the target is broken\n");
    if (head->target.len == 0)
        return bad(reading, 400, "there is no target\n");
    reading->old = str_eq(version, STR("HTTP/1.0"));
    head->closes = reading->old;
    if (!reading->old && !str_eq(version, STR("HTTP/1.1")))
        return str_starts(version, STR("HTTP/"))
                   ? bad(reading, 505, "only HTTP/1.1 is spoken here\n")
                   : bad(reading, 400, "the first line has to be METHOD TARGET HTTP/1.1\n");
    return HEAD_WHOLE;
}

/* "close" in "keep-alive, Close" */
static bool list_has(struct str list, struct str token)
{
    struct str part;
    while (str_split(&list, ',', &part))
        if (str_eq_nocase(str_trim(part), token))
            return true;
    return false;
}

/* Digits and nothing else: no sign, no blank, no list. */
static bool read_length(struct str value, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t) (value.ptr[i] - '0');
    }
    return value.len > 0 && value.len <= 18;
}

static enum head_state read_known(struct reading *reading, const struct httpd_header *header)
{
    struct head *head = reading->head;
    struct str name = header->name, value = header->value;
    switch (name.len) { /* of those that are looked at, before they are compared */
    case 4:
        if (str_eq_nocase(name, STR("host"))) {
            reading->n_host++;
            head->host = value;
        }
        break;
    case 6:
        if (!str_eq_nocase(name, STR("expect")))
            break;
        if (!str_eq_nocase(value, STR("100-continue")))
            return bad(reading, 417, "the expectation is not known\n");
        head->expects = !reading->old;
        break;
    case 10:
        if (str_eq_nocase(name, STR("connection")) && list_has(value, STR("close")))
            head->closes = true;
        break;
    case 14:
        if (!str_eq_nocase(name, STR("content-length")))
            break;
        reading->n_length++;
        if (!read_length(value, &head->length))
            return bad(reading, 400, "Content-Length is not a number of bytes\n");
        break;
    case 17:
        if (!str_eq_nocase(name, STR("transfer-encoding")))
            break;
        reading->n_encoding++;
        head->chunked = true;
        if (!str_eq_nocase(value, STR("chunked")) || reading->old)
            return bad(reading, 400, "unknown Transfer-Encoding\n");
        break;
    default:
        break;
    }
    return HEAD_WHOLE;
}

static enum head_state read_header(struct reading *reading, struct str line)
{
    size_t colon = str_index(line, ':');
    if (colon == SIZE_MAX || !is_token(str_slice(line, 0, colon)))
        return bad(reading, 400, "a header is broken\n");
    if (reading->head->n_headers == HEAD_MAX_HEADERS)
        return bad(reading, 431, "there are too many headers\n");
    struct httpd_header *header = &reading->headers[reading->head->n_headers++];
    header->name = str_of(line.ptr, colon);
    header->value = str_from_index(line, colon + 1);
    if (has_control(header->value))
        return bad(reading, 400, "a header holds a control character\n");
    header->value = str_trim(header->value);
    return read_known(reading, header);
}

static enum head_state check_framing(struct reading *reading)
{
    if (reading->n_length > 1 || reading->n_encoding > 1 || reading->n_host > 1)
        return bad(reading, 400, "Content-Length, Transfer-Encoding or Host is given twice\n");
    if (reading->n_length > 0 && reading->n_encoding > 0)
        return bad(reading, 400, "Content-Length and Transfer-Encoding exclude each other\n");
    if (reading->n_host == 0 && !reading->old)
        return bad(reading, 400, "there is no Host\n");
    return HEAD_WHOLE;
}

enum head_state head_parse(
    struct str text, struct httpd_header *headers, struct head *out, struct head_fault *ret_fault)
{
    struct reading reading = {.rest = text, .headers = headers, .head = out, .fault = ret_fault};
    *out = (struct head){.length = 0};
    bool long_ = text.len > HEAD_MAX_BYTES;
    if (long_)
        reading.rest.len = HEAD_MAX_BYTES;
    /* What cannot become a request is not waited for. */
    if (text.len > 0 && text.ptr[0] != '\r' && !is_token(str_slice(text, 0, 1)))
        return bad(&reading, 400, "this is no HTTP\n");
    enum head_state state = take_first_line(&reading);
    while (state == HEAD_WHOLE) {
        struct str line;
        state = take_line(&reading, &line);
        if (state == HEAD_WHOLE && line.len == 0)
            break;
        if (state == HEAD_WHOLE)
            state = read_header(&reading, line);
    }
    if (state == HEAD_MORE && text.len >= HEAD_MAX_BYTES)
        return bad(&reading, 431, "the head of the request is too large\n");
    if (state != HEAD_WHOLE)
        return state;
    out->bytes = (size_t) (reading.rest.ptr - text.ptr);
    return check_framing(&reading);
}
