#include "options.h"

#include "door.h"
#include "lib/options.h"
#include "x86/console.h"
#include "x86/log.h"

struct kernel_options options = {
    .console = CONSOLE_SERIAL | CONSOLE_SCREEN,
    .baud = DEFAULT_BAUD,
    .level = LOG_INFO,
    .audit = AUDIT_END,
    .refusals = true,
    .picture = true,
    .keyboard = true,
    .smep = true,
    .smap = true,
    .umip = true,
    .budget = DOOR_BUDGET,
};

static unsigned int exit_choice;
static unsigned int run_choice;

static const char *const exit_names[] = {"halt", "qemu", NULL};
static const char *const selftest_names[] = {"none", "panic", NULL};
static const char *const run_names[] = {"together", "inturn", NULL};
static const char *const audit_names[] = {"off", "end", "call", NULL};
static const char *const cpu_names[] = {"warn", "strict", NULL};
static const char *const l1tf_names[] = {"auto", "on", NULL};
static const char *const ro_names[] = {"shared", "strict", NULL};
static const char *const superpage_names[] = {
    [DESIGN_TYPECOUNT] = "typecount",
    [DESIGN_WALK] = "walk",
    [DESIGN_REFCOUNT] = "refcount",
    [DESIGN_MARK] = "mark",
    [DESIGN_OFF] = "off",
    [DESIGNS] = NULL,
};

static const struct option table[] = {
    {.name = "console",
     .kind = OPTION_SET,
     .value = &options.console,
     .choices = console_sink_names},
    {.name = "com1",
     .kind = OPTION_NUMBER,
     .value = &options.baud,
     .limit = DEFAULT_BAUD},
    {.name = "loglvl",
     .kind = OPTION_CHOICE,
     .value = &options.level,
     .choices = log_level_names},
    {.name = "exit",
     .kind = OPTION_CHOICE,
     .value = &exit_choice,
     .choices = exit_names},
    {.name = "audit",
     .kind = OPTION_CHOICE,
     .value = &options.audit,
     .choices = audit_names},
    {.name = "audit_every",
     .kind = OPTION_NUMBER,
     .value = &options.audit_every},
    {.name = "selftest",
     .kind = OPTION_CHOICE,
     .value = &options.selftest,
     .choices = selftest_names},
    {.name = "mem", .kind = OPTION_SIZE, .value = &options.memory},
    {.name = "run",
     .kind = OPTION_CHOICE,
     .value = &run_choice,
     .choices = run_names},
    {.name = "refusals", .kind = OPTION_BOOL, .value = &options.refusals},
    {.name = "stat", .kind = OPTION_BOOL, .value = &options.stat},
    {.name = "latency", .kind = OPTION_BOOL, .value = &options.latency},
    {.name = "picture", .kind = OPTION_BOOL, .value = &options.picture},
    {.name = "keyboard", .kind = OPTION_BOOL, .value = &options.keyboard},
    {.name = "smep", .kind = OPTION_BOOL, .value = &options.smep},
    {.name = "smap", .kind = OPTION_BOOL, .value = &options.smap},
    {.name = "umip", .kind = OPTION_BOOL, .value = &options.umip},
    {.name = "cpu",
     .kind = OPTION_CHOICE,
     .value = &options.cpu,
     .choices = cpu_names},
    {.name = "l1tf",
     .kind = OPTION_CHOICE,
     .value = &options.l1tf,
     .choices = l1tf_names},
    {.name = "superpage",
     .kind = OPTION_CHOICE,
     .value = &options.superpage,
     .choices = superpage_names},
    {.name = "ro",
     .kind = OPTION_CHOICE,
     .value = &options.ro,
     .choices = ro_names},
    {.name = "nx-superpages",
     .kind = OPTION_CHOICE,
     .value = &options.nx_superpages,
     .choices = l1tf_names},
    {.name = "budget",
     .kind = OPTION_NUMBER,
     .value = &options.budget,
     .limit = 1000000},
};

static void say(void *context, const char *message)
{
    (void)context;
    log_printf(LOG_WARNING, "option: %s", message);
}

void options_read(const char *line)
{
    const struct option_table all = {table, sizeof(table) / sizeof(*table)};
    const struct option_report report = {say, NULL};

    options_parse(line, &all, &report, NULL);
    options.exit_qemu = exit_choice == 1;
    options.together = run_choice == 0;
    if (options.budget == 0)
        options.budget = 1;
    door_budget = (uint32_t)options.budget;
    if (options.ro == 1 && options.superpage != DESIGN_TYPECOUNT) {
        log_printf(LOG_WARNING, "option: ro=strict is a question of "
                                "superpage=typecount only");
        options.ro = 0;
    }
}

const char *options_design(void)
{
    return superpage_names[options.superpage];
}
