#include "lib/domain.h"

static const start_info_t *domain_info;

void domain_setup(const start_info_t *info)
{
    domain_info = info;
    print_setup(info);
    memory_setup(info);
}

/* The part of `text` behind `prefix`, or NULL if it begins otherwise. */
static const char *text_behind(const char *text, const char *prefix)
{
    while (*prefix != '\0') {
        if (*text++ != *prefix++)
            return NULL;
    }
    return text;
}

static bool word_is_option(const char *word, const char *name,
                           const char *value)
{
    const char *rest = text_behind(word, name);

    if (rest == NULL || *rest++ != '=')
        return false;
    rest = text_behind(rest, value);
    return rest != NULL && (*rest == ' ' || *rest == '\0');
}

bool domain_option(const char *name, const char *value)
{
    const char *text = (const char *)domain_info->cmd_line;
    bool word_begins = true;

    for (; *text != '\0'; text++) {
        if (word_begins && word_is_option(text, name, value))
            return true;
        word_begins = *text == ' ';
    }
    return false;
}

static _Noreturn void domain_shutdown(unsigned int reason)
{
    hypercall_shutdown(reason);
    for (;;)
        hypercall_yield();
}

_Noreturn void domain_exit(void)
{
    if (domain_option("exit", "reboot"))
        domain_shutdown(SHUTDOWN_reboot);
    domain_shutdown(SHUTDOWN_poweroff);
}

_Noreturn void domain_crash(void)
{
    domain_shutdown(SHUTDOWN_crash);
}
