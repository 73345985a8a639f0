#include "x86/trap.h"

#include "lib/string.h"
#include "x86/context.h"
#include "x86/image.h"
#include "x86/layout.h"
#include "x86/log.h"
#include "x86/paging.h"
#include "x86/panic.h"
#include "x86/stack.h"

enum {
    VECTORS = 256,
    GATE_INTERRUPT = 0x8e, /* present, DPL 0, IF cleared */
    GATE_DPL3 = 0x60,
};

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t ist;
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint64_t base;
};

/* trap_kernel, trap_ring3 - entry.asm calls them. */
struct regs *trap_kernel(struct regs *regs);
void trap_ring3(struct regs *regs);

__attribute__((section(".entry.data"),
               aligned(4096))) static struct gate idt[VECTORS];

static uint64_t nmis;

static void idt_load(vaddr_t base)
{
    struct table_register idtr = {sizeof idt - 1, base};

    __asm__ volatile("lidt %0" ::"m"(idtr));
}

void trap_init_early(void)
{
    for (unsigned int vector = 0; vector < VECTORS; vector++) {
        uint64_t stub = (uintptr_t)trap_stubs[vector];

        idt[vector].offset_low = (uint16_t)stub;
        idt[vector].offset_middle = (uint16_t)(stub >> 16);
        idt[vector].offset_high = (uint32_t)(stub >> 32);
        idt[vector].selector = SELECTOR_KERNEL_CS;
        idt[vector].type = GATE_INTERRUPT;
    }
    /* int3 and into work from ring 3; any other `int n` is a #GP. */
    idt[TRAP_BP].type |= GATE_DPL3;
    idt[TRAP_OF].type |= GATE_DPL3;
    idt_load((uintptr_t)idt);
}

void trap_init(void)
{
    idt[TRAP_DF].ist = IST_DF;
    idt[TRAP_NMI].ist = IST_NMI;
    idt[TRAP_MC].ist = IST_MC;
    idt[TRAP_DB].ist = IST_DB;
    if (paging_map_page(WINDOW_IDT, image_paddr(idt), PAGING_RO) != 0)
        panic("no memory for the window");
    idt_load(WINDOW_IDT);
}

const char *trap_name(uint32_t vector)
{
    static const char *const names[TRAP_EXCEPTIONS] = {
        "#DE divide error",
        "#DB debug",
        "NMI",
        "#BP breakpoint",
        "#OF overflow",
        "#BR bound range",
        "#UD undefined instruction",
        "#NM no FPU",
        "#DF double fault",
        "vector 9",
        "#TS bad TSS",
        "#NP segment not present",
        "#SS stack segment",
        "#GP general protection",
        "#PF page fault",
        "vector 15",
        "#MF FPU error",
        "#AC alignment",
        "#MC machine check",
        "#XM SIMD error",
        "#VE virtualization",
        "#CP control protection",
        "vector 22",
        "vector 23",
        "vector 24",
        "vector 25",
        "vector 26",
        "vector 27",
        "vector 28",
        "#VC VMM communication",
        "#SX security",
        "vector 31",
    };

    if (vector < TRAP_EXCEPTIONS)
        return names[vector];
    return vector == TRAP_SYSCALL ? "syscall" : "interrupt";
}

/* Where to go on after a fault at rip; 0: nowhere. */
static uint64_t fixup_find(uint64_t rip)
{
    for (const struct fixup *f = fixups_start; f < fixups_end; f++)
        if (f->fault == rip)
            return f->resume;
    return 0;
}

/* An NMI means nothing to us; one line, so that a person sees it arrived. */
static void nmi_note(void)
{
    if (nmis++ == 0)
        log_printf(LOG_WARNING, "NMI: ignored, this one and all others");
}

struct regs *trap_kernel(struct regs *regs)
{
    uint64_t resume;

    if (regs->vector == TRAP_DB) {
        /* A watchpoint that a guest set on its own memory, hit by a copy;
         * or the one that MOV SS held back until `syscall`. */
        __asm__ volatile("mov %0, %%dr6" ::"r"(UINT64_C(0xffff0ff0)));
        return regs;
    }
    if (regs->vector == TRAP_NMI) {
        nmis++; /* anything may be half done: no printing */
        return regs;
    }
    if (regs->vector == TRAP_DF || regs->vector == TRAP_MC)
        panic_regs(regs, "%s in the kernel", trap_name(regs->vector));
    if (regs->rip == (uintptr_t)guest_iret) {
        struct regs *guest = context_regs(cpu_stack_top);

        /* The general registers are the guest's again; the frame that was
         * to be loaded is still at the stack's top. They may overlap. */
        uint32_t vector = regs->vector;
        uint32_t error_code = regs->error_code;

        memmove(guest, regs, offsetof(struct regs, error_code));
        guest->vector = vector;
        guest->error_code = error_code;
        return guest;
    }
    resume = fixup_find(regs->rip);
    if (resume == 0)
        panic_regs(regs, "%s in the kernel", trap_name(regs->vector));
    regs->rip = resume;
    return regs;
}

void trap_ring3(struct regs *regs)
{
    if (regs->vector == TRAP_NMI)
        nmi_note();
    else if (regs->vector == TRAP_MC || regs->vector == TRAP_DF)
        panic_regs(regs, "%s in ring 3", trap_name(regs->vector));
    else
        fault_entry(regs);
}
