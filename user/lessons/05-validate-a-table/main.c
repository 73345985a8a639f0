/*
 * Lesson 5: a table is validated.
 *
 * Until a page is used as a table it is plain memory, and we may fill it as
 * we like. The moment of truth comes when an upper table is to name it: then
 * the kernel reads each of its 512 entries and takes the references they ask
 * for. One bad entry, and the whole table is refused and every reference
 * given back.
 *
 *   T1  A frame with no type references takes whatever type is asked first.
 *   T2  While references are held, only the same type may be taken.
 *   T4  When the last type reference goes, so does the validation.
 */
#include "lib/domain.h"

#define NEW_LAND  0x10000000u /* 256 MiB: nothing is mapped there */
#define SLOT_A    3u
#define SLOT_B    500u
#define SLOT_LATE 501u
#define WORD_A    0xaaaau
#define WORD_B    0xbbbbu

static uint64_t *a, *b;
static entry_t *table;       /* the page that will be an L1 table */
static const entry_t *upper; /* the L2 table that will name it */

static vaddr_t land(unsigned int slot)
{
    return NEW_LAND + (vaddr_t)slot * PAGE_BYTES;
}

static void look(const char *name, unsigned int slot)
{
    struct fault fault;
    uint64_t value;

    if (try_read(land(slot), &value, &fault))
        say("  at 0x%lx I read 0x%lx: %s\n", land(slot), value, name);
    else
        say("  at 0x%lx there is nothing\n", land(slot));
}

static long hook(void)
{
    ask("Let slot %u of the L2 table name my table.", slot_of(NEW_LAND, 2));
    return answer(entry_write(upper, slot_of(NEW_LAND, 2),
                              entry_make(frame_of(table), MAP_TABLE)));
}

static void unhook(void)
{
    ask("Empty slot %u of the L2 table.", slot_of(NEW_LAND, 2));
    answer(entry_write(upper, slot_of(NEW_LAND, 2), MAP_NOTHING));
    ask("Let the CPU forget what it knows of all addresses.");
    answer(forget_all());
}

static long protect(void)
{
    ask("Make page T read-only.");
    return answer(page_protect(table));
}

static long release(void)
{
    ask("Make page T writable.");
    return answer(page_release(table));
}

static void build(void)
{
    say("1. Build a table in plain memory\n");
    table[SLOT_A] = entry_make(frame_of(a), MAP_READ);
    table[SLOT_B] = entry_make(frame_of(b), MAP_WRITE);
    say("  I write two entries into page T: slot %u names A, read-only;\n"
        "  slot %u names B, writable. Nobody checks: it is only memory.\n",
        SLOT_A, SLOT_B);
    look("", SLOT_A);
}

static void hook_too_early(void)
{
    say("2. Use it while I can still write to it\n");
    hook();
    say("  Page T is mapped writable, so its type is writable: T2.\n");
}

static void hook_in_order(void)
{
    say("3. Give up the writable view first\n");
    protect();
    hook();
    look("page A", SLOT_A);
    look("page B", SLOT_B);
    release();
    say("  Now its type is L1 table, and T2 says no the other way round.\n");
}

static void take_back(void)
{
    say("4. Take it out of use\n");
    unhook();
    look("", SLOT_A);
    release();
    say("  The last reference as a table is gone, the validation with it\n"
        "  (T4): page T is plain memory again, its entries only numbers.\n");
}

static void one_bad_entry(void)
{
    say("5. One bad entry among 512\n");
    table[SLOT_LATE] = entry_make(frame_of(upper), MAP_WRITE);
    say("  I add slot %u: the L2 table, writable.\n", SLOT_LATE);
    protect();
    hook();
    say("  slot %u of the L2 table is empty: %s\n", slot_of(NEW_LAND, 2),
        yes_no(upper[slot_of(NEW_LAND, 2)] == 0));
    look("", SLOT_A);
    release();
    say("  Nothing is left of the attempt: even page T is mine to write.\n");
}

static void repair(void)
{
    say("6. Repair it\n");
    table[SLOT_LATE] = entry_make(frame_of(upper), MAP_READ);
    say("  Slot %u: the L2 table, but read-only.\n", SLOT_LATE);
    protect();
    hook();
    say("  through the new land I read my own L2 table: %s\n",
        yes_no(*(volatile entry_t *)(land(SLOT_LATE) +
                                     slot_of(NEW_LAND, 2) * sizeof(entry_t)) ==
               upper[slot_of(NEW_LAND, 2)]));
}

static void wrong_level(void)
{
    say("7. A table has one level\n");
    ask("Let a slot of the L3 table name my L1 table.");
    answer(entry_write(table_find(NEW_LAND, 3), 1,
                       entry_make(frame_of(table), MAP_TABLE)));
}

void domain_main(const start_info_t *info)
{
    traps_setup(info);
    a = page_alloc();
    b = page_alloc();
    table = page_alloc();
    upper = table_find(NEW_LAND, 2);
    *a = WORD_A;
    *b = WORD_B;
    say("Lesson 5: a table is validated\n");
    say("Page A (0x%lx) and page B (0x%lx) are plain memory; page T (0x%lx)\n"
        "is going to be an L1 table.\n",
        page_number(a), page_number(b), page_number(table));
    build();
    hook_too_early();
    hook_in_order();
    take_back();
    one_bad_entry();
    repair();
    wrong_level();
    say("Lesson 5 ends: you saw that a table is accepted whole, or not.\n");
}
