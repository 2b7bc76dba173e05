/* A moment of an account: the stand-in's world, the clock, and what the harness knew then. */
#include "tests/sim/account.h"

#include "engine/base/arena.h"

struct account_moment {
    struct local_snapshot *world;
    struct account account;
};

struct account_moment *account_keep(struct account *account)
{
    struct err err = {0};
    struct account_moment *moment = xmalloc(sizeof(*moment));
    *moment = (struct account_moment){.account = *account};
    sim_must(local_snapshot_take(account->local, &moment->world, &err), &err, "keeping a world");
    return moment;
}

/* Everything that lay on the moment's arena stays; what came after has one of its own. */
static void drop_since(struct account *account, const struct account_moment *moment)
{
    if (account->arena != moment->account.arena)
        arena_free(account->arena);
}

void account_return(struct account *account, const struct account_moment *moment)
{
    struct err err = {0};
    size_t requests = account->requests;
    drop_since(account, moment);
    *account = moment->account;
    account->arena = arena_new("case", 0);
    account->requests = requests;
    account->live.etag = STR_NULL;
    sim_must(
        local_snapshot_restore(account->local, moment->world, &err), &err, "going back in time");
}

void account_forget(struct account *account, struct account_moment *moment)
{
    drop_since(account, moment);
    account->arena = moment->account.arena;
    local_snapshot_free(moment->world);
    xfree(moment);
}
