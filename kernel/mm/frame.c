#include "mm/frame.h"

#include "mm/errno.h"

bool frame_ok(const struct frame *f)    /* I1 */
{
    if (f->type >= FRAME_TYPES || f->state > FRAME_SETTLED)
        return false;
    if (f->pinned > 1 || f->allocated > 1 || f->types > f->refs)
        return false;
    if (f->types == 0)
        return f->state == FRAME_UNSETTLED && !f->pinned;
    if (f->type == FRAME_NONE)
        return false;
    if (f->types > 1 && f->state != FRAME_SETTLED)
        return false;
    return !f->pinned || frame_is_table((enum frame_type)f->type);
}

int frame_get(struct frame *f)
{
    if (!f->allocated)                  /* G1: given back, no new use */
        return -EBUSY;
    if (f->refs == UINT32_MAX)          /* G2: a count never wraps */
        return -EBUSY;
    f->refs++;
    return 0;
}

void frame_put(struct frame *f)
{
    f->refs--;
}

int frame_get_type(struct frame *f, enum frame_type want, bool *changed)
{
    *changed = false;
    if (f->types == 0) {                /* T1: nobody's, becomes ours */
        *changed = f->type != want && f->type != FRAME_NONE;
        f->type = (uint8_t)want;
        f->state = FRAME_UNSETTLED;
        f->types = 1;
        return 0;
    }
    if (f->type != want)                /* T2: one use at a time */
        return -EBUSY;
    if (f->types == UINT32_MAX)         /* T3: a count never wraps */
        return -EBUSY;
    f->types++;
    return 0;
}

bool frame_put_type(struct frame *f, uint32_t clock)
{
    f->types--;
    if (f->types > 0)
        return false;
    f->state = FRAME_UNSETTLED;         /* T4: trust ends at zero */
    f->stamp = clock;
    return true;
}
