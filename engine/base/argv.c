#include "engine/base/argv.h"

#include "engine/base/arena.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct reader {
    struct str line;
    size_t at;
    char *word; /* where the next character goes */
};

/* One quoted part, the opening quote being read; false when it is not closed. */
static bool read_quoted(struct reader *reader, char quote)
{
    while (reader->at < reader->line.len) {
        char c = reader->line.ptr[reader->at++];
        if (c == quote)
            return true;
        if (c == '\\' && quote == '"' && reader->at < reader->line.len) {
            char next = reader->line.ptr[reader->at];
            if (next == '"' || next == '\\') {
                c = next;
                reader->at++;
            }
        }
        *reader->word++ = c;
    }
    return false;
}

/* One word; what is wrong with it, or NULL. */
static const char *read_word(struct reader *reader)
{
    while (reader->at < reader->line.len && !is_blank(reader->line.ptr[reader->at])) {
        char c = reader->line.ptr[reader->at++];
        if (c == '\'' || c == '"') {
            if (!read_quoted(reader, c))
                return "a quote is not closed";
            continue;
        }
        if (c == '\\') {
            if (reader->at == reader->line.len)
                return "a backslash is its last character";
            c = reader->line.ptr[reader->at++];
        }
        *reader->word++ = c;
    }
    *reader->word++ = '\0';
    return NULL;
}

enum err_code argv_split(
    struct arena *arena,
    struct str line,
    size_t max_words,
    char ***ret_words,
    size_t *ret_count,
    struct err *err)
{
    if (str_index(line, '\0') != SIZE_MAX)
        return err_set(err, ERR_USAGE, "there is a NUL in it");
    char **words = ARENA_ARRAY(arena, max_words + 1, char *);
    /* Each word is at most as long as what it is read from, with a NUL for the blank. */
    struct reader reader = {.line = line, .word = arena_chars(arena, line.len + 1)};
    size_t count = 0;
    for (;;) {
        while (reader.at < line.len && is_blank(line.ptr[reader.at]))
            reader.at++;
        if (reader.at == line.len)
            break;
        if (count == max_words)
            return err_set(err, ERR_USAGE, "it has more than %zu words", max_words);
        words[count++] = reader.word;
        const char *wrong = read_word(&reader);
        if (wrong != NULL)
            return err_set(err, ERR_USAGE, "%s", wrong);
    }
    *ret_words = words;
    *ret_count = count;
    return ERR_NONE;
}
