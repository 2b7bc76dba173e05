#include "engine/base/utf8.h"

static unsigned char byte_at(struct str s, size_t at)
{
    return at < s.len ? (unsigned char) s.ptr[at] : 0;
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xC0U) == 0x80U;
}

/* The table of RFC 3629 section 4: the second byte has narrower bounds after E0, ED, F0 and F4. */
size_t utf8_char_len(struct str s, size_t at)
{
    unsigned char a = byte_at(s, at), b = byte_at(s, at + 1);
    if (at >= s.len)
        return 0;
    if (a < 0x80)
        return 1;
    if (a >= 0xC2 && a <= 0xDF)
        return is_continuation(b) ? 2 : 0;
    if (a >= 0xE0 && a <= 0xEF) {
        unsigned char low = a == 0xE0 ? 0xA0 : 0x80, high = a == 0xED ? 0x9F : 0xBF;
        return b >= low && b <= high && is_continuation(byte_at(s, at + 2)) ? 3 : 0;
    }
    if (a >= 0xF0 && a <= 0xF4) {
        unsigned char low = a == 0xF0 ? 0x90 : 0x80, high = a == 0xF4 ? 0x8F : 0xBF;
        bool rest = is_continuation(byte_at(s, at + 2)) && is_continuation(byte_at(s, at + 3));
        return b >= low && b <= high && rest ? 4 : 0;
    }
    return 0;
}
