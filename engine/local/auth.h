/* engine/local/auth.h - who is calling: AWS Signature Version 4, checked as AWS checks it.
 *
 * Every failure is answered in the words and status of the service that was called; the codes
 * differ between S3, the JSON services and the query services.
 */
#ifndef ENGINE_LOCAL_AUTH_H
#define ENGINE_LOCAL_AUTH_H

#include "engine/aws/sigv4.h"
#include "engine/local/call.h"

struct auth {
    struct sigv4_received received;
    struct sigv4_claim claim; /* when state is AUTH_CLAIMED */
    enum { AUTH_UNSIGNED, AUTH_BROKEN, AUTH_CLAIMED } state;
    struct err reason; /* when it is AUTH_BROKEN */
};

/* What the request says about itself; nothing is believed yet. */
void auth_read(struct local_call *call, struct auth *out);
/* Fills in the caller: key and account. false: the request was answered. */
bool auth_check(struct local_call *call, const struct auth *auth);
/* Answers as if the caller's session token had expired. */
void auth_refuse_expired(struct local_call *call);

#endif
