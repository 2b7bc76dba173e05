/* engine/local/record_wire.h - what came in and what was answered, one JSON line an exchange.
 *
 * For users' own tests (what did my pipeline send?) and for checks against AWS's service models. A
 * line is an object:
 *
 *   time                  when the request had arrived: "2026-11-23T05:49:00.000Z"
 *   service, operation    as the stand-in understood it: "sagemaker", "CreateModel"; absent when it
 *                         knew no such operation
 *   method, path, query   as sent, still encoded; no query: ""
 *   headers               by lower-case name; several of one name joined by ", "
 *   body                  {"bytes": N, "text": "..."}, or "base64" when it is no text; "cut": true
 *                         when only the first RECORD_BODY_BYTES of it are here
 *   status, answer        the answer: {"headers": {...}, "body": {...}}, also of refusals and
 *                         planted faults. HEAD: the headers alone. Status 0: a planted fault
 *                         ended the connection without an answer
 *
 * Left out: headers and query parameters that carry credentials or signatures, and every call of
 * the stand-in's own paths (/_mmectl/...), which make keys.
 * Threads: any; a line is one write(2) to a file opened for appending, so that several stand-ins
 * may share it. When one fails (a full disk) a warning is logged and nothing is recorded any more.
 */
#ifndef ENGINE_LOCAL_RECORD_WIRE_H
#define ENGINE_LOCAL_RECORD_WIRE_H

#include "engine/local/call.h"

#define RECORD_BODY_BYTES MIB(1)

struct record_wire;

/* Makes the file, mode 0600, or goes on at its end. */
enum err_code record_wire_open(const char *path, struct record_wire **out, struct err *err)
    MUST_USE;
void record_wire_close(struct record_wire *record); /* accepts NULL */
/* With the answer complete, before it is sent. */
void record_wire_add(struct record_wire *record, const struct local_call *call);

#endif
