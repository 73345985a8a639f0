#include "mm/tally.h"

bool tally_ok(const struct tally *t)    /* I3 */
{
    if (t->type >= TALLY_TYPES || t->state > FRAME_SETTLED || t->marked > 1)
        return false;
    if (t->types == 0)
        return t->state == FRAME_UNSETTLED && !t->marked;
    if (t->type == TALLY_NONE)
        return false;
    return t->type == TALLY_SUPERPAGE || !t->marked;
}

enum rule tally_refuses(const struct tally *t, enum tally_type want)
{
    if (t->types == 0)                  /* nobody's: the first one chooses */
        return RULE_NONE;
    if (t->type != want)                /* X2: superpage or tables */
        return RULE_X2;
    if (t->types >= UINT32_MAX - 1)     /* X3: a count never wraps */
        return RULE_X3;
    return RULE_NONE;
}

bool tally_get(struct tally *t, enum tally_type want)
{
    bool changed = t->type != want && t->type != TALLY_NONE;

    t->type = (uint8_t)want;
    t->types++;
    return changed;
}

bool tally_put(struct tally *t, uint32_t clock)
{
    t->types--;
    if (t->types > 0)
        return false;
    t->state = FRAME_UNSETTLED;         /* T4, one level up */
    t->stamp = clock;
    return true;
}
