#include "engine/serve/scratch.h"

#include "engine/base/arena.h"

#include <pthread.h>
#include <stdlib.h>

/* A thread keeps no more than this of each. */
#define KEPT_FLOATS ((size_t) KIB(64))
#define KEPT_TEXT KIB(256)

static pthread_once_t s_once = PTHREAD_ONCE_INIT;
static pthread_key_t s_key;

static void scratch_free(void *self)
{
    struct scratch *scratch = self;
    xfree(scratch->values);
    xfree(scratch->predictions);
    buf_done(&scratch->text);
    xfree(scratch);
}

static void key_new(void)
{
    if (pthread_key_create(&s_key, scratch_free) != 0)
        abort();
}

struct scratch *scratch_take(size_t max_text)
{
    (void) pthread_once(&s_once, key_new);
    struct scratch *scratch = pthread_getspecific(s_key);
    if (scratch == NULL) {
        scratch = xmalloc(sizeof(*scratch));
        *scratch = (struct scratch){0};
        if (pthread_setspecific(s_key, scratch) != 0)
            abort();
    }
    buf_clear(&scratch->text);
    scratch->text.max = max_text;
    return scratch;
}

float *scratch_floats(float **floats, size_t *have, size_t wanted)
{
    if (wanted > *have) {
        xfree(*floats);
        *floats = xmalloc(wanted * sizeof(**floats));
        *have = wanted;
    }
    return *floats;
}

static void give_back(float **floats, size_t *have)
{
    if (*have <= KEPT_FLOATS)
        return;
    xfree(*floats);
    *floats = NULL;
    *have = 0;
}

void scratch_done(struct scratch *scratch)
{
    give_back(&scratch->values, &scratch->n_values);
    give_back(&scratch->predictions, &scratch->n_predictions);
    if (scratch->text.cap > KEPT_TEXT)
        buf_done(&scratch->text);
}
