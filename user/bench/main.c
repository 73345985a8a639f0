/*
 * bench - what Xen's PV interface costs, in instructions.
 *
 * The same file runs as a domain of Tally and as the first domain of Xen. Its
 * command line says what to measure:
 *
 *   rows=common     what both kernels can do (also without any word)
 *   rows=superpage  mappings of 2 MiB
 *   rows=gigabyte   mappings of 1 GiB
 *
 * Everything is counted as measure.h says. The last line is "bench end"; a run
 * without it, or with a line "bench error", did not succeed.
 */
#include "lib/domain.h"
#include "bench/measure.h"
#include "bench/pages.h"
#include "bench/rows.h"

void domain_main(const start_info_t *info)
{
    want("traps", traps_setup(info));
    measure_setup();
    pages_setup(info);
    if (domain_option("rows", "superpage")) {
        rows_superpage();
    } else if (domain_option("rows", "gigabyte")) {
        rows_gigabyte();
    } else {
        rows_entry();
        rows_update();
        rows_table();
    }
    say("bench end\n");
}
