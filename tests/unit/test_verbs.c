/*
 * kernel/inspect/verbs.c: from a line to a verb, and completion.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "kernel/inspect/verbs.c"

static struct domain domains[2];
static struct job job;
static char line[160];
static char printed[512];
static const char *begun;       /* the verb that began last */

struct domain *domain_next(const struct domain *d)
{
    if (!d)
        return &domains[0];
    return d == &domains[0] ? &domains[1] : NULL;
}

struct domain *domain_by_id(uint32_t id)
{
    return id == 1 ? &domains[0] : id == 2 ? &domains[1] : NULL;
}

void out_line(const char *format, ...)
{
    (void)format;
}

static bool step(struct job *j)
{
    (void)j;
    return true;
}

static bool began(struct job *j, const char *verb)
{
    j->step = step;
    begun = verb;
    return true;
}

bool show_help(struct job *j)
{
    return began(j, "help");
}

bool show_list(struct job *j)
{
    return began(j, "list");
}

bool show_info(struct job *j)
{
    return began(j, "info");
}

bool show_frames(struct job *j)
{
    return began(j, "frames");
}

bool show_frame(struct job *j)
{
    return began(j, "frame");
}

bool show_walk(struct job *j)
{
    return began(j, "walk");
}

bool show_superpages(struct job *j)
{
    return began(j, "superpages");
}

bool show_refusals(struct job *j)
{
    return began(j, "refusals");
}

bool show_stat(struct job *j)
{
    return began(j, "stat");
}

bool show_picture(struct job *j)
{
    return began(j, "picture");
}

bool show_log(struct job *j)
{
    return began(j, "log");
}

bool show_keys(struct job *j)
{
    return began(j, "keys");
}

bool show_registers(struct job *j)
{
    return began(j, "registers");
}

bool show_domains(struct job *j)
{
    return began(j, "domains");
}

bool show_queue(struct job *j)
{
    return began(j, "queue");
}

bool show_clocks(struct job *j)
{
    return began(j, "clocks");
}

bool show_memory(struct job *j)
{
    return began(j, "memory");
}

bool show_ports(struct job *j)
{
    return began(j, "ports");
}

bool show_grants(struct job *j)
{
    return began(j, "grants");
}

bool show_interrupts(struct job *j)
{
    return began(j, "interrupts");
}

bool show_level(struct job *j)
{
    return began(j, "level");
}

bool show_reboot(struct job *j)
{
    return began(j, "reboot");
}

bool show_poweroff(struct job *j)
{
    return began(j, "poweroff");
}

bool show_audit(struct job *j)
{
    began(j, "audit");
    return verb_optional_domain(j);
}

bool show_kill(struct job *j)
{
    began(j, "kill");
    return verb_domain(j, j->word[1]) != NULL;
}

static int set_up(void **state)
{
    (void)state;
    domains[0].owner.id = 1;
    strcpy(domains[0].name, "hello");
    domains[1].owner.id = 2;
    strcpy(domains[1].name, "helsinki");
    begun = "nothing";
    printed[0] = '\0';
    return 0;
}

static bool begin(const char *text)
{
    strcpy(line, text);
    return verb_begin(&job, line);
}

static void fails(const char *text, const char *error)
{
    assert_false(begin(text));
    assert_string_equal(job.error, error);
}

static void lines_name_verbs(void **state)
{
    (void)state;
    assert_true(begin("  list  "));
    assert_string_equal(begun, "list");
    assert_int_equal(job.words, 1);
    assert_true(begin("walk hello 0x1000"));
    assert_string_equal(job.word[2], "0x1000");
    assert_true(begin(""));
    assert_null(job.step);
    assert_true(begin("   "));
    assert_null(job.step);
}

