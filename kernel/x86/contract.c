#include "x86/contract.h"

#include "lib/format.h"

/* Bits of IA32_ARCH_CAPABILITIES (SDM 4). */
#define RDCL_NO        UINT64_C(0x001)
#define SSB_NO         UINT64_C(0x010)
#define MDS_NO         UINT64_C(0x020)
#define PSCHANGE_MC_NO UINT64_C(0x040)
#define TAA_NO         UINT64_C(0x100)

/* Some CPUs look up their caches with more bits than they have addresses. */
#define L1TF_CACHE_BITS 44

static bool amd(const struct cpu *cpu)
{
    return cpu->vendor == VENDOR_AMD || cpu->vendor == VENDOR_HYGON;
}

static bool intel_without(const struct cpu *cpu, uint64_t capability)
{
    return cpu->vendor == VENDOR_INTEL && (cpu->capabilities & capability) == 0;
}

static void row(struct contract *contract, enum contract_issue issue,
                const struct contract_row *content)
{
    contract->rows[issue] = *content;
    if (!content->affected) {
        contract->rows[issue].done = true;
        contract->rows[issue].what = "the CPU is not affected";
    }
}

/* What ring 3 can read of memory that it does not map. */
static void decide_reads(struct contract *c, const struct cpu *cpu,
                         const struct contract_options *options)
{
    bool rdcl = !amd(cpu) && (cpu->capabilities & RDCL_NO) == 0;
    uint32_t bits = cpu->physical_bits < L1TF_CACHE_BITS ? L1TF_CACHE_BITS
                                                         : cpu->physical_bits;

    c->meltdown = rdcl;
    row(c, ISSUE_MELTDOWN,
        &(struct contract_row){
            "Meltdown (CVE-2017-5754)", rdcl, false,
            "a domain can read all memory; cpu=strict refuses a second one"});
    c->l1tf = rdcl || options->l1tf;
    c->l1tf_safe = UINT64_C(1) << (bits - 1);
    row(c, ISSUE_L1TF,
        &(struct contract_row){
            "L1TF (CVE-2018-3620)", rdcl, true,
            "not-present entries with a low address are refused"});
}

/* What is left in buffers of the CPU. */
static void decide_buffers(struct contract *c, const struct cpu *cpu)
{
    bool mds = intel_without(cpu, MDS_NO);
    bool taa = cpu->rtm && intel_without(cpu, TAA_NO);

    c->verw = (mds || taa) && cpu->md_clear;
    row(c, ISSUE_MDS,
        &(struct contract_row){"MDS (CVE-2018-12126 and others)", mds, c->verw,
                               c->verw ? "VERW before every return to ring 3"
                                       : "the microcode has no MD_CLEAR"});
    row(c, ISSUE_TAA,
        &(struct contract_row){"TAA (CVE-2019-11135)", taa, c->verw,
                               c->verw ? "VERW before every return to ring 3"
                                       : "the microcode has no MD_CLEAR"});
}

static void decide_branches(struct contract *c, const struct cpu *cpu)
{
    bool ssb = !cpu->ssb_no && (cpu->capabilities & SSB_NO) == 0;

    row(c, ISSUE_SPECTRE_V1,
        &(struct contract_row){
            "Spectre v1 (CVE-2017-5753)", true, false,
            "numbers of a domain are checked, but only some are masked"});
    c->ibpb = cpu->ibpb;
    row(c, ISSUE_SPECTRE_V2,
        &(struct contract_row){"Spectre v2 (CVE-2017-5715)", true, c->ibpb,
                               c->ibpb
                                   ? "IBPB when another domain runs; no "
                                     "retpolines in the kernel"
                                   : "the CPU or its microcode has no IBPB"});
    row(c, ISSUE_SSB,
        &(struct contract_row){"Store bypass (CVE-2018-3639)", ssb, false,
                               "left as the firmware set it"});
}

/* What can stop the machine, and what lies outside of the CPU. */
static void decide_rest(struct contract *c, const struct cpu *cpu,
                        const struct contract_options *options)
{
    bool multihit = intel_without(cpu, PSCHANGE_MC_NO);

    c->multihit = multihit || options->multihit;
    row(c, ISSUE_ITLB_MULTIHIT,
        &(struct contract_row){"iTLB multihit (CVE-2018-12207)", multihit, true,
                               "superpages must not be executable"});
    row(c, ISSUE_SWAPGS,
        &(struct contract_row){"SWAPGS (CVE-2019-1125)",
                               cpu->vendor == VENDOR_INTEL, true,
                               "the kernel does not use GS"});
    row(c, ISSUE_SMT,
        &(struct contract_row){"SMT siblings", cpu->htt, true,
                               "one logical CPU runs, all others stay parked"});
    row(c, ISSUE_DMA,
        &(struct contract_row){"DMA past the counts", true, true,
                               "no domain is given a device; no IOMMU "
                               "is set up"});
}

void contract_decide(struct contract *contract, const struct cpu *cpu,
                     const struct contract_options *options)
{
    decide_reads(contract, cpu, options);
    decide_buffers(contract, cpu);
    decide_branches(contract, cpu);
    decide_rest(contract, cpu, options);
}

void contract_print(const struct contract *contract,
                    void (*line)(void *cookie, const char *text), void *cookie)
{
    char text[128];

    for (unsigned int i = 0; i < ISSUE_COUNT; i++) {
        const struct contract_row *r = &contract->rows[i];

        format_buffer(text, sizeof text, "%-32s %-4s %s", r->issue,
                      !r->affected ? "-"
                      : r->done    ? "done"
                                   : "OPEN",
                      r->what);
        line(cookie, text);
    }
}
