#include "x86/panic.h"

#include <stdarg.h>

#include "lib/format.h"
#include "x86/cpu.h"
#include "x86/image.h"
#include "x86/log.h"
#include "x86/power.h"
#include "x86/stack.h"
#include "x86/symbols.h"
#include "x86/tlb.h"

enum { BACKTRACE_FRAMES = 24, PANIC_TEXT_BYTES = 256 };

/* How often panic was entered: a panic inside a panic prints less, and the
 * third one nothing. */
static unsigned int depth;

/* back: 1 for a return address. The call before it says which function: a
 * call that does not return may be the last thing in one. */
static void address_print(uint64_t address, unsigned int back)
{
    uint64_t offset = 0;
    const char *name = symbol_find(address - back, &offset);

    offset += back;
    if (name != NULL)
        log_printf(LOG_ERROR, "  %016llx %s+0x%llx",
                   (unsigned long long)address, name,
                   (unsigned long long)offset);
    else
        log_printf(LOG_ERROR, "  %016llx", (unsigned long long)address);
}

/* Does an address in our text stand behind a call: e8, or ff with 2 as the
 * operation, in one of its lengths (SDM 2A 3.2, CALL)? */
static bool is_return_address(uint64_t address)
{
    const uint8_t *code = (const uint8_t *)(uintptr_t)address;
    unsigned int length;

    if (address < (uintptr_t)image_text_start + 8 ||
        address >= (uintptr_t)image_text_end)
        return false;
    if (code[-5] == 0xe8)
        return true;
    for (length = 2; length <= 7; length++)
        if (code[-(int)length] == 0xff &&
            (code[1 - (int)length] & 0x38) == 0x10)
            return true;
    return false;
}

/* The kernel keeps no frame pointers: what looks like a return address on the
 * stack is one, or was one. */
static void callers_print(uint64_t rsp)
{
    unsigned int found = 0;

    log_printf(LOG_ERROR, "called from, as the stack has it:");
    for (; stack_contains(rsp) && found < BACKTRACE_FRAMES; rsp += 8) {
        uint64_t word = *(const uint64_t *)(uintptr_t)rsp;

        if (is_return_address(word)) {
            address_print(word, 1);
            found++;
        }
    }
}

void backtrace_print(uint64_t rip, uint64_t rsp)
{
    log_printf(LOG_ERROR, "at:");
    address_print(rip, 0);
    callers_print(rsp);
}

static void page_fault_print(uint32_t error_code)
{
    log_printf(LOG_ERROR, "%s of %016llx by %s: %s%s",
               (error_code & PF_FETCH) != 0   ? "fetch"
               : (error_code & PF_WRITE) != 0 ? "write"
                                              : "read",
               (unsigned long long)cr2_read(),
               (error_code & PF_USER) != 0 ? "ring 3" : "the kernel",
               (error_code & PF_PRESENT) != 0 ? "not allowed" : "not mapped",
               (error_code & PF_RESERVED) != 0 ? ", reserved bit" : "");
}

static void selector_error_print(uint32_t error_code)
{
    static const char *const tables[4] = {"GDT", "IDT", "LDT", "IDT"};

    if (error_code == 0)
        return;
    log_printf(LOG_ERROR, "about %s entry 0x%x%s", tables[error_code >> 1 & 3],
               error_code >> 3, (error_code & 1) != 0 ? ", from outside" : "");
}

static void registers_line(const char *names, uint64_t a, uint64_t b,
                           uint64_t c)
{
    log_printf(LOG_ERROR, "%.3s %016llx  %.3s %016llx  %.3s %016llx", names,
               (unsigned long long)a, names + 3, (unsigned long long)b,
               names + 6, (unsigned long long)c);
}

void regs_print(const struct regs *regs)
{
    if (regs->vector == TRAP_SYSCALL)
        log_printf(LOG_ERROR, "in a system call");
    else
        log_printf(LOG_ERROR, "vector %u, error code 0x%x", regs->vector,
                   regs->error_code);
    if (regs->vector == TRAP_PF)
        page_fault_print(regs->error_code);
    else if (regs->vector < TRAP_EXCEPTIONS)
        selector_error_print(regs->error_code);
    registers_line("ripcs fl ", regs->rip, regs->cs, regs->rflags);
    registers_line("rspss rbp", regs->rsp, regs->ss, regs->rbp);
    registers_line("raxrbxrcx", regs->rax, regs->rbx, regs->rcx);
    registers_line("rdxrsirdi", regs->rdx, regs->rsi, regs->rdi);
    registers_line("r8 r9 r10", regs->r8, regs->r9, regs->r10);
    registers_line("r11r12r13", regs->r11, regs->r12, regs->r13);
    registers_line("r14r15cr3", regs->r14, regs->r15, cr3_read());
}

static void panic_head(const char *format, va_list args)
{
    char text[PANIC_TEXT_BYTES];

    depth++;
    if (depth > 2)
        cpu_halt();
    format_vbuffer(text, sizeof text, format, args);
    log_printf(LOG_ERROR, "PANIC: %s", text);
    if (depth > 1)
        power_exit(POWER_EXIT_BROKEN);
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    panic_head(format, args);
    va_end(args);
    callers_print((uintptr_t)__builtin_frame_address(0));
    power_exit(POWER_EXIT_BROKEN);
}

void panic_regs(const struct regs *regs, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    panic_head(format, args);
    va_end(args);
    regs_print(regs);
    backtrace_print(regs->rip, regs->rsp);
    power_exit(POWER_EXIT_BROKEN);
}
