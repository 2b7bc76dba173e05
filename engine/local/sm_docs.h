/* engine/local/sm_docs.h - the documents of things as they were read last, by their text.
 *
 * Whoever waits for an endpoint asks for the same one again and again; finding its document among
 * the last few takes a tenth of reading it. State of the SageMaker room, guarded by the world lock.
 */
#ifndef ENGINE_LOCAL_SM_DOCS_H
#define ENGINE_LOCAL_SM_DOCS_H

#include "engine/base/json.h"
#include "engine/local/local.h"

struct sm_docs *sm_docs_new(void);
void sm_docs_free(void *docs); /* accepts NULL */
/* What the text says, as a tree of the caller's own. An empty object for a text that is no JSON. */
struct json *sm_doc_read(struct local *local, struct arena *arena, struct str text);

#endif
