#include "engine/base/stack.h"

#include "engine/base/arena.h"

#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

#if WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#define STACK_BYTES KIB(1024)
#else
#define STACK_BYTES KIB(256)
#endif

/* glibc only declares these mmap flags outside strict POSIX mode. */
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS 0x20
#endif

struct stack {
    ucontext_t here, caller;
    stack_fn *fn;
    void *arg;
    void *map;
    size_t map_bytes, guard_bytes;
    bool finished;
    void *fake, *caller_fake; /* AddressSanitizer's shadows of the two stacks */
    const void *caller_bottom;
    size_t caller_bytes;
};

static void to_stack(struct stack *stack)
{
#if WITH_ASAN
    __sanitizer_start_switch_fiber(
        &stack->caller_fake, (char *) stack->map + stack->guard_bytes, STACK_BYTES);
#endif
    swapcontext(&stack->caller, &stack->here);
#if WITH_ASAN
    __sanitizer_finish_switch_fiber(stack->caller_fake, NULL, NULL);
#endif
}

static void to_caller(struct stack *stack)
{
#if WITH_ASAN
    /* A finished stack is never entered again: NULL lets its shadow go. */
    __sanitizer_start_switch_fiber(
        stack->finished ? NULL : &stack->fake, stack->caller_bottom, stack->caller_bytes);
#endif
    swapcontext(&stack->here, &stack->caller);
#if WITH_ASAN
    __sanitizer_finish_switch_fiber(stack->fake, &stack->caller_bottom, &stack->caller_bytes);
#endif
}

/* makecontext passes ints only: the pointer comes in two halves. */
static void start(unsigned high, unsigned low)
{
    struct stack *stack = (struct stack *) (uintptr_t) ((uint64_t) high << 32 | (uint64_t) low);
#if WITH_ASAN
    __sanitizer_finish_switch_fiber(NULL, &stack->caller_bottom, &stack->caller_bytes);
#endif
    stack->fn(stack->arg);
    stack->finished = true;
    to_caller(stack);
}

static void arm(struct stack *stack, stack_fn *fn, void *arg)
{
    stack->fn = fn;
    stack->arg = arg;
    stack->finished = false;
    getcontext(&stack->here);
    stack->here.uc_stack.ss_sp = (char *) stack->map + stack->guard_bytes;
    stack->here.uc_stack.ss_size = STACK_BYTES;
    stack->here.uc_link = NULL;
    uint64_t self = (uint64_t) (uintptr_t) stack;
    /* The cast is makecontext's own contract (getcontext(3)). */
    makecontext(
        &stack->here, (void (*)(void))(uintptr_t) start, 2, (unsigned) (self >> 32),
        (unsigned) (self & 0xffffffffU));
}

struct stack *stack_new(stack_fn *fn, void *arg)
{
    struct stack *stack = xmalloc(sizeof(*stack));
    memset(stack, 0, sizeof(*stack));
    long page = sysconf(_SC_PAGESIZE);
    stack->guard_bytes = page > 0 ? (size_t) page : KIB(4);
    stack->map_bytes = stack->guard_bytes + STACK_BYTES;
    stack->map =
        mmap(NULL, stack->map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack->map == MAP_FAILED || mprotect(stack->map, stack->guard_bytes, PROT_NONE) != 0) {
        fprintf(stderr, "mmectl: out of memory (task stack)\n");
        abort();
    }
    arm(stack, fn, arg);
    return stack;
}

/* What AddressSanitizer knows of the frames that were there would be true of the new ones. */
struct stack *stack_again(struct stack *finished, stack_fn *fn, void *arg)
{
    if (WITH_ASAN) {
        stack_free(finished);
        return stack_new(fn, arg);
    }
    arm(finished, fn, arg);
    return finished;
}

bool stack_enter(struct stack *stack)
{
    to_stack(stack);
    return stack->finished;
}

void stack_leave(struct stack *stack)
{
    to_caller(stack);
}

void stack_free(struct stack *stack)
{
    if (stack == NULL)
        return;
    munmap(stack->map, stack->map_bytes);
    xfree(stack);
}
