#include "domain/life.h"

#include "boot/module.h"
#include "domain/build.h"
#include "domain/console_ring.h"
#include "domain/schedule.h"
#include "domain/store.h"
#include "door.h"
#include "latency.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory.h"
#include "options.h"
#include "report.h"
#include "x86/console.h"
#include "x86/image.h"
#include "x86/log.h"
#include "x86/paging.h"
#include "x86/power.h"
#include "x86/stack.h"
#include "x86/trap.h"
#include "x86/tsc.h"

#define MIB UINT64_C(0x100000)

static const char *const end_names[] = {
    [END_NONE] = "never",
    [END_POWEROFF] = "poweroff",
    [END_REBOOT] = "reboot",
    [END_CRASH] = "crash",
};

static struct module_options module_options[BOOT_MODULES];

/* What an audit has found: a line in the log when a count is wrong. */
static void audit_tell(struct domain *d, const struct audit_report *report)
{
    if (report->faults == 0)
        return;
    log_printf(LOG_ERROR,
               "audit of domain %u: %llu faults, the first: %s "
               "(frame %#llx, %lld types and %lld references unaccounted)",
               d->owner.id, (unsigned long long)report->faults, report->what,
               (unsigned long long)report->mfn, (long long)report->types,
               (long long)report->refs);
    d->audit_failed = true;
}

void door_call_done(struct vcpu *v)
{
    struct domain *d = v->domain;
    struct audit_report report;

    if (options.audit != AUDIT_CALL &&
        (options.audit_every == 0 || v->calls % options.audit_every != 0))
        return;
    if (audit(&machine, &d->owner, &report))
        return;
    audit_tell(d, &report);
    domain_crash(d, "the audit after hypercall %llu failed",
                 (unsigned long long)v->calls);
}

/* The vcpu has ended: last words. d->leaving is then what leave_step goes on
 * with: the audit, and giving back. */
static void leave_begin(struct domain *d)
{
    d->vcpu[0].timer_ns = 0;            /* no event into what is given back */
    console_ring_drain(d);
    store_close(d);
    report_end(d);
    log_domain_end(d->owner.id);
    op_abandon(&d->owner);
    door_run(d, op_resume(&machine, &d->owner));
    if (options.audit == AUDIT_OFF) {
        d->leaving = owner_destroy(&machine, &d->owner);
        return;
    }
    audit_begin(&d->audit, &d->owner);
    d->leaving = STOP_BUDGET;
}

/* One piece of the audit, or of giving back. */
static void leave_step(struct domain *d)
{
    if (d->owner.dying) {
        d->leaving = door_step(d, d->leaving);
        return;
    }
    door_rest(d);
    if (audit_resume(&machine, &d->owner, &d->audit) != 0)
        return;
    audit_tell(d, &d->audit.report);
    d->leaving = owner_destroy(&machine, &d->owner);
}

/* stat=yes: what the domain did. One line for each rule that refused. */
static void stat_print(const struct domain *d)
{
    uint64_t lived = tsc_now_ns() - d->born_ns;
    unsigned int rule;

    log_printf(LOG_INFO, "domain %u stat: %llu hypercalls, ran %llu of %llu us",
               d->owner.id, (unsigned long long)d->vcpu[0].calls,
               (unsigned long long)(d->vcpu[0].run_ns / 1000),
               (unsigned long long)(lived / 1000));
    for (rule = RULE_NONE + 1; rule < RULES; rule++) {
        if (d->owner.refused[rule] == 0)
            continue;
        schedule_point();
        log_printf(LOG_INFO, "domain %u stat: %s refused %llu", d->owner.id,
                   rule_name((enum rule)rule),
                   (unsigned long long)d->owner.refused[rule]);
    }
}

