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

/* What is behind "name=" in the next word of `text` that begins so. NULL when
 * there is none. */
static const char *value_find(const char *text, const char *name)
{
    bool word_begins = true;
    const char *rest;

    for (; *text != '\0'; text++) {
        rest = word_begins ? text_behind(text, name) : NULL;
        if (rest != NULL && *rest == '=')
            return rest + 1;
        word_begins = *text == ' ';
    }
    return NULL;
}

bool domain_option(const char *name, const char *value)
{
    const char *text = (const char *)domain_info->cmd_line;
    const char *rest;

    while ((text = value_find(text, name)) != NULL) {
        rest = text_behind(text, value);
        if (rest != NULL && (*rest == ' ' || *rest == '\0'))
            return true;
        while (*text != ' ' && *text != '\0')
            text++;
    }
    return false;
}

uint64_t domain_number(const char *name, uint64_t other)
{
    const char *text = value_find((const char *)domain_info->cmd_line, name);
    uint64_t number = 0;

    if (text == NULL || *text < '0' || *text > '9')
        return other;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
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
