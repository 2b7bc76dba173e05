#include "cmd/cmd.h"

#define MAX_CMDS 64

static const struct cmd *const s_cmds[] = {
#define CMD_ROW(name) &cmd_##name,
    CMD_LIST(CMD_ROW)
#undef CMD_ROW
};

size_t cmd_count(void)
{
    return ARRAY_LEN(s_cmds);
}

const struct cmd *cmd_at(size_t index)
{
    return s_cmds[index];
}

/* How many words of argv the command's name takes; 0 when it is another one. */
static int match(const struct cmd *cmd, int argc, char *const *argv)
{
    struct str first = str_from(argv[0]);
    if (str_eq_z(first, cmd->name) || (cmd->alias != NULL && str_eq_z(first, cmd->alias)))
        return 1;
    struct str rest = str_from(cmd->name), word;
    if (argc < 2 || !str_split(&rest, ' ', &word) || str_is_null(rest))
        return 0;
    return str_eq(word, first) && str_eq_z(rest, argv[1]) ? 2 : 0;
}

static bool is_group(struct str word)
{
    for (size_t i = 0; i < cmd_count(); i++) {
        struct str rest = str_from(s_cmds[i]->name), first;
        if (str_split(&rest, ' ', &first) && !str_is_null(rest) && str_eq(first, word))
            return true;
    }
    return false;
}

const struct cmd *cmd_find(int argc, char *const *argv, int *words, struct err *err)
{
    for (size_t i = 0; i < cmd_count(); i++) {
        *words = match(s_cmds[i], argc, argv);
        if (*words > 0)
            return s_cmds[i];
    }
    struct str word = str_from(argv[0]);
    if (is_group(word)) {
        if (argc < 2)
            err_set(err, ERR_USAGE, "'%s' needs one more word", argv[0]);
        else
            err_set(err, ERR_USAGE, "unknown command '%s %s'", argv[0], argv[1]);
        err_hint(err, "see 'mmectl help %s'", argv[0]);
        return NULL;
    }
    const char *names[MAX_CMDS];
    size_t count = 0;
    for (size_t i = 0; i < cmd_count() && count < MAX_CMDS; i++)
        if (!s_cmds[i]->hidden)
            names[count++] = s_cmds[i]->name;
    const char *near = opt_nearest(word, names, count);
    err_set(err, ERR_USAGE, "unknown command '%s'", argv[0]);
    if (near != NULL)
        err_hint(err, "did you mean '%s'?", near);
    else
        err_hint(err, "see 'mmectl help'");
    return NULL;
}