/* Everything is given back: the domain's last line. Returns POWER_EXIT_*. */
static uint8_t leave_end(struct domain *d)
{
    uint64_t given = d->memory_bytes / PAGE_BYTES;
    uint64_t kept = d->owner.extent_count * (uint64_t)EXTENT_FRAMES;
    bool broken = d->leaving != 0 || d->audit_failed;
    uint8_t end = d->end == END_CRASH ? POWER_EXIT_CRASHED : POWER_EXIT_ENDED;
    const char *word = broken ? "FAILED" : "clean";

    if (!broken && options.audit == AUDIT_OFF)
        word = "off";
    schedule_point();                   /* a line is long work */
    log_printf(LOG_INFO,
               "domain %u ended: reason=%s frames=%llu/%llu "
               "audit=%s",
               d->owner.id, end_names[d->end],
               (unsigned long long)(given - kept), (unsigned long long)given,
               word);
    if (options.stat)
        stat_print(d);
    stack_free(d->vcpu[0].stack_top);
    if (d->leaving == 0)
        domain_free(d);
    else
        d->removed = true;              /* a zombie keeps its id */
    return broken ? POWER_EXIT_BROKEN : end;
}

/* The worse of two ends. */
static uint8_t worse(uint8_t a, uint8_t b)
{
    return a > b ? a : b;
}

/* How long a domain that leaves may keep the others waiting, at a time. */
#define REAP_NS UINT64_C(2000000)

/* Go on removing every domain that has ended. true: there was one. */
static bool reap(uint8_t *end)
{
    struct domain *d = NULL, *next;
    uint64_t until;
    bool busy = false;

    for (d = domain_next(NULL); d; d = next) {
        next = domain_next(d);
        if (d->removed || d->vcpu[0].state != VCPU_ENDED)
            continue;
        busy = true;
        if (latency_on)
            latency_begin(LATENCY_END);
        if (d->leaving == 0)
            leave_begin(d);
        until = tsc_now_ns() + REAP_NS;
        while (d->leaving > 0 && tsc_now_ns() < until)
            leave_step(d);
        if (d->leaving <= 0)
            *end = worse(*end, leave_end(d));
    }
    return busy;
}

/* Is any domain there that is not a zombie? */
static bool any_alive(void)
{
    struct domain *d = NULL;

    while ((d = domain_next(d)) != NULL)
        if (!d->removed)
            return true;
    return false;
}

/* stat=yes: how long it took until a domain could run. Where a tick of the
 * TSC is an instruction, so many instructions. */
static void boot_print(void)
{
    static bool told;
    uint64_t ticks = tsc_read() - boot_tsc;

    if (told || !options.stat)
        return;
    told = true;
    log_printf(LOG_INFO,
               "boot: %llu ticks of the TSC from entry to the first domain",
               (unsigned long long)ticks);
}

/* Run all domains until the last one has gone. */
static void run_all(uint8_t *end)
{
    boot_print();
    while (any_alive()) {
        bool ran, reaped;

        schedule_chores();      /* they may wake one: before it is looked for */
        ran = schedule_next();
        reaped = reap(end);
        if (!ran && !reaped) {
            if (latency_on)
                latency_idle();
            cpu_idle();
        }
    }
    console_flush();
}

static void say(void *context, const char *message)
{
    log_printf(LOG_WARNING, "module %u: %s", *(const unsigned int *)context,
               message);
}

/* Read all modules' options: a module may name another one. A word that is
 * refused is a warning, and the default stays. */
static void read_options(const struct boot_info *info)
{
    unsigned int i;

    for (i = 0; i < info->module_count; i++) {
        unsigned int number = i + 1;
        const struct option_report report = {say, &number};

        module_options_parse(info->modules[i].command_line, &module_options[i],
                             &report);
        if (module_options[i].name[0] == '\0')
            format_buffer(module_options[i].name, MODULE_NAME_BYTES, "domain%u",
                          number);
    }
}

/* Where the bytes of a module are. A loader may put one below 1 MiB or into
 * memory that it does not call RAM: that is not in the direct map. NULL, and
 * a line, when it cannot be mapped. */
static const void *module_bytes(const struct boot_module *module,
                                const char *name)
{
    const void *bytes;

    if (module->start >= MIB && memory_is_ram(module->start, module->end))
        return direct_map(module->start);
    bytes =
        paging_map_device(module->start, module->end - module->start, CACHE_UC);
    if (!bytes)
        log_printf(LOG_ERROR, "module %s: no memory to map it", name);
    return bytes;
}

