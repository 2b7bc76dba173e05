/* engine/base/stack.h - a call stack to switch to and back from (ucontext of glibc).
 *
 * The only place that knows how a task of loop.h gets a stack. Each stack is mapped with a guard
 * page below it. AddressSanitizer is told of every switch. Threads: a stack stays on the thread
 * that made it.
 */
#ifndef ENGINE_BASE_STACK_H
#define ENGINE_BASE_STACK_H

#include "engine/base/base.h"

struct stack;

typedef void stack_fn(void *arg);

/* fn(arg) runs on the first stack_enter(); when it returns the stack is finished. */
struct stack *stack_new(stack_fn *fn, void *arg);
/* The same on the memory of one that has finished, which is gone with this: what a new one costs
 * is mapping it and touching its pages for the first time. */
struct stack *stack_again(struct stack *finished, stack_fn *fn, void *arg);
/* Runs it until it leaves or finishes; true when it has finished. */
bool stack_enter(struct stack *stack);
/* Called on the stack itself: goes back to whoever entered it. */
void stack_leave(struct stack *stack);
void stack_free(struct stack *stack);

#endif
