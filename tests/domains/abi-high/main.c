/*
 * The layout that a large kernel asks for: linked at 1 GiB, the list of
 * frames at an address of its own, the ramdisk by page and not mapped, no
 * hypercall page.
 */
#include "lib/domain.h"
#include "lib/tap.h"

#define BASE       0x40000000u
#define FRAME_LIST 0x8000000000u
#define LIST_WORDS (PAGE_BYTES / 8)

static const uint64_t *frames = (const uint64_t *)FRAME_LIST;
static const entry_t *base;

static void *seen(pfn_t page)
{
    return (void *)(BASE + page * PAGE_BYTES);
}

static pfn_t page_at(uint64_t address)
{
    return (address - BASE) / PAGE_BYTES;
}

/* The L1 entry for an address; 0 if there is none. */
static entry_t walk(uint64_t address, const entry_t **where)
{
    const entry_t *table = base;
    unsigned int level;
    entry_t entry;

    for (level = 4; level > 1; level--) {
        entry = table[slot_of(address, level)];
        if ((entry & ENTRY_PRESENT) == 0)
            return 0;
        /* Tables outside the first mapping hold the list of frames. */
        if (pfn_of(entry_frame(entry)) >= page_at(0x80000000u))
            return 0;
        table = seen(pfn_of(entry_frame(entry)));
    }
    if (where != NULL)
        *where = table;
    return table[slot_of(address, 1)];
}

static void numbers(const start_info_t *info)
{
    uint64_t page, wrong = 0;

    same("the list is where we asked for it", info->mfn_list, FRAME_LIST);
    for (page = 0; page < info->nr_pages; page++) {
        if (pfn_of(frames[page]) != page)
            wrong++;
    }
    same("p2m and m2p agree for every page", wrong, 0);
    same("frames of the list",
         info->nr_p2m_frames >= (info->nr_pages + LIST_WORDS - 1) / LIST_WORDS,
         1);
    check("its first page",
          info->first_p2m_pfn > 0 && info->first_p2m_pfn < info->nr_pages);
    same("the first page is what the list begins with",
         *(const volatile uint64_t *)frames, frames[0]);
}

static void mapping(const start_info_t *info)
{
    uint64_t page, wrong = 0, writable = 0;
    pfn_t first = page_at(info->pt_base);
    pfn_t last = first + info->nr_pt_frames;
    uint64_t end = BASE;

    for (page = 0; walk(BASE + page * PAGE_BYTES, NULL) != 0; page++) {
        entry_t entry = walk(BASE + page * PAGE_BYTES, NULL);

        end += PAGE_BYTES;
        if (entry_frame(entry) != frames[page])
            wrong++;
        if (((entry & ENTRY_WRITABLE) == 0) != (page >= first && page < last))
            writable++;
    }
    same("page n is at the base + n * 4096", wrong, 0);
    same("tables are read-only, nothing else is", writable, 0);
    same("the mapping ends at 4 MiB", end % 0x400000, 0);
    check("and 512 KiB behind the stack",
          end - (info->pt_base + (info->nr_pt_frames + 1) * PAGE_BYTES) >=
              0x80000);
    check("start_info is in it",
          address_of(info) > BASE && address_of(info) < end);
    check("the tables are behind it", info->pt_base > address_of(info));
}

static void ramdisk(const start_info_t *info)
{
    static const char text[] = "The quick brown fox reads a ramdisk.\n";
    static char window[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
    uint64_t old = walk(address_of(window), NULL);

    same("the ramdisk is told by page", info->flags & SIF_MOD_START_PFN,
         SIF_MOD_START_PFN);
    same("its bytes", info->mod_len, sizeof(text) - 1);
    check("its page", info->mod_start > 0 && info->mod_start < info->nr_pages);
    answers("map it",
            page_map(address_of(window), frames[info->mod_start], MAP_READ), 0);
    check("its text", memcmp(window, text, sizeof(text) - 1) == 0);
    answers("the window as before",
            hypercall_va_mapping(address_of(window), old, UVMF_INVLPG), 0);
}

void domain_main(const start_info_t *info)
{
    base = (const entry_t *)info->pt_base;
    numbers(info);
    mapping(info);
    ramdisk(info);
    tests_end();
}