/* The data module that `name` names, as a file. false: there is none. */
static bool find_ramdisk(const struct boot_info *info, const char *name,
                         struct build_file *file)
{
    unsigned int i;

    *file = (struct build_file){0};
    if (name[0] == '\0')
        return true;
    for (i = 0; i < info->module_count; i++)
        if (module_options[i].data && !strcmp(module_options[i].name, name)) {
            file->bytes = info->modules[i].end - info->modules[i].start;
            file->data = module_bytes(&info->modules[i], name);
            return file->data != NULL;
        }
    log_printf(LOG_ERROR, "no data module is named \"%s\"", name);
    return false;
}

/* A share in hundredths of a percent. */
static unsigned int share(uint64_t part, uint64_t whole)
{
    return whole ? (unsigned int)(part * 10000 / whole) : 0;
}

/* What domains have, and what keeping the tally of it costs. */
static void print_given(void)
{
    struct memory_sizes sizes = memory_sizes();
    struct domain *d = NULL;
    uint64_t given = 0;
    unsigned int records, m2p;

    while ((d = domain_next(d)) != NULL)
        given += d->memory_bytes;
    records = share(sizes.records, given);
    m2p = share(sizes.m2p, given);
    log_printf(LOG_INFO,
               "memory: %llu of %llu MiB given to domains; records %llu KiB "
               "(%u.%02u %%), machine-to-phys table %llu KiB (%u.%02u %%)",
               (unsigned long long)(given / MIB),
               (unsigned long long)(sizes.ram / MIB),
               (unsigned long long)(sizes.records / 1024), records / 100,
               records % 100, (unsigned long long)(sizes.m2p / 1024), m2p / 100,
               m2p % 100);
}

/* Build one module's domain. false: there is none, and a line says why. */
static bool begin(const struct boot_info *info, unsigned int number)
{
    const struct boot_module *module = &info->modules[number];
    const struct module_options *o = &module_options[number];
    struct build_file ramdisk;
    struct build_file image = {.data = module_bytes(module, o->name),
                               .bytes = module->end - module->start};
    struct domain *d;

    if (latency_on)
        latency_begin(LATENCY_BUILD);
    if (!image.data || !find_ramdisk(info, o->ramdisk, &ramdisk))
        return false;
    d = domain_build(o, &image, &ramdisk);
    if (!d)
        return false;
    d->born_ns = tsc_now_ns();
    if (options.audit == AUDIT_CALL || options.audit_every != 0)
        d->vcpu[0].attention |= ATTENTION_AUDIT;
    if (cpu_verw)
        d->vcpu[0].attention |= ATTENTION_VERW;
    log_printf(LOG_INFO, "domain %u is %s: %llu MiB, %s%s%s", d->owner.id,
               d->name, (unsigned long long)(d->pages * PAGE_BYTES / MIB),
               d->privileged ? "privileged" : "unprivileged",
               o->command_line[0] ? ", " : "", o->command_line);
    print_given();
    if (o->raw)
        log_set_raw(d->owner.id);
    return true;
}

uint8_t life_of_modules(const struct boot_info *info,
                        const struct contract *contract)
{
    uint8_t end = POWER_EXIT_ENDED;
    unsigned int i, domains = 0;

    read_options(info);
    schedule_init(contract->ibpb);
    if (options.latency)
        latency_init();
    for (i = 0; i < info->module_count; i++) {
        if (module_options[i].data)
            continue;
        if (domains > 0 && contract->meltdown && options.cpu == 1) {
            log_printf(LOG_ERROR, "cpu=strict: no second domain on a CPU "
                                  "with Meltdown");
            end = worse(end, POWER_EXIT_CRASHED);
            break;
        }
        domains++;
        if (!begin(info, i))
            end = worse(end, POWER_EXIT_CRASHED);
        if (!options.together)
            run_all(&end);
    }
    run_all(&end);
    if (domains == 0) {
        log_printf(LOG_ERROR, "no domain to run: the boot loader gave no "
                              "module");
        end = POWER_EXIT_BROKEN;
    }
    if (latency_on)
        latency_print();
    log_printf(LOG_INFO, "all domains have ended");
    return end;
}
