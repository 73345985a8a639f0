#include "tap.h"

#include "lib/domain.h"

static unsigned int tests;

static bool result(const char *name, bool good)
{
    tests++;
    say("%s %u %s", good ? "ok" : "not ok", tests, name);
    if (good)
        say("\n");
    return good;
}

void check(const char *name, bool truth)
{
    if (!result(name, truth))
        say("\n");
}

void same(const char *name, uint64_t got, uint64_t expected)
{
    if (!result(name, got == expected))
        say(" # got 0x%lx expected 0x%lx\n", got, expected);
}

/* A result as text: its name for an error, else "success" and the number. */
static void answer_say(const char *before, long value)
{
    say("%s %s (%ld)", before, error_name(value), value);
}

void answers(const char *name, long got, long expected)
{
    if (result(name, got == expected))
        return;
    answer_say(" # got", got);
    answer_say(" expected", expected);
    say("\n");
}

void either(const char *name, long got, long one, long other)
{
    if (result(name, got == one || got == other))
        return;
    answer_say(" # got", got);
    answer_say(" expected", one);
    answer_say(" or", other);
    say("\n");
}

void skip(const char *name, const char *reason)
{
    tests++;
    say("ok %u %s # SKIP %s\n", tests, name, reason);
}

void tests_end(void)
{
    say("1..%u\n", tests);
}

bool on_tally(void)
{
    static const char tally[] = "-tally";
    xen_extraversion_t text = "";

    hypercall_version(XENVER_extraversion, text);
    return memcmp(text, tally, sizeof(tally)) == 0;
}
