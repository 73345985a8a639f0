#include "boot/archive.h"

#include <stddef.h>

#include "boot/cpio.h"
#include "lib/string.h"

static const char list_name[] = "modules";

/* What a step over the lines of `modules` needs. */
struct expansion {
    struct boot_info *info;
    struct cpio archive;
    uint64_t start; /* physical address of the archive */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Note a problem and the text that it is about. */
static int fail_about(struct boot_info *info, const char *problem,
                      const char *about, size_t bytes)
{
    string_copy_bounded(info->problem_detail, sizeof(info->problem_detail),
                        about, bytes);
    return boot_info_fail(info, problem);
}

/* One line of `modules`, without its newline. */
static int add_line(struct expansion *e, const char *line, size_t bytes)
{
    struct boot_module *module;
    struct cpio_file file;
    size_t name_bytes = 0;
    int found;

    while (bytes > 0 && is_blank(*line)) {
        line++;
        bytes--;
    }
    while (bytes > 0 && is_blank(line[bytes - 1]))
        bytes--;
    if (bytes == 0 || *line == '#')
        return 0;
    while (name_bytes < bytes && !is_blank(line[name_bytes]))
        name_bytes++;

    found = cpio_find(&e->archive, line, name_bytes, &file);
    if (found < 0)
        return boot_info_fail(e->info, "the module archive is damaged");
    if (found == 0)
        return fail_about(e->info,
                          "the file `modules` names a file that is "
                          "not in the archive",
                          line, name_bytes);
    module = boot_info_add_module(e->info, e->start + file.offset, file.size);
    if (module != NULL &&
        !string_copy_bounded(module->command_line, sizeof(module->command_line),
                             line, bytes))
        e->info->warnings |= BOOT_WARNING_MODULE_LINE_CUT;
    return 0;
}

static int add_lines(struct expansion *e, const char *text, size_t bytes)
{
    int result = 0;

    while (bytes > 0 && result == 0) {
        size_t line = 0;

        while (line < bytes && text[line] != '\n')
            line++;
        result = add_line(e, text, line);
        if (line < bytes)
            line++; /* the newline */
        text += line;
        bytes -= line;
    }
    return result;
}

int boot_info_expand_cpio(struct boot_info *info,
                          const struct pvh_reader *reader)
{
    struct expansion e = {.info = info};
    struct cpio_file list;
    const void *bytes;
    uint64_t size;
    int found;

    if (info->module_count != 1)
        return 0;
    e.start = info->modules[0].start;
    size = info->modules[0].end - e.start;
    bytes = reader->map(reader->context, e.start, size);
    if (bytes == NULL)
        return boot_info_fail(info, "the module cannot be read");
    if (!cpio_is_archive(bytes, size))
        return 0;

    cpio_open(&e.archive, bytes, size);
    found = cpio_find(&e.archive, list_name, sizeof(list_name) - 1, &list);
    if (found < 0)
        return boot_info_fail(info, "the module archive is damaged");
    if (found == 0)
        return boot_info_fail(info, "the module archive has no file "
                                    "`modules`");
    info->module_count = 0;
    return add_lines(&e, (const char *)bytes + list.offset, list.size);
}
