#include "inspect/inspect.h"

#include "domain/console_input.h"
#include "domain/schedule.h"
#include "inspect/pane.h"
#include "inspect/prompt.h"
#include "inspect/sample.h"
#include "options.h"
#include "x86/console.h"
#include "x86/keyboard.h"
#include "x86/trap.h"
#include "x86/tsc.h"

/* Without input: how long the end stays, and then each page of the log. */
#define END_NS UINT64_C(15000000000)
#define PAGE_NS UINT64_C(6000000000)

static bool staying;            /* all domains have ended */
static uint32_t page = CONSOLE_PAGE_END;
static uint64_t turned_ns;

/* Turn the pages of the log where nobody can type. */
static void turn_pages(void)
{
    uint64_t now = tsc_now_ns();

    if (keyboard_present() || console_input_typed()) {
        if (page != CONSOLE_PAGE_END)
            console_page(CONSOLE_PAGE_END);
        page = CONSOLE_PAGE_END;
        return;
    }
    if (now - turned_ns < (page == CONSOLE_PAGE_END ? END_NS : PAGE_NS))
        return;
    turned_ns = now;
    page++;                             /* behind the end is the first */
    if (!console_page(page)) {
        page = CONSOLE_PAGE_END;
        console_page(page);
    }
}

static void serve(void)
{
    prompt_serve();
    pane_serve();
    if (staying)
        turn_pages();
}

void inspect_init(void)
{
    static struct input_prompt prompt = {
        .take = prompt_take,
        .shown = prompt_show,
        .serve = serve,
    };

    prompt.unasked = !options.exit_qemu;
    prompt_init();
    sample_init();
    console_input_set_prompt(&prompt);
}

_Noreturn void inspect_stay(void)
{
    staying = true;
    turned_ns = tsc_now_ns();
    prompt_show(true);
    for (;;) {
        cpu_idle();
        schedule_chores();
    }
}
