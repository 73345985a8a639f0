#include "lib/format.h"
#include "report.h"

#include "mm/tally.h"

static const char *const type_names[FRAME_TYPES] = {
    [FRAME_NONE] = "unused",
    [FRAME_L1] = "L1",
    [FRAME_L2] = "L2",
    [FRAME_L3] = "L3",
    [FRAME_L4] = "L4",
    [FRAME_SEG] = "descriptors",
    [FRAME_WRITABLE] = "writable",
};

/* Append to a line that may be full already. */
__attribute__((format(printf, 4, 5))) static size_t append(
    char *line, size_t bytes, size_t used, const char *format, ...)
{
    va_list arguments;
    int wanted;

    if (used >= bytes)
        return used;
    va_start(arguments, format);
    wanted = format_vbuffer(line + used, bytes - used, format, arguments);
    va_end(arguments);
    return wanted < 0 ? used : used + (size_t)wanted;
}

/* The tally of a superpage or gigabyte that stood in the way. */
static size_t append_tally(const struct refusal *r, char *line, size_t bytes,
                           size_t used)
{
    static const char *const kinds[TALLY_TYPES] = {
        [TALLY_NONE] = "is unused",
        [TALLY_SUPERPAGE] = "is mapped writable",
        [TALLY_CONFLICT] = "has tables inside",
    };

    used = append(line, bytes, used, "%s of frame %#llx ",
                  r->gigabyte ? "gigabyte" : "superpage",
                  (unsigned long long)r->mfn);
    if (r->rule == RULE_X4 && r->whole == 0)
        return append(line, bytes, used, "is marked");
    if (r->rule == RULE_X4)
        return append(line, bytes, used, "is mapped (%u)", r->whole);
    return append(line, bytes, used, "%s (%u)",
                  kinds[r->tally < TALLY_TYPES ? r->tally : 0], r->whole);
}

static size_t append_frame(const struct refusal *r, char *line, size_t bytes,
                           size_t used)
{
    used =
        append(line, bytes, used, "frame %#llx ", (unsigned long long)r->mfn);
    if (r->rule == RULE_G4)
        return append(line, bytes, used, "is no memory");
    if (r->rule == RULE_G3)
        return append(line, bytes, used, "belongs to somebody else");
    if (r->rule == RULE_X1)
        return append(line, bytes, used, "begins nothing that is all there");
    used = append(line, bytes, used, "is %s (%u reference%s%s)",
                  type_names[r->type < FRAME_TYPES ? r->type : 0], r->refs,
                  r->refs == 1 ? "" : "s", r->pinned ? ", pinned" : "");
    if (r->rule == RULE_G1 || r->rule == RULE_A2)
        used = append(line, bytes, used, " and not allocated");
    if (r->asked != FRAME_NONE && r->asked < FRAME_TYPES)
        used = append(line, bytes, used, ", asked %s", type_names[r->asked]);
    return used;
}

void refusal_format(const struct refusal *r, char *line, size_t bytes)
{
    size_t used = append(line, bytes, 0,
                         "refused by %s: ", rule_name((enum rule)r->rule));

    if (r->rule == RULE_X2 || r->rule == RULE_X3 || r->rule == RULE_X4)
        used = append_tally(r, line, bytes, used);
    else if (r->mfn != MFN_NONE)
        used = append_frame(r, line, bytes, used);
    else
        used =
            append(line, bytes, used, "%s", rule_sentence((enum rule)r->rule));
    if (r->rule == RULE_X2 && r->asked != FRAME_NONE && r->asked < FRAME_TYPES)
        used = append(line, bytes, used, ", asked %s", type_names[r->asked]);
    if (r->table != MFN_NONE && r->level != 0)
        used = append(line, bytes, used, " at L%u %#llx slot %u", r->level,
                      (unsigned long long)r->table, r->slot);
    else if (r->table != MFN_NONE)
        used = append(line, bytes, used, " at descriptor %u of frame %#llx",
                      r->slot, (unsigned long long)r->table);
    if (r->mfn == MFN_NONE && r->word != 0)
        append(line, bytes, used, ", word %#llx", (unsigned long long)r->word);
}
