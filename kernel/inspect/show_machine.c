#include "inspect/show.h"

#include "domain/schedule.h"
#include "inspect/verbs.h"
#include "lib/format.h"
#include "lib/string.h"
#include "memory.h"
#include "options.h"
#include "version.h"
#include "x86/cpu.h"
#include "x86/console.h"
#include "x86/keyboard.h"
#include "x86/log.h"
#include "x86/power.h"
#include "x86/serial.h"
#include "x86/tlb.h"
#include "x86/tsc.h"

#define MIB UINT64_C(0x100000)
#define MILLISECOND UINT64_C(1000000)
#define EXTENT_BYTES (EXTENT_FRAMES * PAGE_BYTES)
/* Bytes of the log that a step copies. */
#define LOG_STEP 2048u

typedef unsigned long long ull;

static bool step_help(struct job *job)
{
    const struct verb *v = &verbs[job->at];
    char call[40];

    if (job->at++ == verb_count) {
        out_line("Tab completes, the arrows bring lines back, Ctrl-C ends a "
                 "long answer.");
        out_line("Ctrl-a three times moves the input between the domains and "
                 "this prompt.");
        return true;
    }
    format_buffer(call, sizeof(call), "%s %s", v->name, v->usage);
    out_line("  %-25s %s", call, v->help);
    return false;
}

bool show_help(struct job *job)
{
    uint32_t i;

    job->step = step_help;
    if (job->words < 2)
        return true;
    for (i = 0; i < verb_count; i++)
        if (!strcmp(verbs[i].name, job->word[1]))
            break;
    if (i == verb_count)
        return job_fail(job,
                        "there is no verb \"%.24s\"; \"help\" lists "
                        "them",
                        job->word[1]);
    out_line("%s%s%s: %s", verbs[i].name, verbs[i].usage[0] ? " " : "",
             verbs[i].usage, verbs[i].help);
    if (verbs[i].example)
        out_line("example: %s", verbs[i].example);
    if (verbs[i].key != '\0')
        out_line("debug key: %c", verbs[i].key);
    job->at = verb_count;
    job->step = NULL;
    return true;
}

static bool step_keys(struct job *job)
{
    const struct verb *v = &verbs[job->at];

    if (job->at++ == verb_count) {
        out_line("  *  all that only look");
        return true;
    }
    if (v->key != '\0')
        out_line("  %c  %-12s %s", v->key, v->name, v->help);
    return false;
}

bool show_keys(struct job *job)
{
    job->step = step_keys;
    return true;
}

static void info_options(void)
{
    static const char *const audits[] = {"off", "end", "call"};

    out_line(
        "options            loglvl=%s audit=%s audit_every=%llu "
        "run=%s refusals=%s",
        log_level_names[options.level < LOG_DEBUG ? options.level : LOG_DEBUG],
        audits[options.audit <= AUDIT_CALL ? options.audit : 0],
        (ull)options.audit_every, options.together ? "together" : "inturn",
        options.refusals ? "on" : "off");
}

static bool step_info(struct job *job)
{
    struct memory_sizes s = memory_sizes();
    struct cpuid brand[3];
    char text[sizeof(brand) + 1] = "";
    uint32_t i;

    (void)job;
    for (i = 0; i < 3; i++)
        brand[i] = cpu_id(0x80000002u + i, 0);
    memcpy(text, brand, sizeof(brand));
    text[sizeof(brand)] = '\0';
    out_line("version            Tally " TALLY_VERSION);
    out_line("processor          %s", text);
    out_line("clock              %llu MHz", (ull)(tsc_hz() / 1000000));
    out_line("up                 %llu s", (ull)(tsc_now_ns() / 1000000000));
    out_line("memory             %llu MiB", (ull)(s.ram / MIB));
    out_line("free               %llu MiB in %u superpages",
             (ull)(machine.free_count * EXTENT_BYTES / MIB),
             machine.free_count);
    out_line("records            %llu KiB, machine-to-phys %llu KiB",
             (ull)(s.records / 1024), (ull)(s.m2p / 1024));
    out_line("input              serial line %s, keyboard %s",
             serial_present() ? "there" : "not there",
             keyboard_present() ? "there" : "not there");
    info_options();
    return true;
}

bool show_info(struct job *job)
{
    job->step = step_info;
    return true;
}

static bool step_clocks(struct job *job)
{
    uint64_t now = tsc_now_ns();

    (void)job;
    out_line("time-stamp counter %llu Hz, now %llu", (ull)tsc_hz(),
             (ull)tsc_read());
    out_line("system time        %llu.%03llu s", (ull)(now / 1000000000),
             (ull)(now / MILLISECOND % 1000));
    out_line("tick               %llu ms", (ull)(TICK_NS / MILLISECOND));
    return true;
}

bool show_clocks(struct job *job)
{
    job->step = step_clocks;
    return true;
}

static bool step_interrupts(struct job *job)
{
    struct schedule_counts counts = schedule_counts();

    (void)job;
    out_line("timer              %llu, of them ticks %llu",
             (ull)counts.interrupts, (ull)counts.ticks);
    out_line("others             none is used");
    return true;
}

bool show_interrupts(struct job *job)
{
    job->step = step_interrupts;
    return true;
}

static bool step_stat(struct job *job)
{
    struct schedule_counts counts = schedule_counts();
    struct domain *d = NULL;
    uint64_t calls = 0;

    (void)job;
    while ((d = domain_next(d)) != NULL)
        calls += d->vcpu[0].calls;
    out_line("hypercalls         %llu, of the domains that are there",
             (ull)calls);
    out_line("flushes            %u by the flush clock, %llu on their own",
             machine.clock, (ull)tlb_flushes());
    out_line("interrupts         %llu", (ull)counts.interrupts);
    out_line("ticks              %llu", (ull)counts.ticks);
    out_line("switches           %llu", (ull)counts.switches);
    return true;
}

bool show_stat(struct job *job)
{
    job->step = step_stat;
    return true;
}

static bool step_log(struct job *job)
{
    char text[LOG_STEP];
    size_t bytes = log_copy(&job->number, text, sizeof(text));

    if (bytes > 0)
        out_text(text, bytes);
    return bytes == 0;
}

bool show_log(struct job *job)
{
    job->step = step_log;
    return true;
}

bool show_level(struct job *job)
{
    bool more = !strcmp(job->word[0], "louder");

    if (options.level > LOG_DEBUG)      /* "all" is the same as debug */
        options.level = LOG_DEBUG;
    if (more && options.level == LOG_DEBUG)
        return job_fail(job, "everything is in the log already");
    if (!more && options.level == LOG_ERROR)
        return job_fail(job, "errors are always in the log");
    options.level += more ? 1u : -1u;
    log_set_level(options.level);
    out_line("the log has %s%s", log_level_names[options.level],
             options.level == LOG_ERROR ? "s only" : " and what is above");
    job->step = NULL;
    return true;
}

bool show_reboot(struct job *job)
{
    (void)job;
    log_printf(LOG_INFO, "reboot, asked for at the kernel prompt");
    power_reboot();
}

bool show_poweroff(struct job *job)
{
    (void)job;
    log_printf(LOG_INFO, "power off, asked for at the kernel prompt");
    power_off();
}
