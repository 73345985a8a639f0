/*
 * bench - what Xen's PV interface costs, in instructions.
 *
 * The same file runs as a domain of Tally and as the first domain of Xen. Its
 * command line says what to measure:
 *
 *   rows=common     what both kernels can do (also without any word)
 *   rows=superpage  mappings of 2 MiB
 *   rows=gigabyte   mappings of 1 GiB
 *   rows=latency    how long interrupts wait; with the kernel's latency=yes
 *   rows=ring       the same of the rings of an unprivileged domain
 *   sweep=domains|memory x=N       mappings, in a world that is called so
 *   rows=frames most=N             mappings beside more and more others
 *   rows=superpages most=N         and beside others of 2 MiB
 *   rows=idle seconds=N            nothing, for so long: others measure
 *
 * Everything is counted as measure.h says. The last line is "bench end"; a run
 * without it, or with a line "bench error", did not succeed.
 */
#include "lib/domain.h"
#include "bench/measure.h"
#include "bench/pages.h"
#include "bench/rows.h"

#define NANOSECONDS UINT64_C(1000000000)

/* Sleep until so many seconds after the kernel's clock began. */
static void idle(uint64_t seconds)
{
    struct sched_poll poll = {.timeout = seconds * NANOSECONDS};

    want("poll", hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll,
                           address_of(&poll), 0, 0));
}

/* The sweeps. false: none is asked for. */
static bool scale(void)
{
    if (domain_option("rows", "frames"))
        scale_frames(domain_number("most", 0));
    else if (domain_option("rows", "superpages"))
        scale_superpages(domain_number("most", 0));
    else if (domain_option("sweep", "domains"))
        scale_ops("domains", domain_number("x", 0));
    else if (domain_option("sweep", "memory"))
        scale_ops("memory", domain_number("x", 0));
    else
        return false;
    return true;
}

static void rows_common(void)
{
    rows_entry();
    rows_update();
    rows_table();
}

void domain_main(const start_info_t *info)
{
    want("traps", traps_setup(info));
    if (domain_option("rows", "idle")) {
        idle(domain_number("seconds", 1));
        return;
    }
    measure_setup();
    pages_setup(info);
    if (domain_option("rows", "superpage"))
        rows_superpage();
    else if (domain_option("rows", "gigabyte"))
        rows_gigabyte();
    else if (domain_option("rows", "latency"))
        rows_latency();
    else if (domain_option("rows", "ring"))
        rows_latency_ring(info);
    else if (!scale())
        rows_common();
    say("bench end\n");
}
