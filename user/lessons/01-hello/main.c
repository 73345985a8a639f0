/*
 * Lesson 1: what a domain is given, and how it asks for more.
 *
 * A domain is a kernel without a machine of its own. It is loaded into a
 * piece of memory, gets one page that describes what it owns (start_info),
 * and runs in ring 3. Whatever needs more power than that it must ask for,
 * by hypercall. An honest "no" is an answer like any other.
 *
 * No rule of the tally is at work yet; the next lessons have them all.
 */
#include "lib/domain.h"

#define PRIVILEGE_MASK    3u
#define HYPERCALL_UNKNOWN 63u         /* a number without a meaning */
#define NO_MEMORY_HERE    0x10000000u /* an address we have no table for */
#define PAGES_PER_MIB     256u

static unsigned int privilege_level(void)
{
    unsigned int selector;

    __asm__("mov %%cs, %0" : "=r"(selector));
    return selector & PRIVILEGE_MASK;
}

static void show_start_info(const start_info_t *info)
{
    say("1. What I was handed at birth\n");
    say("  magic word        %s\n", info->magic);
    say("  my memory         %lu pages, %lu MiB\n", info->nr_pages,
        info->nr_pages / PAGES_PER_MIB);
    say("  mapped already    %lu pages, page n at address n * 4096\n",
        pages_mapped());
    say("  in page tables    %lu pages, built for me and in use\n",
        info->nr_pt_frames);
    say("  privileged        %s\n",
        yes_no((info->flags & SIF_PRIVILEGED) != 0));
}

/* My page numbers are mine; the machine has numbers of its own. */
static void show_numbers(const start_info_t *info)
{
    uint64_t back = 0;
    pfn_t page;

    for (page = 0; page < info->nr_pages; page++) {
        if (pfn_of(mfn_of(page)) == page)
            back++;
    }
    say("2. Two ways to count memory\n");
    say("  I count pages from 0. The machine counts frames, and mine lie\n");
    say("  anywhere. One list leads from page to frame, one table back.\n");
    say("  my page 0 is the machine's frame 0: %s\n", yes_no(mfn_of(0) == 0));
    say("  pages that come back to themselves: %lu of %lu\n", back,
        info->nr_pages);
}

static void show_feature(uint32_t features, unsigned int bit,
                         const char *meaning)
{
    say("  %-44s %s\n", meaning, yes_no((features >> bit) & 1));
}

static void show_features(void)
{
    struct xen_feature_info info = {.submap_idx = 0};

    say("3. What the kernel offers\n");
    ask("Which features are there?");
    answer(hypercall_version(XENVER_get_features, &info));
    show_feature(info.submap, XENFEAT_writable_page_tables,
                 "I may write to my page tables");
    show_feature(info.submap, XENFEAT_auto_translated_physmap,
                 "frame numbers are translated for me");
    show_feature(info.submap, XENFEAT_supervisor_mode_kernel,
                 "I may run in ring 0");
    show_feature(info.submap, XENFEAT_mmu_pt_update_preserve_ad,
                 "an update can keep accessed and dirty bits");
}

static void show_refusals(void)
{
    say("4. Questions that have no good answer\n");
    ask("Hypercall 63, which means nothing.");
    answer(hypercall(HYPERCALL_UNKNOWN, 0, 0, 0, 0));
    ask("Print a text from an address where I have no memory.");
    answer(hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 1,
                     NO_MEMORY_HERE, 0));
    say("  Both were answered, and I am still alive.\n");
}

void domain_main(const start_info_t *info)
{
    say("Lesson 1: what a domain is given\n");
    say("I am a kernel, yet my code runs in ring %u.\n", privilege_level());
    show_start_info(info);
    show_numbers(info);
    show_features();
    show_refusals();
    say("Lesson 1 ends: you saw a domain's memory, two ways to count it, and\n"
        "  that a hypercall is a question with an answer.\n");
}