static void errors_are_one_line(void **state)
{
    (void)state;
    fails("lits", "there is no verb \"lits\"; did you mean \"list\"?");
    fails("superp", "there is no verb \"superp\"; did you mean "
                    "\"superpages\"?");
    fails("xyzzy", "there is no verb \"xyzzy\"; \"help\" lists them");
    fails("frame", "it goes like this: frame MFN");
    fails("list all", "it goes like this: list");
    fails("a b c d e", "too many words");
    fails("kill helo", "no domain is named \"helo\"; did you mean \"hello\"?");
    fails("kill nobody", "no domain is named \"nobody\"; \"list\" shows them");
    fails("kill 9", "there is no domain 9; \"list\" shows them");
    fails("kill 4294967297",
          "there is no domain 4294967297; \"list\" shows them");
}

static void domains_have_names_and_numbers(void **state)
{
    (void)state;
    assert_true(begin("audit helsinki"));
    assert_int_equal(job.only, 2);
    assert_true(begin("audit 1"));
    assert_int_equal(job.only, 1);
    assert_true(begin("audit d2"));
    assert_int_equal(job.only, 2);
    assert_ptr_equal(job_next(&job), &domains[1]);
    assert_null(job_next(&job));
    assert_true(begin("audit"));
    assert_ptr_equal(job_next(&job), &domains[0]);
    assert_ptr_equal(job_next(&job), &domains[1]);
    assert_null(job_next(&job));
}

static void keys_are_xens(void **state)
{
    static const struct {
        const char *keys, *verb;
    } known[] = {
        {"key h", "help"},   {"key d", "registers"}, {"key q", "domains"},
        {"key r", "queue"},  {"key t", "clocks"},    {"key m", "memory"},
        {"key e", "ports"},  {"key g", "grants"},    {"key i", "interrupts"},
        {"key R", "reboot"}, {"key y", "frames"},    {"key Y", "superpages"},
        {"key k", "audit"},  {"key +", "level"},     {"key -", "level"},
        {"key w", "log"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        assert_true(begin(known[i].keys));
        assert_string_equal(begun, known[i].verb);
    }
    assert_true(begin("key -"));
    assert_string_equal(job.word[0], "quieter");
    fails("key Z", "there is no debug key \"Z\"; \"keys\" lists them");
    fails("key hh", "there is no debug key \"hh\"; \"keys\" lists them");
    assert_true(begin("key *"));
    for (size_t i = 0; i < sizeof(all_keys) - 1; i++)
        assert_false(job.step(&job));
    assert_true(job.step(&job));
}

static void list(const char *word)
{
    snprintf(printed + strlen(printed), sizeof(printed) - strlen(printed),
             "%s ", word);
}

static void completes(const char *text, uint32_t count, const char *add,
                      const char *words)
{
    char added[VERB_ADD_BYTES];

    printed[0] = '\0';
    assert_int_equal(verb_complete(text, added, list), count);
    assert_string_equal(added, add);
    assert_string_equal(printed, words);
}

static void tab_completes(void **state)
{
    (void)state;
    completes("lis", 1, "t ", "");
    completes("fr", 2, "ame", "");
    completes("frame", 2, "", "frames frame ");
    completes("zz", 0, "", "");
    completes("walk h", 2, "el", "");
    completes("walk hel", 2, "", "hello helsinki ");
    completes("walk hels", 1, "inki ", "");
    completes("kill ", 2, "hel", "");
    completes("frames L", 4, "", "L1 L2 L3 L4 ");
    completes("frames w", 1, "ritable ", "");
    completes("help stat", 1, " ", "");
    completes("picture a", 1, "uto ", "");
    completes("walk hello 0", 0, "", "");
    completes("nothing h", 0, "", "");
}

static void types_have_names(void **state)
{
    (void)state;
    assert_int_equal(verb_type("L4"), FRAME_L4);
    assert_int_equal(verb_type("l1"), FRAME_L1);
    assert_int_equal(verb_type("writable"), FRAME_WRITABLE);
    assert_int_equal(verb_type("hello"), FRAME_TYPES);
}

#define TEST(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_name_verbs),
        TEST(errors_are_one_line),
        TEST(domains_have_names_and_numbers),
        TEST(keys_are_xens),
        TEST(tab_completes),
        TEST(types_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
