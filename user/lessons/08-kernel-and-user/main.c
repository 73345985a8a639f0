/*
 * Lesson 8: kernel and user.
 *
 * A domain's kernel and its programs both run in ring 3, so no privilege
 * level keeps them apart. Two base pointers do: the kernel's tables show
 * everything, the user's tables show the program. The kernel below switches
 * between them: on `iret` to the user, and back on a syscall or a fault.
 *
 * The user program here has two pages: its code and its stack. It says
 * something, asks its kernel for a sum, reaches for memory that is not its
 * own, tries an instruction that is not its own, and ends.
 *
 *   T2  While references are held, only the same type may be taken.
 * (A frame may be mapped in both spaces: the same type, writable, twice.)
 */
#include "lib/domain.h"

/* The system calls of our little kernel. */
enum call {
    CALL_PRINT = 1, /* text in rdi */
    CALL_ADD,       /* rdi + rsi */
    CALL_EXIT,      /* result in rdi */
};

#define SECRET     0x5ec2e7u
#define USER_STACK 0x1ff000u /* where the user sees its stack */
#define ANSWER     42u
#define MOV_BYTES  3u /* length of mov (%rdi), %rax */
#define CLI_BYTES  1u

static volatile uint64_t *secret;  /* a page that only the kernel has */
static entry_t *l4, *l3, *l2, *l1; /* the user's tables */
static char *user_stack;
static unsigned int calls;

/* ------------------------------------------------ the program, in user mode */

USER_DATA static const char text_hello[] = "Hello from user mode.";
USER_DATA static const char text_sum[] = "The sum is right.";
USER_DATA static const char text_back[] =
    "I read it, and my kernel put 42 into my register.";
USER_DATA static const char text_cli[] =
    "I tried to switch interrupts off, and am told to go on.";

USER_INLINE void user_print(const char *text)
{
    user_syscall(CALL_PRINT, (uint64_t)(uintptr_t)text, 0);
}

/* rax is where the kernel puts its answer when the read faults. */
USER_INLINE uint64_t user_peek(uint64_t address)
{
    uint64_t value;

    __asm__ volatile("movq (%%rdi), %%rax" : "=a"(value) : "D"(address));
    return value;
}

USER_CODE static void user_program(uint64_t forbidden)
{
    user_print(text_hello);
    if (user_syscall(CALL_ADD, 20, 22) == ANSWER)
        user_print(text_sum);
    if (user_peek(forbidden) == ANSWER)
        user_print(text_back);
    __asm__ volatile("cli");
    user_print(text_cli);
    user_syscall(CALL_EXIT, 7, 0);
}

/* ------------------------------------------------- its kernel: what arrives */

/*
 * A kernel that cared would look at the address before it reads a text there.
 */
static void handle_syscall(struct regs *regs)
{
    calls++;
    switch (regs->rax) {
    case CALL_PRINT: say("  user: %s\n", (const char *)regs->rdi); break;
    case CALL_ADD:
        say("  kernel: the user asks for %lu + %lu\n", regs->rdi, regs->rsi);
        regs->rax = regs->rdi + regs->rsi;
        break;
    case CALL_EXIT:
        say("  kernel: the user ends, with result %lu\n", regs->rdi);
        user_stop((long)regs->rdi);
    default: regs->rax = (uint64_t)-XEN_ENOSYS;
    }
}

static void handle_page_fault(struct regs *regs)
{
    say("  kernel: page fault, from %s mode; the address is my secret: %s\n",
        from_user(regs) ? "user" : "kernel",
        yes_no(fault_address() == address_of(secret)));
    say("  kernel: the user's tables have no page there: %s\n",
        yes_no((regs->error_code & FAULT_PRESENT) == 0));
    if (!from_user(regs))
        domain_crash();
    regs->rax = ANSWER;
    regs->rip += MOV_BYTES;
}

static void handle_protection(struct regs *regs)
{
    say("  kernel: protection fault, from %s mode\n",
        from_user(regs) ? "user" : "kernel");
    if (!from_user(regs))
        domain_crash();
    regs->rip += CLI_BYTES;
}

/* ------------------------------------------- its kernel: what it sets up */

/* Let the user's L1 table show one of my pages at an address. */
static void show_to_user(vaddr_t address, const void *page, uint64_t flags)
{
    l1[slot_of(address, 1)] = entry_make(frame_of(page), flags | ENTRY_USER);
}

static void protect_tables(void)
{
    page_protect(l4);
    page_protect(l3);
    page_protect(l2);
    page_protect(l1);
}

static void build(void)
{
    vaddr_t program = address_of(user_pages);

    say("1. Build the user's tables\n");
    l4[slot_of(program, 4)] = entry_make(frame_of(l3), MAP_TABLE);
    l3[slot_of(program, 3)] = entry_make(frame_of(l2), MAP_TABLE);
    l2[slot_of(program, 2)] = entry_make(frame_of(l1), MAP_TABLE);
    show_to_user(program, user_pages, MAP_READ);
    show_to_user(USER_STACK, user_stack, MAP_WRITE);
    say("  They show two pages: the program, read-only, where I see it too,\n"
        "  and its stack, at an address of its own.\n");
    protect_tables();
    ask("Pin the user's L4 table.");
    answer(table_pin(l4, 4));
    ask("Take it as the base pointer for user mode.");
    answer(user_base_load(l4));
}

static void run(void)
{
    long result;

    say("2. Enter user mode\n");
    result = user_run(address_of(user_program),
                      USER_STACK + PAGE_BYTES - sizeof(uint64_t),
                      address_of(secret));
    say("  back in the kernel, result %ld, after %u system calls\n", result,
        calls);
    say("  my secret is still 0x%lx\n", *secret);
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    trap_set_handler(TRAP_SYSCALL, handle_syscall);
    trap_set_handler(TRAP_PAGE_FAULT, handle_page_fault);
    trap_set_handler(TRAP_PROTECTION, handle_protection);
    secret = page_alloc();
    l4 = page_alloc();
    l3 = page_alloc();
    l2 = page_alloc();
    l1 = page_alloc();
    user_stack = page_alloc();
    *secret = SECRET;
    say("Lesson 8: kernel and user\n");
    build();
    run();
    say("Lesson 8 ends: you saw one instruction, syscall, mean two things: in\n"
        "  my kernel it asks the machine's, in my program it asks mine.\n");
}
