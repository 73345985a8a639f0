#include "mm/memory.h"

uint32_t flush_begin(struct memory *m)
{
    m->clock++;
    return m->clock;
}

int refuse(const struct memory *m, struct owner *o, enum rule rule, int error,
           mfn_t mfn)
{
    const struct frame *f = frame_of(m, o, mfn);
    struct refusal *r = &o->refusal;

    *r = (struct refusal){.rule = (uint8_t)rule, .mfn = mfn, .table = MFN_NONE};
    if (f) {
        r->type = f->type;
        r->pinned = f->pinned;
        r->types = f->types;
        r->refs = f->refs;
        r->tally = superpage_of(m, mfn)->tally.type;
        r->whole = superpage_of(m, mfn)->tally.types;
        r->marked = superpage_of(m, mfn)->tally.marked;
    }
    o->refused[rule]++;
    return -error;
}
